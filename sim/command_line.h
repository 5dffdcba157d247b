// The command line of keywalk-sim.
#ifndef KEYWALK_SIM_COMMAND_LINE_H_
#define KEYWALK_SIM_COMMAND_LINE_H_

#include <optional>
#include <string>
#include <vector>

#include "sim/report/command_line.h"
#include "sim/run/seed_range.h"

namespace CLI {
class App;
}

namespace keywalk::sim {

// What any run is told.
struct RunLine {
  std::string world;                  // a file
  std::vector<std::string> policies;  // names or files; empty: coder-v1
  SeedRange seeds;
  bool real_transport = false;
  std::string trace;  // a file for the events, an object a line
};

struct CommandLine {
  RunLine run;
  ReportLine report;  // a command other than kNone: that instead of a run
};

// Options of several commands: --policy, and --seed with --seeds.
void AddPolicyOption(CLI::App& app, std::vector<std::string>& policies);
void AddSeedOptions(CLI::App& app, SeedRange& seeds);

// Fills `line`. Returns the exit status if the program ends here: help, version, or wrong use.
std::optional<int> ParseCommandLine(int argc, const char* const* argv, CommandLine& line);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_COMMAND_LINE_H_
