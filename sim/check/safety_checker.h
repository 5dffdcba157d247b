// Watches a run for what must never happen, with a model of its own of the keys and of each
// request's walk over them.
#ifndef KEYWALK_SIM_CHECK_SAFETY_CHECKER_H_
#define KEYWALK_SIM_CHECK_SAFETY_CHECKER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "keywalk/policy.h"
#include "keywalk/secret.h"
#include "sim/check/invariant.h"
#include "sim/check/shadow_keys.h"
#include "sim/gateway/gateway.h"
#include "sim/run/observer.h"
#include "sim/world/world.h"

namespace keywalk::sim {

// One run. Between the moment at which a gateway chooses a key and that at which the attempt leaves
// it others may act, so a key may have been valid at either. Not safe for concurrent use.
class SafetyChecker final : public RunObserver {
 public:
  // All outlive it.
  SafetyChecker(const World& world, const Policy& policy, ViolationLog& log);

  // From now on the states in the gateway's pools are compared as well. `host` outlives the run.
  void Attach(const GatewayHost& host) { host_ = &host; }

  void OnRequest(const SimRequest& request) override;
  void OnAttemptSent(const AttemptSent& attempt) override;
  void OnAttemptEnded(const AttemptEnded& attempt) override;
  void OnAnswered(const Answered& answer) override;
  void OnRestart(Instant at, std::uint32_t replica) override;

 private:
  // A request under way.
  struct Passing {
    std::uint64_t call = 0;
    std::uint64_t body_digest = 0;
    std::uint32_t replica = 0;
    std::vector<bool> tried;
    KeyIndex position = 0;  // the first key that it has not come to
    std::size_t attempts = 0;
    bool in_attempt = false;
    std::optional<AttemptEnded> last;  // the attempt that ended last
    // As the keys were when it began or its last attempt ended: when it chose the next one.
    std::vector<bool> valid_then;
    Exhaustion exhaustion_then;
  };

  void Remember(Passing& passing, Instant at);
  bool MayUse(const Passing& passing, KeyIndex key, Instant at) const;
  void CheckAmplification(Passing& passing, const AttemptSent& attempt);
  bool CheckGoesOn(const Passing& passing, const AttemptSent& attempt);
  void CheckKey(const Passing& passing, const AttemptSent& attempt);
  void CheckOrder(const Passing& passing, const AttemptSent& attempt);
  void CheckExhaustion(const Passing& passing, const Answered& answer);
  void CheckHonesty(const Passing& passing, const Answered& answer);
  void CheckPool(std::uint32_t replica, Instant at);
  void ComparePoolKey(std::uint32_t replica, KeyIndex key, Instant at);
  void Report(Invariant invariant, Instant at, std::optional<RequestId> request,
              std::optional<KeyIndex> key, std::string message);
  const std::string& NameOf(KeyIndex key) const { return world_.keys[key].name; }

  const World& world_;
  ViolationLog& log_;
  const SecretMasker secrets_;
  const GatewayHost* host_ = nullptr;
  const bool says_rate_limited_;
  ShadowKeys keys_;
  std::map<RequestId, Passing> passing_;
  std::map<std::uint64_t, std::size_t> attempts_of_call_;   // of calls that have not ended
  std::set<std::pair<std::uint32_t, KeyIndex>> disagreed_;  // told once
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_SAFETY_CHECKER_H_
