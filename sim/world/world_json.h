// Worlds as files: fixtures/schema/world.schema.json says what may stand in one.
#ifndef KEYWALK_SIM_WORLD_WORLD_JSON_H_
#define KEYWALK_SIM_WORLD_WORLD_JSON_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "keywalk/result.h"
#include "sim/world/world.h"

namespace keywalk::sim {

// The error names the source, the JSON pointer and what was expected.
Result<World> ParseWorld(std::string_view json, std::string_view source);
Result<World> LoadWorld(const std::string& path);

// A document that ParseWorld() reads as the same world.
nlohmann::ordered_json ToJson(const World& world);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_WORLD_WORLD_JSON_H_
