// The command line of keywalk-sim.
#ifndef KEYWALK_SIM_COMMAND_LINE_H_
#define KEYWALK_SIM_COMMAND_LINE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace keywalk::sim {

// Seeds from `first` to `last`, both included.
struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
};

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
};

// Fills `line`. Returns the exit status if the program ends here: help, version, or wrong use.
std::optional<int> ParseCommandLine(int argc, const char* const* argv, CommandLine& line);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_COMMAND_LINE_H_
