// keywalk-conform: runs the suite on an implementation and reports. Exit status 0: everything that
// ran passed or is known to fail; 1: something else; 2: wrong use, wrong input, or nothing ran.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "conformance/adapter.h"
#include "conformance/child_process.h"
#include "conformance/clause_table.h"
#include "conformance/command_line.h"
#include "conformance/computed_expectation.h"
#include "conformance/displayable.h"
#include "conformance/fixture_loader.h"
#include "conformance/known_failing.h"
#include "conformance/launch_adapter.h"
#include "conformance/launch_file.h"
#include "conformance/mutant_catalogue.h"
#include "conformance/private_folder.h"
#include "conformance/process_adapter.h"
#include "conformance/reference_adapter.h"
#include "conformance/report/output_file.h"
#include "conformance/report/report_commands.h"
#include "conformance/report/report_writer.h"
#include "conformance/suite_runner.h"
#include "conformance/terminal_report.h"
#include "conformance/usual_answers.h"
#include "keywalk/config.h"

namespace keywalk::conformance {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUse = 2;

// Ctrl-C leaves no child and no file behind: a thread of its own waits for the signal. Called
// before any other thread is started, which all inherit that it is blocked.
void EndOnSignal() {
  static sigset_t awaited;
  ::sigemptyset(&awaited);
  ::sigaddset(&awaited, SIGINT);
  ::sigaddset(&awaited, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &awaited, nullptr);
  std::thread([] {
    int number = 0;
    while (::sigwait(&awaited, &number) != 0) {
    }
    KillAllChildren();
    RemovePrivateFolders();
    ::_exit(128 + number);
  }).detach();
}

int Fail(const std::string& message) {
  std::cerr << "keywalk-conform: " << Displayable(message) << "\n";
  return kWrongUse;
}

// The source tree that built this, else the installed folder.
std::string UsualFixtures() {
  std::error_code error;
  if (std::filesystem::exists(KEYWALK_SOURCE_FIXTURES "/clauses.json", error)) {
    return KEYWALK_SOURCE_FIXTURES;
  }
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (self.parent_path().parent_path() / KEYWALK_INSTALLED_FIXTURES).string();
}

// The names of the policies to run; a file's policy joins the suite under its own name, and so do
// the cases as that policy would have them.
Result<std::vector<std::string>> ResolvePolicies(const std::vector<std::string>& wanted,
                                                 Suite& suite) {
  std::vector<std::string> names;
  std::vector<std::string> own;
  std::vector<std::string> others;
  for (const std::string& text : wanted) {
    if (text.find('/') == std::string::npos && !text.ends_with(".json")) {
      if (suite.FindPolicy(text) == nullptr) {
        std::string known;
        for (const auto& [name, policy] : suite.policies) known += " " + name;
        return Error("unknown policy \"" + text + "\"; known are" + known);
      }
      names.push_back(text);
      (suite.FindPolicy(text)->is_own ? own : others).push_back(text);
      continue;
    }
    Result<LoadedPolicy> loaded = LoadPolicyWithContent(text);
    if (!loaded) return loaded.error();
    names.push_back(loaded->policy->name);
    // A launch file may have brought it already.
    const LoadedPolicy* known_before = suite.FindPolicy(names.back());
    loaded->is_own = known_before == nullptr || known_before->is_own;
    (loaded->is_own ? own : others).push_back(names.back());
    loaded->file = text;
    suite.policies.insert_or_assign(names.back(), *std::move(loaded));
  }
  HoldToOwnPolicies(own, others, suite);
  return names;
}

int List(const Suite& suite, const Selection& selection) {
  std::size_t count = 0;
  for (const Vector& vector : suite.vectors) {
    const std::string id = vector.function + "/" + vector.id;
    if (!selection.Takes(id, "vectors", vector.clauses)) continue;
    std::cout << id << "\t" << DescribeList(vector.clauses) << "\t" << vector.title << "\n";
    ++count;
  }
  for (const Case& test_case : suite.cases) {
    if (!selection.Takes(test_case.id, test_case.area, test_case.clauses)) continue;
    std::cout << test_case.area << "/" << test_case.id << "\t" << DescribeList(test_case.clauses)
              << "\t" << test_case.title << "\n";
    ++count;
  }
  return count == 0 ? Fail("no case was selected") : 0;
}

int ShowClauses(const Suite& suite, bool as_json) {
  const ClauseTable table = FormatClauses(suite, as_json);
  std::cout << table.text << std::flush;
  if (table.unproven.empty()) return 0;
  std::cerr << "keywalk-conform: no case proves " << DescribeList(table.unproven) << "\n";
  return kFailed;
}

// One log line at a time, whole, from any thread.
std::function<void(std::string_view)> MakeLog(const CommandLine& line, std::string_view name) {
  const bool wanted =
      line.log_level == "trace" || line.log_level == "debug" || line.log_level == "info";
  if (!wanted) return nullptr;
  return [name = std::string(name)](std::string_view text) {
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    std::cerr << "[" << name << "] " << Displayable(text) << "\n";
  };
}

std::unique_ptr<Adapter> MakeAdapter(const CommandLine& line, const Suite& suite,
                                     std::optional<LaunchFile> launch) {
  if (launch) {
    LaunchAdapterOptions options;
    options.log = MakeLog(line, launch->name);
    return NewLaunchAdapter(*std::move(launch), std::move(options));
  }
  if (line.adapter.empty()) {
    return NewReferenceAdapter(suite,
                               line.body_mode == "stream" ? BodyMode::kStream : BodyMode::kBuffer,
                               MakeLog(line, "reference"));
  }
  ProcessAdapterOptions options;
  options.command = line.adapter;
  options.call_limit = Milliseconds(line.timeout_ms);
  options.start_limit = 6 * options.call_limit;
  options.log = MakeLog(line, "adapter");
  return NewProcessAdapter(std::move(options));
}

// What is known before the run: the file of known failures, the one that is to be written as it is
// now, and implementations that are bad on purpose.
struct KnownBefore {
  KnownFailures applied;
  KnownFailures rewritten;
  std::vector<Mutant> mutants;
};

Result<KnownBefore> LoadKnown(const CommandLine& line, const Suite& suite) {
  KnownBefore known;
  Result<std::vector<Mutant>> mutants = LoadMutants(suite.folder + "/mutants.json");
  if (!mutants) return mutants.error();
  known.mutants = *std::move(mutants);
  if (!line.known_failing.empty()) {
    Result<KnownFailures> loaded = LoadKnownFailures(line.known_failing, suite);
    if (!loaded) return loaded.error();
    known.applied = *std::move(loaded);
  }
  known.rewritten = known.applied;
  std::error_code error;
  if (std::filesystem::is_regular_file(line.write_known_failing, error)) {
    Result<KnownFailures> loaded = LoadKnownFailures(line.write_known_failing, suite);
    if (!loaded) return loaded.error();
    known.rewritten = *std::move(loaded);
  }
  return known;
}

// The files that the command line asks for: checked before the run, written after it.
struct Outputs {
  ReportWriter reports;
  std::optional<OutputFile> known_failing;

