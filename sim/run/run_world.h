// Runs a world from its beginning to its end, with a progress line.
#ifndef KEYWALK_SIM_RUN_RUN_WORLD_H_
#define KEYWALK_SIM_RUN_RUN_WORLD_H_

#include <cstdint>
#include <vector>

#include "keywalk/policy.h"
#include "sim/run/observer.h"
#include "sim/run/progress.h"
#include "sim/run/simulation.h"
#include "sim/world/world.h"

namespace keywalk::sim {

// What a run came to, beside what its observers saw.
struct RunTotals {
  std::uint64_t requests = 0;
  std::uint64_t events = 0;
  Duration simulated{};
};

// `done` runs came before this one, which simulated `before` together; `progress` may be null.
RunTotals RunWorld(const World& world, const Policy& policy, const RunOptions& options,
                   const GatewayFactory& gateway, std::vector<RunObserver*> observers,
                   Progress* progress = nullptr, std::uint64_t done = 0, Duration before = {});

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_RUN_RUN_WORLD_H_
