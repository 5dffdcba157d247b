// Deadlines for many streams with one timer.
//
// A timer per operation costs a third of small-request throughput, so moving a deadline here is a
// store; the context's one timer is touched only when a deadline becomes the earliest. Confined to
// its io_context.
#ifndef KEYWALK_IO_DEADLINE_H_
#define KEYWALK_IO_DEADLINE_H_

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "keywalk/awaitable.h"

namespace keywalk::io {

using SteadyTimer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>;

class DeadlineService : public asio::execution_context::service {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Something with a deadline. Registered for its lifetime; its context outlives it.
  class Entry {
   public:
    explicit Entry(asio::io_context& context);
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    void ExpiresAfter(std::chrono::milliseconds time) noexcept;
    void ExpiresNever() noexcept { at_ = TimePoint::max(); }

   protected:
    ~Entry();
    // Called once when the deadline has passed; the deadline is then never.
    virtual void OnExpired() noexcept = 0;

   private:
    friend class DeadlineService;
    DeadlineService& service_;
    TimePoint at_ = TimePoint::max();
    std::size_t position_ = 0;
  };

  static asio::execution_context::id id;
  explicit DeadlineService(asio::execution_context& context);

 private:
  void shutdown() override;
  void Arm(TimePoint at);
  void Sweep();

  std::optional<SteadyTimer> timer_;  // gone after shutdown
  std::vector<Entry*> entries_;
  TimePoint next_sweep_ = TimePoint::max();
};

}  // namespace keywalk::io

#endif  // KEYWALK_IO_DEADLINE_H_
