#include "conformance/report/report_writer.h"

#include "conformance/report/badge.h"
#include "conformance/report/html_page.h"
#include "conformance/report/json_report.h"
#include "conformance/report/junit_writer.h"
#include "conformance/report/report_file.h"
#include "conformance/report/tap_writer.h"

namespace keywalk::conformance {
namespace {

// The page is made from the JSON report, whether that has just been made or is read back.
Result<std::string> PageOf(const std::string& json_report) {
  Result<ReportFile> report = ParseReport(json_report, "this run's report");
  if (!report) return report.error();
  return FormatHtml({*std::move(report)});
}

}  // namespace

Result<ReportWriter> ReportWriter::Claim(const std::map<ReportKind, std::string>& paths) {
  std::map<ReportKind, OutputFile> files;
  for (const auto& [kind, path] : paths) {
    if (path.empty()) continue;
    Result<OutputFile> file = OutputFile::Claim(path);
    if (!file) return file.error();
    for (const auto& [other_kind, other] : files) {
      if (other.target() == file->target()) return Error(path + ": two reports cannot share it");
    }
    files.emplace(kind, *std::move(file));
  }
  return ReportWriter(std::move(files));
}

std::optional<Error> ReportWriter::Write(const Suite& suite, const RunReport& report) const {
  if (files_.empty()) return std::nullopt;
  const std::string json = FormatJson(suite, report);
  for (const auto& [kind, file] : files_) {
    Result<std::string> text = json;
    if (kind == ReportKind::kJunit) text = FormatJunit(report);
    if (kind == ReportKind::kTap) text = FormatTap(report);
    if (kind == ReportKind::kHtml) text = PageOf(json);
    if (kind == ReportKind::kBadge) text = FormatBadge(suite, report);
    if (!text) return text.error();
    if (std::optional<Error> error = file.Write(*text)) return error;
  }
  return std::nullopt;
}

}  // namespace keywalk::conformance
