// Time as the decision core sees it: instants of an injected clock that never goes back.
//
// Nothing in the core reads a clock; every function that needs the time takes it as an argument
// (SPEC state/8). Drivers own a Clock: real time in the proxy, virtual time in tests, the simulator
// and the decision cases.
#ifndef KEYWALK_CLOCK_H_
#define KEYWALK_CLOCK_H_

#include <atomic>
#include <chrono>
#include <cstdint>

namespace keywalk {

using Duration = std::chrono::nanoseconds;

// Tags Instant so that it cannot be mixed with a time point of a real clock. It has no now().
struct PolicyClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<PolicyClock, duration>;
  static constexpr bool is_steady = true;
};

// A point on the injected monotonic clock, counted from the clock's own zero; never negative.
using Instant = PolicyClock::time_point;

// Civil time (UTC). Only absolute dates in a response (HTTP-date, RFC 3339) are compared with it.
using WallTime = std::chrono::sys_time<Duration>;

// A source of time. Implementations are safe for concurrent use and do not throw.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  // Never less than any value returned before.
  virtual Instant now() const noexcept = 0;

  // May jump, as civil time does.
  virtual WallTime wall_now() const noexcept = 0;
};

// A clock that stands still until advanced; both of its times move together.
// Safe for concurrent use.
class ManualClock final : public Clock {
 public:
  // `wall_at_zero` is the civil time at Instant{}.
  explicit ManualClock(WallTime wall_at_zero = WallTime{}) : wall_at_zero_(wall_at_zero) {}

  Instant now() const noexcept override { return Instant(Duration(elapsed_ns_.load())); }
  WallTime wall_now() const noexcept override {
    return wall_at_zero_ + Duration(elapsed_ns_.load());
  }

  // Moves the clock forward. A negative step is ignored: the clock never goes back.
  void Advance(Duration step) noexcept {
    if (step > Duration::zero()) elapsed_ns_.fetch_add(step.count());
  }

 private:
  const WallTime wall_at_zero_;
  std::atomic<std::int64_t> elapsed_ns_{0};
};

}  // namespace keywalk

#endif  // KEYWALK_CLOCK_H_
