// The part of keywalk-conform's command line that is about reports.
#ifndef KEYWALK_CONFORMANCE_REPORT_COMMAND_LINE_H_
#define KEYWALK_CONFORMANCE_REPORT_COMMAND_LINE_H_

#include "conformance/report/report_commands.h"

namespace CLI {
class App;
}

namespace keywalk::conformance {

// Adds the options and the commands to `app`, which fills `line`, which outlives it.
void AddReportOptions(CLI::App& app, ReportLine& line);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_REPORT_COMMAND_LINE_H_
