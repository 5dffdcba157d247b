#include <chrono>
#include <memory>

#include "keywalk/clock.h"
#include "keywalk/http_transport.h"

namespace keywalk {
namespace {

class SystemClock final : public Clock {
 public:
  // Counted from the process's start, so that an Instant says nothing about the machine.
  Instant now() const noexcept override {
    return Instant(std::chrono::steady_clock::now() - start_);
  }
  WallTime wall_now() const noexcept override {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

std::shared_ptr<Clock> MakeSystemClock() { return std::make_shared<SystemClock>(); }

}  // namespace keywalk
