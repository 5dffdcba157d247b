// One key in one pool, as the marks that a run tells of make it: its state, its herds, its
// recovery.
#ifndef KEYWALK_SIM_REPORT_KEY_WATCH_H_
#define KEYWALK_SIM_REPORT_KEY_WATCH_H_

#include <algorithm>
#include <cstdint>
#include <optional>

#include "keywalk/clock.h"
#include "keywalk/failover.h"
#include "sim/report/run_result.h"

namespace keywalk::sim {

// Time that a key spent in each state.
struct StateTimes {
  Duration valid{};
  Duration cooling{};
  Duration permanent{};
};

// Told of the key's events in the order of time; each costs a few comparisons. Not safe for
// concurrent use.
class KeyWatch {
 public:
  void OnSent(Instant at, Herds& herds) {
    if (armed_ && at >= cooldown_end_) OpenHerd(at, herds);
    herd_size_ += herd_open_;
    tried_ = true;
  }

  // An answer of any kind to the attempt that was sent then; before OnMark() of it.
  void OnAnswer(Instant sent_at, Herds& herds) {
    if (herd_open_ && sent_at >= herd_since_) CloseHerd(herds);
  }

  void OnSuccess(Instant at, Instant sent_at, Recovery& recovery) {
    if (cooled_) Recover(at, sent_at, recovery);
  }

  // `default_cooldown` is what the pool takes for a cooldown of zero.
  void OnMark(Instant at, const Mark& mark, Duration default_cooldown, Recovery& recovery);

  // The pool was thrown away and a new one is in its place.
  void Reset(Instant at, Herds& herds);

  void OnEnd(Instant at, Herds& herds, Recovery& recovery);

  bool permanent() const { return permanent_; }

  // The time since the last call, or since zero, by state.
  StateTimes TakeTimes(Instant until);

 private:
  void OpenHerd(Instant at, Herds& herds);
  void CloseHerd(Herds& herds);
  void Recover(Instant at, Instant sent_at, Recovery& recovery);
  // The end of the first cooldown since the last success, if it is over.
  std::optional<Instant> RecoveringSince(Instant at) const;
  void Settle(Instant until);

  bool permanent_ = false;
  bool cooled_ = false;  // since the last success
  bool armed_ = false;   // the next attempt after the cooldown begins a herd
  bool tried_ = false;   // since the last cooldown began
  bool herd_open_ = false;
  Instant cooldown_end_{};
  std::optional<Instant> first_cooldown_end_;  // once it is over and the key cools again
  Instant herd_since_{};
  std::uint64_t herd_size_ = 0;
  Instant settled_{};
  StateTimes times_;
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_REPORT_KEY_WATCH_H_
