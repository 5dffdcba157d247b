// The commands that work on reports and run no case: `compare` and `html`.
#ifndef KEYWALK_CONFORMANCE_REPORT_REPORT_COMMANDS_H_
#define KEYWALK_CONFORMANCE_REPORT_REPORT_COMMANDS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "conformance/report/report_writer.h"
#include "keywalk/result.h"

namespace keywalk::conformance {

// What the command line says of reports.
struct ReportLine {
  std::map<ReportKind, std::string> paths;  // of a run's reports; empty: not wanted

  enum class Command : std::uint8_t { kNone, kCompare, kHtml };
  Command command = Command::kNone;
  std::vector<std::string> inputs;  // of a command
  std::string output;               // of kHtml
  std::string json;                 // of kCompare; empty: none
};

// Runs the command, which is not kNone. What is printed and the exit status: 0, or 1 if `compare`
// found something worse. An error names the file.
struct CommandResult {
  std::string text;
  int status = 0;
};
Result<CommandResult> RunReportCommand(const ReportLine& line);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_REPORT_REPORT_COMMANDS_H_
