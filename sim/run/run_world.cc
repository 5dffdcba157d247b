#include "sim/run/run_world.h"

#include <utility>

namespace keywalk::sim {
namespace {

// Between two looks at the real clock: a millisecond or so.
constexpr std::uint64_t kEventsAtOnce = 20'000;

}  // namespace

RunTotals RunWorld(const World& world, const Policy& policy, const RunOptions& options,
                   const GatewayFactory& gateway, std::vector<RunObserver*> observers,
                   Progress* progress, std::uint64_t done, Duration before) {
  Simulation simulation(world, policy, options, gateway, std::move(observers));
  while (simulation.RunEvents(kEventsAtOnce)) {
    if (progress == nullptr) continue;
    progress->Show(done, simulation.now(), before + simulation.now().time_since_epoch());
  }
  return {simulation.requests(), simulation.events(), simulation.now().time_since_epoch()};
}

}  // namespace keywalk::sim
