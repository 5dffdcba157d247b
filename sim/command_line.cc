#include "sim/command_line.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <string>

namespace keywalk::sim {
namespace {

// "7" or "1..100".
SeedRange ParseSeeds(const std::string& text) {
  const auto parse = [&text](std::string_view part) {
    std::uint64_t seed = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), seed);
    if (error != std::errc() || end != part.data() + part.size()) {
      throw CLI::ValidationError("--seeds", "expected A..B, two whole numbers, not " + text);
    }
    return seed;
  };
  const std::size_t dots = text.find("..");
  SeedRange range;
  range.first = parse(std::string_view(text).substr(0, dots));
  range.last =
      dots == std::string::npos ? range.first : parse(std::string_view(text).substr(dots + 2));
  if (range.last < range.first) {
    throw CLI::ValidationError("--seeds", "the first seed must not exceed the last");
  }
  return range;
}

void AddRunOptions(CLI::App& app, RunLine& run) {
  app.add_option("world", run.world, "What is simulated")->type_name("WORLD.json");
  AddPolicyOption(app, run.policies);
  AddSeedOptions(app, run.seeds);
  app.add_flag("--real-transport", run.real_transport,
               "Run the shipped coroutines over simulated connections, not the decisions alone");
  app.add_option("--trace", run.trace, "Write what happened, a JSON object a line; - for stdout")
      ->type_name("FILE");
}

}  // namespace

void AddPolicyOption(CLI::App& app, std::vector<std::string>& policies) {
  app.add_option("--policy", policies,
                 "Policy by name, or a policy file; repeatable, or a list with commas. Default: "
                 "coder-v1")
      ->type_name("NAME|FILE")
      ->delimiter(',')
      ->take_all();
}

void AddSeedOptions(CLI::App& app, SeedRange& seeds) {
  const auto read = [&seeds](const std::string& text) { seeds = ParseSeeds(text); };
  CLI::Option* const one =
      app.add_option_function<std::string>("--seed", read, "The seed of the one run (1)")
          ->type_name("N");
  app.add_option_function<std::string>("--seeds", read, "A run for each seed from A to B")
      ->type_name("A..B")
      ->excludes(one);
}

std::optional<int> ParseCommandLine(int argc, const char* const* argv, CommandLine& line) {
  CLI::App app{"Simulates clients, gateways with key failover, and upstreams on virtual time."};
  app.set_version_flag("--version", std::string("keywalk-sim ") + KEYWALK_VERSION);
  AddRunOptions(app, line.run);
  AddReportCommands(app, line.report);
  try {
    app.parse(argc, argv);
    if (line.report.command == ReportLine::Command::kNone && line.run.world.empty())
      throw CLI::RequiredError("WORLD.json");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

}  // namespace keywalk::sim
