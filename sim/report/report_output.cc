#include "sim/report/report_output.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "sim/report/html_page.h"
#include "sim/report/report_json.h"

namespace keywalk::sim {

using conformance::OutputFile;

Result<ReportOutput> ReportOutput::Claim(const ReportPaths& paths) {
  ReportOutput output;
  for (const auto& [path, file] :
       {std::pair{&paths.json, &output.json_}, std::pair{&paths.html, &output.html_}}) {
    if (path->empty()) continue;
    Result<OutputFile> claimed = OutputFile::Claim(*path);
    if (!claimed) return claimed.error();
    *file = *std::move(claimed);
  }
  return output;
}

std::optional<Error> ReportOutput::Write(const Report& report) const {
  if (!json_ && !html_) return std::nullopt;
  const nlohmann::ordered_json document = ReportToJson(report);
  if (json_) {
    if (std::optional<Error> error = json_->Write(document.dump() + "\n")) return error;
  }
  if (html_) return html_->Write(FormatReportPage(report, document));
  return std::nullopt;
}

}  // namespace keywalk::sim
