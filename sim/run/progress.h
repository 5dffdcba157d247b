// One line on a terminal that says how far a long run is; nothing into a pipe.
#ifndef KEYWALK_SIM_RUN_PROGRESS_H_
#define KEYWALK_SIM_RUN_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <optional>

#include "keywalk/clock.h"

namespace keywalk::sim {

// Shown on standard error from the second second on, and wiped at the end. Not safe for concurrent
// use.
class Progress {
 public:
  // `runs`: how many will be done (0: nobody knows), of what is counted in `unit` ("seeds"). A
  // `span` of virtual time for each, or nullopt where runs differ in it.
  Progress(std::uint64_t runs, const char* unit, std::optional<Duration> span);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // So many runs are done, `now` is the virtual time of the one under way, `simulated` of all.
  // Cheap enough to be called every few thousand events.
  void Show(std::uint64_t done, Instant now, Duration simulated);

 private:
  using Steady = std::chrono::steady_clock;

  const std::uint64_t runs_;
  const char* const unit_;
  const std::optional<Duration> span_;
  const Steady::time_point began_ = Steady::now();
  const bool on_terminal_;
  Steady::time_point next_ = began_ + std::chrono::seconds(2);
  bool shown_ = false;
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_RUN_PROGRESS_H_
