#include "sim/report/html_page.h"

#include <nlohmann/json.hpp>

#include "conformance/report/self_contained_page.h"
#include "sim/report/page_files.h"

namespace keywalk::sim {

std::string FormatReportPage(const Report& report, const nlohmann::ordered_json& document) {
  return conformance::FormatPage(
      ReportPageFiles(), "keywalk-sim: " + report.world.name,
      document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace keywalk::sim
