// A world's member "clients".
#ifndef KEYWALK_SIM_WORLD_CLIENTS_JSON_H_
#define KEYWALK_SIM_WORLD_CLIENTS_JSON_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "config/json_reader.h"
#include "sim/world/world.h"

namespace keywalk::sim {

// `replicas`: how many gateways there are to go to.
std::vector<ClientGroup> ReadClients(const nlohmann::json& array, const std::string& pointer,
                                     std::int64_t replicas, config::JsonProblems& problems);
nlohmann::ordered_json ClientsJson(const std::vector<ClientGroup>& clients);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_WORLD_CLIENTS_JSON_H_
