#include "sim/check/shadow_keys.h"

#include <algorithm>
#include <optional>

namespace keywalk::sim {

ShadowKeys::ShadowKeys(const World& world, const Policy& policy)
    : shared_(world.gateways.shared_key_state),
      default_cooldown_(policy.default_cooldown),
      pools_(shared_ ? 1 : static_cast<std::size_t>(world.gateways.replicas),
             ShadowPool(world.keys.size())) {}

void ShadowKeys::Apply(const AttemptEnded& response) {
  ShadowKey& key = pools_[PoolOf(response.replica)][response.key];
  if (key.permanent) return;
  const Classification& verdict = response.verdict;
  if (verdict.action == Action::kPermanent) {
    key.permanent = true;
    key.reason = verdict.reason;
  } else if (verdict.action == Action::kTemporary) {
    const Duration cooldown =
        verdict.cooldown > Duration::zero() ? verdict.cooldown : default_cooldown_;
    key.last_deadline = response.at + cooldown;
    if (key.last_deadline < key.deadline) return;
    key.deadline = key.last_deadline;
    key.reason = verdict.reason;
  }
}

void ShadowKeys::OnRestart(std::uint32_t replica) {
  if (shared_) return;
  ShadowPool& pool = pools_[replica];
  std::fill(pool.begin(), pool.end(), ShadowKey{});
}

std::vector<bool> ShadowKeys::ValidAt(std::uint32_t replica, Instant now) const {
  std::vector<bool> valid;
  for (const ShadowKey& key : of(replica)) valid.push_back(key.valid(now));
  return valid;
}

Exhaustion ShadowKeys::ExhaustionAt(std::uint32_t replica, Instant now) const {
  std::optional<Instant> soonest;
  bool rate_limited = false;
  for (const ShadowKey& key : of(replica)) {
    if (key.permanent) continue;
    if (key.valid(now)) return {Exhaustion::Kind::kRateLimited, Duration::zero()};
    soonest = soonest ? std::min(*soonest, key.deadline) : key.deadline;
    rate_limited = rate_limited || key.reason == MarkReason::kRateLimited;
  }
  if (!soonest) return {Exhaustion::Kind::kPermanent, Duration::zero()};
  return {rate_limited ? Exhaustion::Kind::kRateLimited : Exhaustion::Kind::kUnauthorized,
          *soonest - now};
}

}  // namespace keywalk::sim
