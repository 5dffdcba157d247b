#include "sim/report/key_watch.h"

#include <utility>

namespace keywalk::sim {

void KeyWatch::OpenHerd(Instant at, Herds& herds) {
  CloseHerd(herds);
  armed_ = false;
  herd_since_ = at;
  herd_open_ = true;
}

void KeyWatch::CloseHerd(Herds& herds) {
  if (herd_open_) herds.Add(herd_size_);
  herd_open_ = false;
  herd_size_ = 0;
}

std::optional<Instant> KeyWatch::RecoveringSince(Instant at) const {
  if (first_cooldown_end_) return first_cooldown_end_;
  if (cooled_ && at >= cooldown_end_) return cooldown_end_;
  return std::nullopt;
}

void KeyWatch::Recover(Instant at, Instant sent_at, Recovery& recovery) {
  const std::optional<Instant> since = RecoveringSince(at);
  // An answer to what was sent before tells nothing of the key's return.
  if (!since || sent_at < *since) return;
  recovery.Add(at - *since);
  first_cooldown_end_.reset();
  cooled_ = at < cooldown_end_;
}

void KeyWatch::OnMark(Instant at, const Mark& mark, Duration default_cooldown, Recovery& recovery) {
  if (permanent_) return;
  Settle(at);
  const Classification& verdict = mark.classification;
  if (verdict.action == Action::kPermanent) {
    if (RecoveringSince(at)) ++recovery.never;
    permanent_ = true;
    armed_ = false;
    cooled_ = false;
    first_cooldown_end_.reset();
    return;
  }
  if (verdict.action != Action::kTemporary) return;
  first_cooldown_end_ = RecoveringSince(at);
  const Duration cooldown =
      verdict.cooldown > Duration::zero() ? verdict.cooldown : default_cooldown;
  if (at >= cooldown_end_) tried_ = false;
  // Far beyond any world's end is as good as the end of time.
  constexpr Duration kLongest = std::chrono::hours(24 * 366 * 70);
  cooldown_end_ = std::max(cooldown_end_, at + std::min(cooldown, kLongest));
  cooled_ = true;
  armed_ = true;
}

void KeyWatch::Reset(Instant at, Herds& herds) {
  Settle(at);
  CloseHerd(herds);
  permanent_ = cooled_ = armed_ = tried_ = false;
  cooldown_end_ = Instant{};
  first_cooldown_end_.reset();
}

void KeyWatch::OnEnd(Instant at, Herds& herds, Recovery& recovery) {
  CloseHerd(herds);
  // A key that nobody asked again after its cooldown has not failed to come back.
  if (first_cooldown_end_ || (RecoveringSince(at) && tried_)) ++recovery.never;
}

void KeyWatch::Settle(Instant until) {
  if (until <= settled_) return;
  const Duration span = until - settled_;
  if (permanent_) {
    times_.permanent += span;
  } else {
    const Duration cooling =
        std::clamp(std::min(until, cooldown_end_) - settled_, Duration::zero(), span);
    times_.cooling += cooling;
    times_.valid += span - cooling;
  }
  settled_ = until;
}

StateTimes KeyWatch::TakeTimes(Instant until) {
  Settle(until);
  return std::exchange(times_, StateTimes{});
}

}  // namespace keywalk::sim
