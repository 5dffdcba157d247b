// Worlds drawn from a seed: each feature is there or not, so that no two are alike and a bug that
// needs few of them meets them without the others (swarm testing: Groce and others, ISSTA 2012).
#ifndef KEYWALK_SIM_CHECK_DRAW_WORLD_H_
#define KEYWALK_SIM_CHECK_DRAW_WORLD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "keywalk/clock.h"
#include "sim/world/world.h"

namespace keywalk::sim {

struct DrawnWorld {
  World world;
  std::string policy;  // a built-in one
  // No fault, limit or outage meets a request that is sent from then on; nullopt: a key has a list
  // of answers that may last longer.
  std::optional<Instant> quiet_from;
};

// Small: minutes of virtual time, 1 to 5 keys, 20 to 150 calls. Times are whole milliseconds, many
// of them the same, so that events meet. A quiet phase with a call every minute is at its end.
// `policy`: that one, or drawn if it is empty. A policy that takes a key out for good at a 401 is
// only drawn for worlds without outages of 401s, for it does not survive them.
DrawnWorld DrawWorld(std::uint64_t seed, std::string_view policy);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_DRAW_WORLD_H_
