// A report as one HTML page that needs nothing beside it.
#ifndef KEYWALK_SIM_REPORT_HTML_PAGE_H_
#define KEYWALK_SIM_REPORT_HTML_PAGE_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/report/report.h"

namespace keywalk::sim {

// `document` is the report's JSON.
std::string FormatReportPage(const Report& report, const nlohmann::ordered_json& document);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_REPORT_HTML_PAGE_H_
