// Runs a world from its beginning to its end, with a look at it now and then.
#ifndef KEYWALK_SIM_RUN_RUN_WORLD_H_
#define KEYWALK_SIM_RUN_RUN_WORLD_H_

#include <functional>
#include <vector>

#include "keywalk/policy.h"
#include "sim/run/observer.h"
#include "sim/run/simulation.h"
#include "sim/world/world.h"

namespace keywalk::sim {

// Told the virtual time every millisecond or so of real time, and once at the end.
using Look = std::function<void(Instant now)>;

// `look` may be empty.
void RunWorld(const World& world, const Policy& policy, const RunOptions& options,
              const GatewayFactory& gateway, std::vector<RunObserver*> observers,
              const Look& look = {});

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_RUN_RUN_WORLD_H_
