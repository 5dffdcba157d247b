#include "sim/command_line.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

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

void AddSeedOptions(CLI::App& app, SeedRange& seeds) {
  const auto read = [&seeds](const std::string& text) { seeds = ParseSeeds(text); };
  CLI::Option* const one =
      app.add_option_function<std::string>("--seed", read, "The seed of the one run (1)")
          ->type_name("N");
  app.add_option_function<std::string>("--seeds", read, "A run for each seed from A to B")
      ->type_name("A..B")
      ->excludes(one);
}

void AddPaths(CLI::App& app, ReportPaths& paths) {
  app.add_option("--json", paths.json, "Write every seed's result, to be merged or read")
      ->type_name("FILE");
  app.add_option("--html", paths.html, "Write one page with timelines, for a browser")
      ->type_name("FILE");
}

// What a run is told, alone or compared with others.
void AddRunOptions(CLI::App& app, CompareOptions& run, const std::string& usual_policies) {
  app.add_option("WORLD", run.world, "What is simulated: see sim/worlds/")->type_name("WORLD.json");
  app.add_option("--policy", run.policies,
                 "Policy by name, or a policy file; repeatable, or a list with commas (" +
                     usual_policies + ")")
      ->type_name("NAME|FILE")
      ->delimiter(',')
      ->take_all();
  AddSeedOptions(app, run.seeds);
  app.add_flag("--real-transport", run.real_transport,
               "Run the shipped coroutines over simulated connections, not the decisions alone");
  app.add_option("--jobs,-j", run.jobs, "Runs at the same time (1)")
      ->type_name("N")
      ->check(CLI::Range(1, 256));
  app.add_option("--timelines", run.timelines, "Keep the timelines of so many seeds (1)")
      ->type_name("N");
  app.add_option("--timeline-parts", run.timeline_parts,
                 "In so many parts of the world's duration (2000)")
      ->type_name("N")
      ->check(CLI::Range(1, 100'000));
  AddPaths(app, run.paths);
}

void AddCompare(CLI::App& app, CommandLine& line) {
  CLI::App* const command = app.add_subcommand(
      "compare", "Which policy loses least: figures of a world under several policies");
  AddRunOptions(*command, line.compare, "coder-v1,coder-v2");
  command->get_option("WORLD")->required();
  command->callback([&line] { line.command = CommandLine::Command::kCompare; });
}

void AddMerge(CLI::App& app, CommandLine& line) {
  CLI::App* const command =
      app.add_subcommand("merge", "One result from those of seed ranges that were run elsewhere");
  command->add_option("RESULTS", line.merge.inputs, "Files of --json, all of one kind")
      ->type_name("FILE...")
      ->required();
  AddPaths(*command, line.merge.paths);
  command->callback([&line] { line.command = CommandLine::Command::kMerge; });
}

void AddCheckOptions(CLI::App& app, CheckOptions& check) {
  const std::string group = "Hunting";
  app.add_flag("--check", check.check,
               "Hunt: run worlds drawn from the seeds (1..1000), or WORLD, and check invariants")
      ->group(group);
  app.add_flag("--check-determinism", check.determinism,
               "Run each seed twice and show the first difference")
      ->group(group);
  app.add_option("--minutes", check.minutes, "Begin no seed after so many minutes")
      ->type_name("N")
      ->check(CLI::Range(0.001, 100'000.0))
      ->group(group);
  app.add_option("--max-failures", check.max_findings, "End after so many failures (1)")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000))
      ->group(group);
  app.add_flag("--in-order", check.in_order,
               "Events of one instant come in their usual order, not in one drawn from the seed")
      ->group(group);
  app.add_flag("--no-shrink", check.no_shrink, "Do not make a failing run small")->group(group);
  app.add_option("--write-world", check.write_world, "Write the first failing run's world")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--write-fixture", check.write_fixture,
                 "Write it as a decision case of the conformance suite")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--plant", check.plant, "Hunt in a gateway with a planted bug")
      ->type_name("BUG")
      ->group(group);
  app.add_flag("--list-planted-bugs", check.list_planted_bugs,
               "List them, each with the invariant that it breaks")
      ->group(group);
}

void FinishCheck(const CLI::App& app, CommandLine& line) {
  CheckOptions& check = line.check;
  const CompareOptions& run = line.compare;
  line.command = CommandLine::Command::kCheck;
  if (run.policies.size() > 1) throw CLI::ValidationError("--policy", "takes one with --check");
  if (!run.paths.html.empty()) throw CLI::ValidationError("--html", "goes without --check");
  if (!check.plant.empty() && run.real_transport) {
    throw CLI::ValidationError("--plant", "goes without --real-transport");
  }
  check.world = run.world;
  if (!run.policies.empty()) check.policy = run.policies.front();
  check.seeds = run.seeds;
  const bool seeds_given = app.count("--seed") + app.count("--seeds") > 0;
  const std::uint64_t without_end = std::numeric_limits<std::uint64_t>::max();
  if (!seeds_given) check.seeds = SeedRange{1, check.minutes > 0 ? without_end : 1000};
  check.jobs = static_cast<int>(run.jobs);
  check.json = run.paths.json;
  check.real_transport = run.real_transport;
}

// The plain command, which has no name.
void FinishPlainRun(const CLI::App& app, CommandLine& line) {
  if (line.check.any()) return FinishCheck(app, line);
  CompareOptions& run = line.compare;
  if (run.world.empty()) throw CLI::RequiredError("WORLD.json");
  if (run.policies.empty()) run.policies = {"coder-v1"};
  if (line.trace.path.empty()) return;
  if (run.policies.size() > 1 || run.seeds.size() > 1) {
    throw CLI::ValidationError("--trace", "is of one run: one policy and one seed");
  }
  line.command = CommandLine::Command::kTrace;
  line.trace.world = run.world;
  line.trace.policy = run.policies.front();
  line.trace.seed = run.seeds.first;
}

}  // namespace

std::optional<int> ParseCommandLine(int argc, const char* const* argv, CommandLine& line) {
  CLI::App app{
      "Simulates clients, gateways with key failover, and upstreams on virtual time.\n"
      "Without a command it runs a world under one policy."};
  app.set_version_flag("--version", std::string("keywalk-sim ") + KEYWALK_VERSION);
  AddRunOptions(app, line.compare, "coder-v1");
  app.add_option("--trace", line.trace.path,
                 "Write what happens, a JSON object a line, instead of figures; - for stdout")
      ->type_name("FILE");
  AddCheckOptions(app, line.check);
  AddCompare(app, line);
  AddMerge(app, line);
  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty()) FinishPlainRun(app, line);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

}  // namespace keywalk::sim
