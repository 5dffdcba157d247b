// One run: a world, a policy and a seed, from time zero to the end of the world.
#ifndef KEYWALK_SIM_RUN_SIMULATION_H_
#define KEYWALK_SIM_RUN_SIMULATION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "keywalk/policy.h"
#include "sim/gateway/gateway.h"
#include "sim/run/observer.h"
#include "sim/world/world.h"

namespace keywalk::sim {

using GatewayFactory = std::function<std::unique_ptr<Gateway>(GatewayHost&)>;

struct RunOptions {
  std::uint64_t seed = 1;
  // Draws from the seed which of the events of one instant comes first, and gives up control at
  // every point at which the shipped coroutines may be suspended.
  bool interleave = false;
};

// Not safe for concurrent use; runs in different threads share nothing.
class Simulation {
 public:
  // `world`, `policy` and the observers outlive it. REQUIRES: a world that was read without a
  // problem, whose provider has failover.
  Simulation(const World& world, const Policy& policy, const RunOptions& options,
             const GatewayFactory& gateway, std::vector<RunObserver*> observers);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // Runs up to that many events; true while there are more. No call begins at or after the world's
  // end; what has begun is carried to its end.
  bool RunEvents(std::uint64_t events);
  // Runs all events that are due at `until` or before, then stands at `until`; true while there are
  // more. Does nothing if that is past.
  bool RunUntil(Instant until);
  // Runs to the end.
  void Run();

  Instant now() const;
  // When the next event is due; nullopt after the last.
  std::optional<Instant> next() const;
  std::uint64_t requests() const;  // sent so far
  std::uint64_t events() const;    // run so far

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_RUN_SIMULATION_H_
