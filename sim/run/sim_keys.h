// The keys of a world as a pool holds them.
#ifndef KEYWALK_SIM_RUN_SIM_KEYS_H_
#define KEYWALK_SIM_RUN_SIM_KEYS_H_

#include <string>
#include <vector>

#include "sim/world/world.h"

namespace keywalk::sim {

// One text a key, in the world's order: long and unlike anything else, so that it is seen wherever
// it leaks.
std::vector<std::string> SimKeys(const World& world);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_RUN_SIM_KEYS_H_
