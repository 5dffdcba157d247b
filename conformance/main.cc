// keywalk-conform: runs the suite on an implementation and reports. Exit status 0: everything that
// ran passed; 1: something did not; 2: wrong use, wrong input, or nothing ran.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "conformance/adapter.h"
#include "conformance/child_process.h"
#include "conformance/command_line.h"
#include "conformance/displayable.h"
#include "conformance/fixture_loader.h"
#include "conformance/json_report.h"
#include "conformance/junit_writer.h"
#include "conformance/process_adapter.h"
#include "conformance/reference_adapter.h"
#include "conformance/suite_runner.h"
#include "conformance/terminal_report.h"
#include "keywalk/config.h"

namespace keywalk::conformance {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUse = 2;

// Ctrl-C leaves no child behind.
void OnSignal(int signal_number) {
  KillAllChildren();
  ::_exit(128 + signal_number);
}

int Fail(const std::string& message) {
  std::cerr << "keywalk-conform: " << Displayable(message) << "\n";
  return kWrongUse;
}

// The folder that was asked for, else the source tree that built this, else the installed one.
std::string ChooseFixtures(const CommandLine& line) {
  if (!line.fixtures.empty()) return line.fixtures;
  std::error_code error;
  if (std::filesystem::exists(KEYWALK_SOURCE_FIXTURES "/clauses.json", error)) {
    return KEYWALK_SOURCE_FIXTURES;
  }
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (self.parent_path().parent_path() / KEYWALK_INSTALLED_FIXTURES).string();
}

// The names of the policies to run; a file's policy joins the suite under its own name.
Result<std::vector<std::string>> ResolvePolicies(const std::vector<std::string>& wanted,
                                                 Suite& suite) {
  std::vector<std::string> names;
  for (const std::string& text : wanted) {
    if (text.find('/') == std::string::npos && !text.ends_with(".json")) {
      if (suite.FindPolicy(text) == nullptr) {
        std::string known;
        for (const auto& [name, policy] : suite.policies) known += " " + name;
        return Error("unknown policy \"" + text + "\"; known are" + known);
      }
      names.push_back(text);
      continue;
    }
    Result<LoadedPolicy> loaded = LoadPolicyWithContent(text);
    if (!loaded) return loaded.error();
    names.push_back(loaded->policy->name);
    suite.policies.insert_or_assign(names.back(), *std::move(loaded));
  }
  return names;
}

int List(const Suite& suite, const std::string& select) {
  std::size_t count = 0;
  for (const Vector& vector : suite.vectors) {
    const std::string id = vector.function + "/" + vector.id;
    if (!IsSelected(select, id, "vectors", vector.clauses)) continue;
    std::cout << id << "\t" << DescribeList(vector.clauses) << "\t" << vector.title << "\n";
    ++count;
  }
  for (const Case& test_case : suite.cases) {
    if (!IsSelected(select, test_case.id, test_case.area, test_case.clauses)) continue;
    std::cout << test_case.area << "/" << test_case.id << "\t" << DescribeList(test_case.clauses)
              << "\t" << test_case.title << "\n";
    ++count;
  }
  return count == 0 ? Fail("nothing matches --select " + select) : 0;
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

std::unique_ptr<Adapter> MakeAdapter(const CommandLine& line, const Suite& suite) {
  if (line.adapter.empty()) return NewReferenceAdapter(suite, MakeLog(line, "reference"));
  ProcessAdapterOptions options;
  options.command = line.adapter;
  options.call_limit = Milliseconds(line.timeout_ms);
  options.start_limit = 6 * options.call_limit;
  options.log = MakeLog(line, "adapter");
  return NewProcessAdapter(std::move(options));
}

// This run's command line without policy and selection.
std::string RepeatCommand(const CommandLine& line) {
  std::string command = "keywalk-conform";
  if (!line.adapter.empty()) command += " --adapter " + ShellQuoted(line.adapter);
  if (!line.fixtures.empty()) command += " --fixtures " + ShellQuoted(line.fixtures);
  return command;
}

bool WriteFile(const std::string& path, const std::string& text) {
  std::error_code error;
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  return file.good();
}

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

int RunAndReport(const CommandLine& line, const Suite& suite, std::vector<std::string> policies) {
  const auto started_at = std::chrono::system_clock::now();
  const std::unique_ptr<Adapter> adapter = MakeAdapter(line, suite);
  const Reply<Identity> identity = adapter->Hello();
  if (!identity) return Fail("cannot start the adapter: " + identity.error().reason());
  RunOptions options;
  options.policies = std::move(policies);
  options.select = line.select;
  options.short_run = line.short_run;
  options.is_reference = line.adapter.empty();
  options.jobs = line.jobs;
  ProgressLine progress;
  const RunReport report =
      RunSuite(suite, *adapter, *identity, options,
               [&](const CaseResult& result, std::size_t total) { progress.Show(result, total); });
  adapter->Stop();
  progress.Clear();
  const std::string command = RepeatCommand(line);
  std::cout << FormatReport(suite, report, command) << std::flush;
  if (!line.junit.empty() && !WriteFile(line.junit, FormatJunit(report))) {
    return Fail(line.junit + ": cannot be written");
  }
  if (!line.json.empty() && !WriteFile(line.json, FormatJson(suite, report, started_at, command))) {
    return Fail(line.json + ": cannot be written");
  }
  return Conclude(report);
}

int Main(int argc, const char* const* argv) {
  CommandLine line;
  if (const std::optional<int> status = ParseCommandLine(argc, argv, line)) return *status;
  ::signal(SIGINT, OnSignal);
  ::signal(SIGTERM, OnSignal);
  Result<Suite> suite = LoadSuite(ChooseFixtures(line));
  if (!suite) return Fail(suite.error().message());
  Result<std::vector<std::string>> policies = ResolvePolicies(line.policies, *suite);
  if (!policies) return Fail(policies.error().message());
  if (line.list) return List(*suite, line.select);
  return RunAndReport(line, *suite, *std::move(policies));
}

}  // namespace
}  // namespace keywalk::conformance

int main(int argc, char** argv) { return keywalk::conformance::Main(argc, argv); }
