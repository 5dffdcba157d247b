#include "conformance/report/html_page.h"

#include <nlohmann/json.hpp>

#include "conformance/report/page_files.h"
#include "conformance/report/self_contained_page.h"

namespace keywalk::conformance {
namespace {

std::string PageTitle(const std::vector<ReportFile>& reports) {
  std::string title = "Key failover conformance:";
  const char* separator = " ";
  for (const ReportFile& report : reports) {
    title += separator + report.implementation;
    separator = ", ";
  }
  return title;
}

}  // namespace

std::string FormatHtml(const std::vector<ReportFile>& reports) {
  nlohmann::json data = nlohmann::json::array();
  for (const ReportFile& report : reports) data.push_back(*report.document);
  return FormatPage(PageFiles(), PageTitle(reports),
                    data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace keywalk::conformance
