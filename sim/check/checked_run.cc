#include "sim/check/checked_run.h"

#include <memory>
#include <utility>

#include "sim/check/liveness_checker.h"
#include "sim/check/safety_checker.h"

namespace keywalk::sim {

CheckedRun RunChecked(const CheckedWorld& checked, std::vector<RunObserver*> others) {
  ViolationLog log;
  SafetyChecker safety(checked.world, *checked.policy, log);
  LivenessChecker liveness(checked.world, *checked.policy, checked.quiet_from, log);
  std::vector<RunObserver*> observers = std::move(others);
  observers.push_back(&safety);
  observers.push_back(&liveness);
  const GatewayFactory make = checked.factory();
  const GatewayFactory watched = [&](GatewayHost& host) {
    safety.Attach(host);
    liveness.Attach(host);
    return make(host);
  };
  Simulation simulation(checked.world, *checked.policy, checked.options, watched,
                        std::move(observers));
  if (simulation.RunEvents(kMaxCheckedEvents)) {
    log.Add(Violation{Invariant::kEveryRequestAnswered, simulation.now(), std::nullopt,
                      std::nullopt,
                      "still going on after " + std::to_string(kMaxCheckedEvents) + " events"});
  }
  CheckedRun run;
  run.violations = log.all();
  run.requests = simulation.requests();
  run.events = simulation.events();
  run.requests_held = liveness.requests_held();
  run.end = simulation.now();
  return run;
}

}  // namespace keywalk::sim
