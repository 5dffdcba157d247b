// The command line of keywalk-conform.
#ifndef KEYWALK_CONFORMANCE_COMMAND_LINE_H_
#define KEYWALK_CONFORMANCE_COMMAND_LINE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace keywalk::conformance {

struct CommandLine {
  std::string adapter;  // empty: the reference
  std::vector<std::string> policies;
  std::string select;
  std::string fixtures;  // empty: the suite's own
  std::string junit;
  std::string json;
  bool list = false;
  bool short_run = false;
  std::size_t jobs = 4;
  std::int64_t timeout_ms = 10'000;
  std::string log_level = "warn";
};

// Fills `line`. Returns the exit status if the program ends here: help, version, or wrong use.
std::optional<int> ParseCommandLine(int argc, const char* const* argv, CommandLine& line);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_COMMAND_LINE_H_
