// Time that passes only when the simulation says so.
#ifndef KEYWALK_SIM_ENGINE_VIRTUAL_CLOCK_H_
#define KEYWALK_SIM_ENGINE_VIRTUAL_CLOCK_H_

#include <cassert>

#include "keywalk/clock.h"

namespace keywalk::sim {

// A monotonic clock, and a civil one that may be skewed against it. Not safe for concurrent use:
// the simulation that advances it is also the only one to ask it.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(WallTime wall_at_zero) noexcept : wall_at_zero_(wall_at_zero) {}

  Instant now() const noexcept override { return now_; }
  WallTime wall_now() const noexcept override {
    return wall_at_zero_ + now_.time_since_epoch() + wall_skew_;
  }

  // REQUIRES: at >= now()
  void AdvanceTo(Instant at) noexcept {
    assert(at >= now_);
    now_ = at;
  }

  // From now on the civil clock is that far ahead of (or, negative, behind) the true time.
  void SkewWall(Duration skew) noexcept { wall_skew_ = skew; }

 private:
  const WallTime wall_at_zero_;
  Instant now_{};
  Duration wall_skew_{};
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_ENGINE_VIRTUAL_CLOCK_H_
