// One run's result as JSON, and back.
#ifndef KEYWALK_SIM_REPORT_RUN_JSON_H_
#define KEYWALK_SIM_REPORT_RUN_JSON_H_

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "config/json_reader.h"
#include "sim/report/run_result.h"

namespace keywalk::sim {

// The member "run" of fixtures/schema/sim_report.schema.json. Exact: durations are nanoseconds.
nlohmann::ordered_json RunToJson(const RunResult& run);

// Reads what RunToJson() wrote of a world with so many keys.
RunResult ReadRun(const nlohmann::json& value, const std::string& pointer, std::size_t keys,
                  config::JsonProblems& problems);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_REPORT_RUN_JSON_H_
