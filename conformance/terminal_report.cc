#include "conformance/terminal_report.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "conformance/displayable.h"
#include "conformance/shell_word.h"

namespace keywalk::conformance {
namespace {

std::string Padded(std::string text, std::size_t width, bool right = false) {
  if (text.size() >= width) return text;
  return right ? std::string(width - text.size(), ' ') + text
               : text + std::string(width - text.size(), ' ');
}

std::string Seconds(std::chrono::nanoseconds duration) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s",
                std::chrono::duration<double>(duration).count());
  return text.data();
}

using Counts = std::map<Verdict, std::size_t>;

// What every table shows, and what else has come up.
std::vector<Verdict> Columns(const RunReport& report) {
  std::vector<Verdict> columns;
  for (const Verdict verdict : kAllVerdicts) {
    const bool is_usual = verdict != Verdict::kFlaky && verdict != Verdict::kUnexpectedPass &&
                          verdict != Verdict::kKnownFailing;
    if (is_usual || report.Count(verdict) > 0) columns.push_back(verdict);
  }
  return columns;
}

void WriteRow(std::ostream& out, const std::string& name, const std::vector<Verdict>& columns,
              const Counts& counts) {
  out << "  " << Padded(name, 22);
  for (const Verdict verdict : columns) {
    const auto found = counts.find(verdict);
    const std::string text = found == counts.end() ? "-" : std::to_string(found->second);
    out << Padded(text, std::max<std::size_t>(14, ToString(verdict).size() + 2), true);
  }
  out << "\n";
}

void WriteTable(std::ostream& out, const RunReport& report) {
  std::vector<std::string> areas;  // in the order of the suite
  std::map<std::string, Counts> by_area;
  Counts total;
  for (const CaseResult& result : report.results) {
    if (report.IsRepetition(result)) continue;
    if (by_area.find(result.area) == by_area.end()) areas.push_back(result.area);
    ++by_area[result.area][result.verdict];
    ++total[result.verdict];
  }
  const std::vector<Verdict> columns = Columns(report);
  out << "  " << Padded("area", 22);
  for (const Verdict verdict : columns) {
    const std::string name(ToString(verdict));
    out << Padded(name, std::max<std::size_t>(14, name.size() + 2), true);
  }
  out << "\n";
  for (const std::string& area : areas) WriteRow(out, area, columns, by_area[area]);
  WriteRow(out, "total", columns, total);
}

void WriteSameTrace(std::ostream& out, const RunReport& report) {
  std::size_t repeated = 0;
  std::size_t passed = 0;
  for (const CaseResult& result : report.results) {
    if (!report.IsRepetition(result)) continue;
    ++repeated;
    if (result.verdict == Verdict::kPass) ++passed;
  }
  if (repeated == 0) return;
  out << "  same trace over sockets: " << passed << " of " << repeated << " decision cases\n";
}

// By a policy of its own an implementation may pass with what the specification has otherwise.
void WriteDiffers(std::ostream& out, const RunReport& report) {
  const auto count =
      std::count_if(report.results.begin(), report.results.end(), [](const CaseResult& result) {
        return result.verdict != Verdict::kSkipped && !result.differs.empty();
      });
  if (count > 0) out << "  held to its own policy where that differs from SPEC: " << count << "\n";
}

void WriteClauses(std::ostream& out, const std::vector<ClauseEntry>& entries) {
  std::array<std::size_t, 2> total{};
  std::array<std::size_t, 2> proven{};
  std::size_t structural = 0;
  for (const ClauseEntry& entry : entries) {
    if (entry.status == ClauseStatus::kStructural) {
      ++structural;
      continue;
    }
    if (entry.status == ClauseStatus::kNotDeclared) continue;
    ++total[entry.clause->declared ? 1 : 0];
    if (entry.status == ClauseStatus::kProven) ++proven[entry.clause->declared ? 1 : 0];
  }
  out << "  clauses proven: core " << proven[0] << " of " << total[0];
  if (total[1] > 0) out << ", declared " << proven[1] << " of " << total[1];
  out << "\n";
  if (structural == 0) return;
  out << "  shown by C++ tests instead of cases: " << structural << " (";
  const char* separator = "";
  for (const ClauseEntry& entry : entries) {
    if (entry.status != ClauseStatus::kStructural) continue;
    out << separator << entry.clause->id << " " << entry.clause->structural;
    separator = ", ";
  }
  out << ")\n";
}

void WriteSkips(std::ostream& out, const RunReport& report) {
  std::map<std::string, std::size_t> by_reason;
  for (const CaseResult& result : report.results) {
    if (result.verdict == Verdict::kSkipped) ++by_reason[result.reason];
  }
  for (const auto& [reason, count] : by_reason) {
    out << "  skipped " << count << ": " << reason << "\n";
  }
}

