#include "conformance/report/tap_writer.h"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "conformance/displayable.h"
#include "conformance/terminal_report.h"

namespace keywalk::conformance {
namespace {

// One line of text in which nothing begins a directive: "#" and "\" are escaped.
std::string TapLine(std::string_view text) {
  std::string line;
  for (const char c : Displayable(text)) {
    if (c == '#' || c == '\\') line += '\\';
    line += c == '\n' || c == '\t' ? ' ' : c;
  }
  return line;
}

// A double-quoted scalar: every JSON string is one in YAML 1.2.
std::string YamlString(std::string_view text) {
  return nlohmann::json(Displayable(text))
      .dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

std::string YamlList(const std::vector<std::string>& items) {
  std::string text = "[";
  for (const std::string& item : items) {
    if (text.size() > 1) text += ", ";
    text += YamlString(item);
  }
  return text + "]";
}

std::string TapDiagnostics(const CaseResult& result, const std::string& command) {
  std::string text = "  ---\n  message: " + YamlString(result.title) +
                     "\n  severity: " + YamlString(ToString(result.verdict)) + "\n";
  if (!result.reason.empty()) text += "  reason: " + YamlString(result.reason) + "\n";
  if (!result.mismatches.empty()) text += "  mismatches:\n";
  for (const Mismatch& mismatch : result.mismatches) {
    text += "    - where: " + YamlString(mismatch.where) +
            "\n      expected: " + YamlString(mismatch.expected) +
            "\n      actual: " + YamlString(mismatch.actual) + "\n";
  }
  text += "  clauses: " + YamlList(result.clauses) + "\n";
  if (!result.provenance_issue.empty()) {
    text += "  seen_in: " + YamlString(result.provenance_issue) + "\n";
  }
  return text + "  repeat: " + YamlString(RepeatCommand(command, result)) + "\n  ...\n";
}

std::string TestPoint(std::size_t number, const CaseResult& result, const std::string& command) {
  std::string name = result.area + "/" + result.id;
  if (!result.policy.empty()) name += " [" + result.policy + "]";
  name += " by " + std::string(ToString(result.way));
  const bool is_ok = result.verdict == Verdict::kPass || result.verdict == Verdict::kSkipped;
  const std::string text =
      (is_ok ? "ok " : "not ok ") + std::to_string(number) + " - " + TapLine(name);
  if (result.verdict == Verdict::kPass) return text + "\n";
  if (result.verdict == Verdict::kSkipped) {
    return text + " # skip " + TapLine(result.reason) + "\n";
  }
  return text + (IsBad(result.verdict) ? "" : " # todo " + TapLine(result.reason)) + "\n" +
         TapDiagnostics(result, command);
}

}  // namespace

std::string FormatTap(const RunReport& report) {
  std::string text = "TAP version 14\n1.." + std::to_string(report.results.size()) + "\n";
  std::size_t number = 0;
  for (const CaseResult& result : report.results) {
    text += TestPoint(++number, result, report.case_command);
  }
  return text;
}

}  // namespace keywalk::conformance
