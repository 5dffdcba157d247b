#include "sim/run/sim_keys.h"

#include <array>
#include <cstdint>
#include <cstdio>

#include "sim/engine/random.h"

namespace keywalk::sim {

std::vector<std::string> SimKeys(const World& world) {
  std::vector<std::string> keys;
  keys.reserve(world.keys.size());
  for (std::size_t i = 0; i < world.keys.size(); ++i) {
    std::array<char, 40> text{};
    RandomEngine engine(i);
    std::snprintf(text.data(), text.size(), "sk-sim-%016llx",
                  static_cast<unsigned long long>(engine()));
    keys.emplace_back(text.data());
  }
  return keys;
}

}  // namespace keywalk::sim
