#include "sim/run/run_world.h"

#include <cstdint>
#include <utility>

namespace keywalk::sim {
namespace {

// Between two looks: a millisecond or so.
constexpr std::uint64_t kEventsAtOnce = 20'000;

}  // namespace

void RunWorld(const World& world, const Policy& policy, const RunOptions& options,
              const GatewayFactory& gateway, std::vector<RunObserver*> observers,
              const Look& look) {
  Simulation simulation(world, policy, options, gateway, std::move(observers));
  bool more = true;
  while (more) {
    more = simulation.RunEvents(kEventsAtOnce);
    if (look) look(simulation.now());
  }
}

}  // namespace keywalk::sim
