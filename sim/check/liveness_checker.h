// Watches a run for what must happen once nothing is in the way any more.
//
// It needs no word about when faults end: what a request met is seen. A request that is sent when
// the cooldowns of all keys that can return are over, and that meets no fault itself, must succeed.
// In a world that is known to be quiet from some time on, every request after it must.
#ifndef KEYWALK_SIM_CHECK_LIVENESS_CHECKER_H_
#define KEYWALK_SIM_CHECK_LIVENESS_CHECKER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "keywalk/policy.h"
#include "sim/check/invariant.h"
#include "sim/gateway/gateway.h"
#include "sim/run/observer.h"
#include "sim/world/world.h"

namespace keywalk::sim {

// True if the upstream will accept the key again, whatever has happened: it is not revoked, and no
// quota that lasts for days is on it.
bool CanReturn(const KeySpec& key);

// One run. Not safe for concurrent use.
class LivenessChecker final : public RunObserver {
 public:
  // All outlive it. `quiet_from`: no fault, limit or outage from then on; nullopt: not known.
  LivenessChecker(const World& world, const Policy& policy, std::optional<Instant> quiet_from,
                  ViolationLog& log);

  // From now on the states in the gateway's pools are asked for. `host` outlives the run.
  void Attach(const GatewayHost& host) { host_ = &host; }

  // How many requests had to succeed: a check that holds nobody to anything shows nothing.
  std::uint64_t requests_held() const noexcept { return held_; }

  void OnRequest(const SimRequest& request) override;
  void OnAttemptEnded(const AttemptEnded& attempt) override;
  void OnAnswered(const Answered& answer) override;
  void OnRestart(Instant at, std::uint32_t replica) override;
  void OnEnd(Instant at) override;

 private:
  struct Awaited {
    Instant sent_at{};
    bool must_succeed = false;
    bool met_a_fault = false;
  };
  // By when each key of a replica is back, as the upstream's answers told it.
  using BackBy = std::vector<Instant>;

  std::size_t PoolOf(std::uint32_t replica) const noexcept { return shared_ ? 0 : replica; }
  // Of the keys that can return, whose cooldowns are over.
  bool AllAreBack(std::uint32_t replica, Instant at) const;
  void CheckKeys(std::uint32_t replica, Instant at, std::optional<RequestId> request);

  const World& world_;
  const Duration default_cooldown_;
  const std::optional<Instant> quiet_from_;
  const bool shared_;
  ViolationLog& log_;
  const GatewayHost* host_ = nullptr;
  std::vector<bool> can_return_;
  bool any_can_return_ = false;
  std::vector<BackBy> back_by_;
  std::map<RequestId, Awaited> awaited_;
  std::set<std::pair<std::uint32_t, KeyIndex>> missed_;  // told once
  std::uint64_t held_ = 0;
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_LIVENESS_CHECKER_H_
