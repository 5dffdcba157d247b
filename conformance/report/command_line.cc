#include "conformance/report/command_line.h"

#include <CLI/CLI.hpp>
#include <string>

namespace keywalk::conformance {

void AddReportOptions(CLI::App& app, ReportLine& line) {
  const auto add = [&](const char* name, ReportKind kind, const char* what) {
    app.add_option(name, line.paths[kind], std::string("Write the results as ") + what)
        ->type_name("FILE");
  };
  add("--json", ReportKind::kJson, "JSON");
  add("--junit", ReportKind::kJunit, "JUnit XML");
  add("--tap", ReportKind::kTap, "TAP version 14");
  add("--html", ReportKind::kHtml, "one HTML page that works without network");
  add("--badge", ReportKind::kBadge, "the JSON of a shields.io badge");

  CLI::App* compare = app.add_subcommand(
      "compare", "What changed between two runs. Exit status 1 if something got worse");
  compare->add_option("REPORTS", line.inputs, "The earlier and the later report of --json")
      ->required()
      ->expected(2);
  compare->add_option("--json", line.json, "Write what changed as JSON")->type_name("FILE");
  compare->callback([&line] { line.command = ReportLine::Command::kCompare; });

  CLI::App* html = app.add_subcommand("html", "Several implementations in one HTML page");
  html->add_option("REPORTS", line.inputs, "Reports of --json")->required();
  html->add_option("--output,-o", line.output, "The page")->type_name("FILE")->required();
  html->callback([&line] { line.command = ReportLine::Command::kHtml; });
}

}  // namespace keywalk::conformance
