#include "conformance/report/report_commands.h"

#include <optional>
#include <utility>

#include "conformance/report/html_page.h"
#include "conformance/report/output_file.h"
#include "conformance/report/report_file.h"
#include "conformance/report/run_comparison.h"

namespace keywalk::conformance {
namespace {

Result<std::vector<ReportFile>> ReadAll(const std::vector<std::string>& paths) {
  std::vector<ReportFile> reports;
  for (const std::string& path : paths) {
    Result<ReportFile> report = ReadReport(path);
    if (!report) return report.error();
    reports.push_back(*std::move(report));
  }
  return reports;
}

Result<CommandResult> RunCompare(const ReportLine& line) {
  Result<std::vector<ReportFile>> reports = ReadAll(line.inputs);
  if (!reports) return reports.error();
  const ReportFile& before = reports->front();
  const ReportFile& after = reports->back();
  const RunDifferences differences = CompareRuns(before, after);
  if (!line.json.empty()) {
    const Result<OutputFile> file = OutputFile::Claim(line.json);
    if (!file) return file.error();
    if (auto error = file->Write(FormatDifferencesJson(before, after, differences))) return *error;
  }
  CommandResult result;
  result.text = FormatDifferences(before, after, differences);
  result.status = differences.any_worse() ? 1 : 0;
  return result;
}

Result<CommandResult> RunHtml(const ReportLine& line) {
  const Result<OutputFile> file = OutputFile::Claim(line.output);
  if (!file) return file.error();
  const Result<std::vector<ReportFile>> reports = ReadAll(line.inputs);
  if (!reports) return reports.error();
  if (auto error = file->Write(FormatHtml(*reports))) return *error;
  return CommandResult{};
}

}  // namespace

Result<CommandResult> RunReportCommand(const ReportLine& line) {
  return line.command == ReportLine::Command::kCompare ? RunCompare(line) : RunHtml(line);
}

}  // namespace keywalk::conformance
