// The command line of keywalk-sim.
#ifndef KEYWALK_SIM_COMMAND_LINE_H_
#define KEYWALK_SIM_COMMAND_LINE_H_

#include <cstdint>
#include <optional>

#include "sim/check/check_command.h"
#include "sim/report/compare.h"
#include "sim/report/merge.h"
#include "sim/trace_command.h"

namespace keywalk::sim {

struct CommandLine {
  enum class Command : std::uint8_t {
    kCompare,  // a world under one policy (the plain command) or several (`compare`)
    kMerge,
    kTrace,  // the plain command with --trace
    kCheck,  // the plain command with --check, --check-determinism or --list-planted-bugs
  };
  Command command = Command::kCompare;
  CompareOptions compare;  // its world, driver and seeds are those of kTrace too
  MergeOptions merge;
  TraceOptions trace;
  CheckOptions check;
};

// Fills `line`. Returns the exit status if the program ends here: help, version, or wrong use.
std::optional<int> ParseCommandLine(int argc, const char* const* argv, CommandLine& line);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_COMMAND_LINE_H_
