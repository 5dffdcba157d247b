#include "sim/report/command_line.h"

#include <CLI/CLI.hpp>
#include <string>

#include "sim/command_line.h"

namespace keywalk::sim {
namespace {

void AddPaths(CLI::App& command, ReportPaths& paths) {
  command.add_option("--json", paths.json, "Write every seed's result, to be merged or read")
      ->type_name("FILE");
  command.add_option("--html", paths.html, "Write one page with timelines, for a browser")
      ->type_name("FILE");
}

void AddCompare(CLI::App& app, ReportLine& line) {
  CompareOptions& compare = line.compare;
  CLI::App* const command = app.add_subcommand(
      "compare", "Which policy loses least: figures of a world under several policies");
  command->add_option("WORLD", compare.world, "What is simulated")
      ->type_name("WORLD.json")
      ->required();
  AddPolicyOption(*command, compare.policies);
  AddSeedOptions(*command, compare.seeds);
  command->add_flag("--real-transport", compare.real_transport,
                    "Run the shipped coroutines over simulated connections");
  command->add_option("--jobs,-j", compare.jobs, "Runs at the same time (1)")
      ->type_name("N")
      ->check(CLI::Range(1, 256));
  command->add_option("--timelines", compare.timelines, "Keep the timelines of so many seeds (1)")
      ->type_name("N");
  command
      ->add_option("--timeline-parts", compare.timeline_parts,
                   "In so many parts of the world's duration (2000)")
      ->type_name("N")
      ->check(CLI::Range(1, 100'000));
  AddPaths(*command, compare.paths);
  command->callback([&line] { line.command = ReportLine::Command::kCompare; });
}

void AddMerge(CLI::App& app, ReportLine& line) {
  CLI::App* const command =
      app.add_subcommand("merge", "One result from those of seed ranges that were run elsewhere");
  command->add_option("RESULTS", line.merge.inputs, "Files of --json, all of one kind")
      ->type_name("FILE...")
      ->required();
  AddPaths(*command, line.merge.paths);
  command->callback([&line] { line.command = ReportLine::Command::kMerge; });
}

}  // namespace

void AddReportCommands(CLI::App& app, ReportLine& line) {
  AddCompare(app, line);
  AddMerge(app, line);
}

}  // namespace keywalk::sim
