// The command line of keywalk-conform.
#ifndef KEYWALK_CONFORMANCE_COMMAND_LINE_H_
#define KEYWALK_CONFORMANCE_COMMAND_LINE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conformance/report/report_commands.h"
#include "conformance/selection.h"

namespace keywalk::conformance {

struct CommandLine {
  bool clauses = false;          // the command `clauses` instead of a run
  bool clauses_as_json = false;  // its --json
  std::string adapter;
  std::string launch;                // a launch file; neither: the reference
  std::string body_mode = "buffer";  // the reference's
  std::vector<std::string> policies;
  Selection selection;
  std::string fixtures;  // empty: the suite's own
  ReportLine reports;
  std::string known_failing;
  std::string write_known_failing;
  std::string trace;  // "failed", "all", or empty
  bool list = false;
  bool short_run = false;
  bool sockets = true;
  std::size_t jobs = 8;
  std::size_t repeat = 1;
  std::int64_t timeout_ms = 10'000;
  std::int64_t request_timeout_ms = 30'000;
  std::string log_level = "warn";
};

// Fills `line`. Returns the exit status if the program ends here: help, version, or wrong use.
std::optional<int> ParseCommandLine(int argc, const char* const* argv, CommandLine& line);

// The command that repeats the run: every option that decides what is run and what comes of it, and
// none of those that write or print. Options that have their default are left out.
std::string FormatCommand(const CommandLine& line);
// The same without policies, selection and what concerns many cases: for one case.
std::string FormatCaseCommand(const CommandLine& line);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_COMMAND_LINE_H_
