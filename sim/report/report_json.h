// A report as JSON, and back: fixtures/schema/sim_report.schema.json.
#ifndef KEYWALK_SIM_REPORT_REPORT_JSON_H_
#define KEYWALK_SIM_REPORT_REPORT_JSON_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "keywalk/result.h"
#include "sim/report/report.h"

namespace keywalk::sim {

// The member "kind" of a report's document.
inline constexpr std::string_view kMeasurementKind = "measurement";

// Keeps the result of every seed, so that reports can be merged, beside what they come to.
nlohmann::ordered_json ReportToJson(const Report& report);

// Reads what ReportToJson() wrote; what the seeds come to is not read but computed anew. The error
// names the source, the JSON pointer and what was expected.
Result<Report> ReadReport(const nlohmann::json& document, const std::string& source);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_REPORT_REPORT_JSON_H_
