// A run's timeline as JSON, and back.
#ifndef KEYWALK_SIM_REPORT_TIMELINE_JSON_H_
#define KEYWALK_SIM_REPORT_TIMELINE_JSON_H_

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "config/json_reader.h"
#include "sim/report/run_result.h"

namespace keywalk::sim {

// The member "timeline" of fixtures/schema/sim_report.schema.json: a series of zeros is left out.
nlohmann::ordered_json TimelineToJson(const Timeline& timeline);

// Reads what TimelineToJson() wrote of a world with so many keys.
Timeline ReadTimeline(const nlohmann::json& value, const std::string& pointer, std::size_t keys,
                      config::JsonProblems& problems);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_REPORT_TIMELINE_JSON_H_
