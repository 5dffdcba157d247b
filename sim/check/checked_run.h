// A run under the eyes of all checkers.
#ifndef KEYWALK_SIM_CHECK_CHECKED_RUN_H_
#define KEYWALK_SIM_CHECK_CHECKED_RUN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "keywalk/policy.h"
#include "sim/check/invariant.h"
#include "sim/check/planted_bug.h"
#include "sim/gateway/core_gateway.h"
#include "sim/run/observer.h"
#include "sim/run/simulation.h"
#include "sim/world/world.h"

namespace keywalk::sim {

// What is run. `policy` and `bug` outlive every run of it.
struct CheckedWorld {
  World world;
  const Policy* policy = nullptr;
  RunOptions options;
  std::optional<Instant> quiet_from;  // see DrawnWorld
  const PlantedBug* bug = nullptr;    // in place of `gateway`; null: none
  GatewayFactory gateway = NewCoreGateway;

  GatewayFactory factory() const { return bug == nullptr ? gateway : GatewayWith(*bug); }
};

struct CheckedRun {
  std::vector<Violation> violations;  // in the order in which they were seen
  std::uint64_t requests = 0;
  std::uint64_t events = 0;
  std::uint64_t requests_held = 0;  // to success (liveness)
  Instant end{};

  // The first breach: what the run is a case of.
  const Violation* first() const { return violations.empty() ? nullptr : &violations.front(); }
};

// A run that goes on after so many events has a loop in it, and breaks kEveryRequestAnswered.
inline constexpr std::uint64_t kMaxCheckedEvents = 5'000'000;

// `others` watch as well.
CheckedRun RunChecked(const CheckedWorld& checked, std::vector<RunObserver*> others = {});

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_CHECKED_RUN_H_
