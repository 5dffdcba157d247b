// Worlds as tests write them: the members that matter, the rest as usual.
#ifndef KEYWALK_TESTS_SIM_WORLD_TEXT_H_
#define KEYWALK_TESTS_SIM_WORLD_TEXT_H_

#include <stdexcept>
#include <string>

#include "sim/world/world_json.h"

namespace keywalk::sim::testing {

// `members` are those of a world beside its name and version: JSON, single quotes for double ones.
inline World WorldOf(std::string members) {
  for (char& c : members) {
    if (c == '\'') c = '"';
  }
  Result<World> world =
      ParseWorld(R"({"schema_version":"1.0","name":"test",)" + members + "}", "world");
  if (!world) throw std::runtime_error(world.error().message());
  return *std::move(world);
}

}  // namespace keywalk::sim::testing

#endif  // KEYWALK_TESTS_SIM_WORLD_TEXT_H_
