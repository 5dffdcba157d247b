// Where a report goes: the terminal, a JSON file, a page.
#ifndef KEYWALK_SIM_REPORT_REPORT_OUTPUT_H_
#define KEYWALK_SIM_REPORT_REPORT_OUTPUT_H_

#include <optional>
#include <string>

#include "conformance/report/output_file.h"
#include "keywalk/result.h"
#include "sim/report/report.h"

namespace keywalk::sim {

struct ReportPaths {
  std::string json;  // empty: not wanted
  std::string html;
};

// Files that were checked before the work began, so that no long run is lost to a mistyped folder.
class ReportOutput {
 public:
  static Result<ReportOutput> Claim(const ReportPaths& paths);

  std::optional<Error> Write(const Report& report) const;

 private:
  std::optional<conformance::OutputFile> json_;
  std::optional<conformance::OutputFile> html_;
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_REPORT_REPORT_OUTPUT_H_
