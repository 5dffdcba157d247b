#include "conformance/command_line.h"

#include <CLI/CLI.hpp>

namespace keywalk::conformance {

std::optional<int> ParseCommandLine(int argc, const char* const* argv, CommandLine& line) {
  CLI::App app{
      "Checks an implementation of API-key failover against the suite in fixtures/.\n"
      "Without --adapter it runs the reference implementation over real sockets."};
  app.set_version_flag("--version", std::string("keywalk-conform ") + KEYWALK_VERSION);
  app.add_option("--adapter", line.adapter,
                 "Command (run by sh -c) that speaks the adapter protocol on its stdin and stdout");
  app.add_option("--policy", line.policies,
                 "Policy by name, or a policy file; repeatable. Default: those the implementation "
                 "declares")
      ->type_name("NAME|FILE")
      ->take_all();
  app.add_option("--select", line.select,
                 "Only what matches: a case id, area/id, or a clause; shell pattern")
      ->type_name("GLOB");
  app.add_option("--fixtures", line.fixtures, "Folder of the suite")->type_name("DIR");
  app.add_option("--junit", line.junit, "Write the results as JUnit XML")->type_name("FILE");
  app.add_option("--json", line.json, "Write the results as JSON")->type_name("FILE");
  app.add_flag("--list", line.list, "List the cases and run none");
  app.add_flag("--short", line.short_run,
               "The first policy only, decision cases not again over sockets");
  app.add_option("--jobs", line.jobs, "Cases at once over sockets")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--timeout-ms", line.timeout_ms,
                 "How long an adapter may take to answer one command; six times that for hello and "
                 "setup")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{3'600'000}))
      ->capture_default_str();
  app.add_option("--log-level", line.log_level, "What the adapter prints is logged at info")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

}  // namespace keywalk::conformance
