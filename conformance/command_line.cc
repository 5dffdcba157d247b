#include "conformance/command_line.h"

#include <CLI/CLI.hpp>
#include <string>

#include "conformance/report/command_line.h"
#include "conformance/shell_word.h"

namespace keywalk::conformance {
namespace {

void AddSelection(CLI::App& app, Selection& selection) {
  app.add_option("--select", selection.patterns,
                 "Only what matches: a case id, area/id, or a clause; shell pattern; repeatable")
      ->type_name("GLOB")
      ->take_all();
  app.add_option_function<std::string>(
         "--shard",
         [&selection](const std::string& text) {
           const Result<Shard> shard = ParseShard(text);
           if (!shard) throw CLI::ValidationError("--shard", shard.error().message());
           selection.shard = *shard;
         },
         "The I-th of N parts of the suite, from 1")
      ->type_name("I/N");
}

void AddClauses(CLI::App& app, CommandLine& line) {
  CLI::App* clauses =
      app.add_subcommand("clauses", "Show every clause with the cases that prove it, and run none");
  clauses->add_option("--fixtures", line.fixtures, "Folder of the suite")->type_name("DIR");
  clauses->add_flag("--json", line.clauses_as_json, "As JSON instead of a table");
  clauses->callback([&line] { line.clauses = true; });
}

void AppendText(std::string& command, const char* option, const std::string& value) {
  if (!value.empty()) command.append(" ").append(option).append(" ").append(ShellQuoted(value));
}

template <typename Number>
void AppendNumber(std::string& command, const char* option, Number value, Number usual) {
  if (value != usual) AppendText(command, option, std::to_string(value));
}

}  // namespace

std::string FormatCaseCommand(const CommandLine& line) {
  static const CommandLine usual;
  std::string command = "keywalk-conform";
  AppendText(command, "--adapter", line.adapter);
  AppendText(command, "--launch", line.launch);
  if (line.body_mode != usual.body_mode) AppendText(command, "--body-mode", line.body_mode);
  AppendText(command, "--fixtures", line.fixtures);
  AppendNumber(command, "--timeout-ms", line.timeout_ms, usual.timeout_ms);
  AppendNumber(command, "--request-timeout-ms", line.request_timeout_ms, usual.request_timeout_ms);
  return command;
}

std::string FormatCommand(const CommandLine& line) {
  static const CommandLine usual;
  std::string command = FormatCaseCommand(line);
  for (const std::string& policy : line.policies) AppendText(command, "--policy", policy);
  for (const std::string& pattern : line.selection.patterns) {
    AppendText(command, "--select", pattern);
  }
  const Shard& shard = line.selection.shard;
  if (shard.count > 1) {
    AppendText(command, "--shard",
               std::to_string(shard.number) + "/" + std::to_string(shard.count));
  }
  AppendText(command, "--known-failing", line.known_failing);
  if (line.short_run) command += " --short";
  if (!line.sockets) command += " --no-sockets";
  AppendNumber(command, "--jobs", line.jobs, usual.jobs);
  AppendNumber(command, "--repeat", line.repeat, usual.repeat);
  return command;
}

std::optional<int> ParseCommandLine(int argc, const char* const* argv, CommandLine& line) {
  CLI::App app{
      "Checks an implementation of API-key failover against the suite in fixtures/.\n"
      "Without --adapter and --launch it runs the reference implementation over real sockets."};
  app.set_version_flag("--version", std::string("keywalk-conform ") + KEYWALK_VERSION);
  CLI::Option* adapter = app.add_option(
      "--adapter", line.adapter,
      "Command (run by sh -c) that speaks the adapter protocol on its stdin and stdout");
  CLI::Option* launch =
      app.add_option("--launch", line.launch,
                     "How to configure and start a program that speaks no adapter protocol")
          ->type_name("FILE")
          ->excludes(adapter);
  app.add_option("--body-mode", line.body_mode,
                 "The reference implementation's, as in keywalk-proxy (buffer)")
      ->check(CLI::IsMember({"buffer", "stream"}).description(""))
      ->type_name("MODE")
      ->excludes(adapter)
      ->excludes(launch);
  app.add_option("--policy", line.policies,
                 "Policy by name, or a policy file; repeatable. Default: those the implementation "
                 "declares")
      ->type_name("NAME|FILE")
      ->take_all();
  AddSelection(app, line.selection);
  app.add_option("--fixtures", line.fixtures, "Folder of the suite")->type_name("DIR");
  AddReportOptions(app, line.reports);
  app.add_option("--known-failing", line.known_failing,
                 "Failures that are known and do not fail the run; passes of theirs do")
      ->type_name("FILE");
  app.add_option("--write-known-failing", line.write_known_failing,
                 "Write what fails now, with the reasons that the file has")
      ->type_name("FILE");
  app.add_flag(
      "--trace{failed}", line.trace,
      "Show what happened when in each failed case over sockets; --trace=all: in each case");
  app.add_flag("--list", line.list, "List the cases and run none");
  app.add_flag("--short", line.short_run,
               "The first policy only, decision cases not again over sockets");
  app.add_flag("!--no-sockets", line.sockets, "Only what is decided without sockets: in no time");
  app.add_option("--jobs", line.jobs, "Cases at once over sockets")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--repeat", line.repeat,
                 "Run each case so often; one with differing verdicts is flaky")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--timeout-ms", line.timeout_ms,
                 "How long an adapter may take to answer one command; six times that for hello and "
                 "setup")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{3'600'000}))
      ->capture_default_str();
  app.add_option("--request-timeout-ms", line.request_timeout_ms,
                 "How long one request over sockets may take")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{3'600'000}))
      ->capture_default_str();
  app.add_option("--log-level", line.log_level, "What the adapter prints is logged at info")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->capture_default_str();
  AddClauses(app, line);
  try {
    app.parse(argc, argv);
    if (!line.trace.empty() && line.trace != "failed" && line.trace != "all") {
      throw CLI::ValidationError("--trace", "must be failed or all");
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

}  // namespace keywalk::conformance