void WriteMismatch(std::ostream& out, const Mismatch& mismatch) {
  out << "    " << mismatch.where << "\n"
      << "      expected  " << mismatch.expected << "\n"
      << "      actual    " << mismatch.actual << "\n";
}

void WriteTimeline(std::ostream& out, const Timeline& timeline) {
  for (const TimelineEvent& event : timeline) out << "    " << Describe(event) << "\n";
}

void WriteHead(std::ostream& out, const CaseResult& result) {
  std::string verdict(ToString(result.verdict));
  std::transform(verdict.begin(), verdict.end(), verdict.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  out << verdict << "  " << result.id;
  if (!result.policy.empty()) out << "  policy " << result.policy;
  out << "  by " << ToString(result.way) << "\n    " << result.title << "\n";
}

void WriteBad(std::ostream& out, const Suite& suite, const CaseResult& result,
              const std::string& command, bool with_timeline) {
  WriteHead(out, result);
  if (!result.reason.empty()) out << "    " << result.reason << "\n";
  if (!result.reason_url.empty()) out << "    see " << result.reason_url << "\n";
  for (const Mismatch& mismatch : result.mismatches) WriteMismatch(out, mismatch);
  for (const std::string& difference : result.differs) out << "    " << difference << "\n";
  if (result.behaves_like) out << "    behaves like " << Describe(*result.behaves_like) << "\n";
  if (with_timeline) WriteTimeline(out, result.timeline);
  for (const std::string& id : result.clauses) {
    const Clause* clause = suite.FindClause(id);
    if (clause != nullptr) out << "    clause    " << id << ": " << clause->text << "\n";
  }
  if (!result.provenance_issue.empty()) {
    out << "    seen in   " << result.provenance_issue;
    if (!result.provenance_note.empty()) out << " (" << result.provenance_note << ")";
    out << "\n";
  }
  out << "    fixture   " << result.file << result.pointer << "\n    repeat    "
      << RepeatCommand(command, result) << "\n\n";
}

}  // namespace

std::string FormatReport(const Suite& suite, const RunReport& report, ShownTimelines timelines) {
  std::ostringstream out;
  const Identity& identity = report.identity;
  out << identity.name;
  if (!identity.version.empty()) out << " " << identity.version;
  if (!identity.language.empty()) out << " (" << identity.language << ")";
  out << ", policies " << DescribeList(report.policies) << "\n\n";
  for (const CaseResult& result : report.results) {
    if (IsBad(result.verdict)) {
      WriteBad(out, suite, result, report.case_command, timelines != ShownTimelines::kNone);
    } else if (timelines == ShownTimelines::kAll && !result.timeline.empty()) {
      WriteHead(out, result);
      WriteTimeline(out, result.timeline);
      out << "\n";
    }
  }
  WriteTable(out, report);
  out << "\n";
  WriteSameTrace(out, report);
  WriteDiffers(out, report);
  WriteClauses(out, CountClauses(suite, report));
  WriteSkips(out, report);
  if (report.nearest) {
    out << "  nearest known-bad implementation: " << Describe(report.nearest->name)
        << ", which shares " << report.nearest->shared << " of " << report.nearest->either
        << " failed cases\n";
  }
  out << "\n"
      << report.Count(Verdict::kPass) << " passed, " << report.Count(Verdict::kFail) << " failed, "
      << report.Count(Verdict::kError) << " errors, " << report.Count(Verdict::kInconclusive)
      << " inconclusive, ";
  for (const Verdict verdict :
       {Verdict::kFlaky, Verdict::kUnexpectedPass, Verdict::kKnownFailing}) {
    if (report.Count(verdict) > 0) out << report.Count(verdict) << " " << ToString(verdict) << ", ";
  }
  out << report.Count(Verdict::kSkipped) << " skipped in " << Seconds(report.duration) << "\n";
  return Displayable(out.str());
}

std::string RepeatCommand(const std::string& command, const CaseResult& result) {
  std::string text = command;
  const std::string& policy = result.policy_file.empty() ? result.policy : result.policy_file;
  if (!policy.empty()) text += " --policy " + ShellQuoted(policy);
  return text + " --select " + ShellQuoted(result.id);
}

ProgressLine::ProgressLine() : on_terminal_(::isatty(STDOUT_FILENO) == 1) {}

void ProgressLine::Show(const CaseResult& result, std::size_t total) {
  ++count_;
  if (IsBad(result.verdict)) ++bad_;
  if (!on_terminal_) return;
  std::string line = std::to_string(count_) + " of " + std::to_string(total);
  if (bad_ > 0) line += ", " + std::to_string(bad_) + " bad";
  line += "  " + result.id;
  line.resize(std::min<std::size_t>(line.size(), 78));
  std::printf("\r\033[K%s", line.c_str());
  std::fflush(stdout);
}

void ProgressLine::Clear() {
  if (!on_terminal_) return;
  std::printf("\r\033[K");
  std::fflush(stdout);
}

}  // namespace keywalk::conformance