  static Result<Outputs> Claim(const CommandLine& line) {
    Result<ReportWriter> reports = ReportWriter::Claim(line.reports.paths);
    if (!reports) return reports.error();
    Outputs outputs{*std::move(reports), std::nullopt};
    if (line.write_known_failing.empty()) return outputs;
    Result<OutputFile> file = OutputFile::Claim(line.write_known_failing);
    if (!file) return file.error();
    outputs.known_failing = *std::move(file);
    return outputs;
  }

  std::optional<Error> Write(const Suite& suite, const RunReport& report,
                             const KnownBefore& known) const {
    if (auto error = reports.Write(suite, report)) return error;
    if (!known_failing) return std::nullopt;
    return known_failing->Write(FormatKnownFailures(report.results, known.rewritten));
  }
};

int Conclude(const RunReport& report) {
  bool ran = false;
  bool bad = false;
  for (const CaseResult& result : report.results) {
    ran = ran || result.verdict != Verdict::kSkipped;
    bad = bad || IsBad(result.verdict);
  }
  if (!ran) return Fail("no case was run: everything was skipped, or nothing was selected");
  return bad ? kFailed : 0;
}

ShownTimelines Timelines(const CommandLine& line) {
  if (line.trace.empty()) return ShownTimelines::kNone;
  return line.trace == "all" ? ShownTimelines::kAll : ShownTimelines::kOfFailures;
}

RunOptions MakeRunOptions(const CommandLine& line, std::vector<std::string> policies) {
  RunOptions options;
  options.policies = std::move(policies);
  options.selection = line.selection;
  options.short_run = line.short_run;
  options.sockets = line.sockets;
  options.is_reference = line.adapter.empty() && line.launch.empty();
  options.repeat = line.repeat;
  options.jobs = line.jobs;
  options.request_limit = Milliseconds(line.request_timeout_ms);
  return options;
}

int RunAndReport(const CommandLine& line, Suite suite, const KnownBefore& known, RunOptions options,
                 Adapter& adapter) {
  const Result<Outputs> outputs = Outputs::Claim(line);
  if (!outputs) return Fail(outputs.error().message());
  const auto started_at = std::chrono::system_clock::now();
  const Reply<Identity> identity = adapter.Hello();
  if (!identity) return Fail("cannot start the adapter: " + identity.error().reason());
  if (!identity->Has("body.verbatim")) UseUsualAnswers(suite);
  ProgressLine progress;
  RunReport report =
      RunSuite(suite, adapter, *identity, options,
               [&](const CaseResult& result, std::size_t total) { progress.Show(result, total); });
  adapter.Stop();
  progress.Clear();
  report.started_at = started_at;
  report.command = FormatCommand(line);
  report.case_command = FormatCaseCommand(line);
  const bool decided_only = line.short_run || !line.sockets;
  ApplyKnownFailures(known.applied, decided_only, report.results);
  NameMutants(known.mutants, report);
  std::cout << FormatReport(suite, report, Timelines(line)) << std::flush;
  if (const auto error = outputs->Write(suite, report, known)) return Fail(error->message());
  return Conclude(report);
}

int WorkOnReports(const ReportLine& line) {
  const Result<CommandResult> result = RunReportCommand(line);
  if (!result) return Fail(result.error().message());
  std::cout << result->text << std::flush;
  return result->status;
}

int Main(int argc, const char* const* argv) {
  CommandLine line;
  if (const std::optional<int> status = ParseCommandLine(argc, argv, line)) return *status;
  EndOnSignal();
  if (line.reports.command != ReportLine::Command::kNone) return WorkOnReports(line.reports);
  Result<Suite> suite = LoadSuite(line.fixtures.empty() ? UsualFixtures() : line.fixtures);
  if (!suite) return Fail(suite.error().message());
  if (line.clauses) return ShowClauses(*suite, line.clauses_as_json);
  std::optional<LaunchFile> launch;
  if (!line.launch.empty()) {
    Result<LaunchFile> loaded = LoadLaunchFile(line.launch);
    if (!loaded) return Fail(loaded.error().message());
    launch = *std::move(loaded);
    if (launch->policy) {
      launch->policy->is_own = suite->FindPolicy(launch->policy->policy->name) == nullptr;
      suite->policies.insert_or_assign(launch->policy->policy->name, *launch->policy);
    }
  }
  std::vector<std::string> wanted = line.policies;
  if (wanted.empty() && launch && launch->policy) wanted = {launch->policy->policy->name};
  Result<std::vector<std::string>> policies = ResolvePolicies(wanted, *suite);
  if (!policies) return Fail(policies.error().message());
  if (line.list) return List(*suite, line.selection);
  const Result<KnownBefore> known = LoadKnown(line, *suite);
  if (!known) return Fail(known.error().message());
  const std::unique_ptr<Adapter> adapter = MakeAdapter(line, *suite, std::move(launch));
  return RunAndReport(line, *suite, *known, MakeRunOptions(line, *std::move(policies)), *adapter);
}

}  // namespace
}  // namespace keywalk::conformance

int main(int argc, char** argv) { return keywalk::conformance::Main(argc, argv); }
