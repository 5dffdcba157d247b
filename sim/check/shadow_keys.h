// The keys' states as they ought to be: a second, plain model beside keywalk/key_pool.h, which it
// shares nothing with. It takes the verdict on a response as given, and nothing else.
#ifndef KEYWALK_SIM_CHECK_SHADOW_KEYS_H_
#define KEYWALK_SIM_CHECK_SHADOW_KEYS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "keywalk/clock.h"
#include "keywalk/key_pool.h"
#include "keywalk/policy.h"
#include "sim/run/observer.h"
#include "sim/world/world.h"

namespace keywalk::sim {

struct ShadowKey {
  bool permanent = false;
  Instant deadline{};       // the latest of all marks
  Instant last_deadline{};  // what the last mark would give by itself
  MarkReason reason = MarkReason::kRateLimited;

  bool valid(Instant now) const noexcept { return !permanent && now >= deadline; }
};

// One replica's keys, in the operator's order.
using ShadowPool = std::vector<ShadowKey>;

// Not safe for concurrent use.
class ShadowKeys {
 public:
  // Only read during the call.
  ShadowKeys(const World& world, const Policy& policy);

  const ShadowPool& of(std::uint32_t replica) const noexcept { return pools_[PoolOf(replica)]; }
  // What the response did to its key. REQUIRES: of kResponse
  void Apply(const AttemptEnded& response);
  // Forgets what a replica knew, unless all know the same.
  void OnRestart(std::uint32_t replica);

  std::vector<bool> ValidAt(std::uint32_t replica, Instant now) const;
  // What a request that finds no key is to be told.
  Exhaustion ExhaustionAt(std::uint32_t replica, Instant now) const;

 private:
  std::size_t PoolOf(std::uint32_t replica) const noexcept { return shared_ ? 0 : replica; }

  const bool shared_;
  const Duration default_cooldown_;
  std::vector<ShadowPool> pools_;
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_SHADOW_KEYS_H_
