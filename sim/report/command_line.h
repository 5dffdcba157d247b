// The part of keywalk-sim's command line that is about figures: `compare` and `merge`.
#ifndef KEYWALK_SIM_REPORT_COMMAND_LINE_H_
#define KEYWALK_SIM_REPORT_COMMAND_LINE_H_

#include <cstdint>

#include "sim/report/compare.h"
#include "sim/report/merge.h"

namespace CLI {
class App;
}

namespace keywalk::sim {

struct ReportLine {
  enum class Command : std::uint8_t { kNone, kCompare, kMerge };
  Command command = Command::kNone;
  CompareOptions compare;
  MergeOptions merge;
};

// Adds the commands to `app`, which fills `line`, which outlives it.
void AddReportCommands(CLI::App& app, ReportLine& line);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_REPORT_COMMAND_LINE_H_
