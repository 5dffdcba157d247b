#include "conformance/report/json_report.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "conformance/clause_ledger.h"
#include "conformance/terminal_report.h"

namespace keywalk::conformance {
namespace {

// Members stand in the order in which they are written here.
using nlohmann::ordered_json;

std::string Rfc3339(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

double InMilliseconds(std::chrono::nanoseconds duration) {
  return static_cast<double>(duration.count() / 1000) / 1000.0;
}

ordered_json ToJson(const Identity& identity) {
  return {{"name", identity.name},
          {"version", identity.version},
          {"language", identity.language},
          {"policies", identity.policies},
          {"capabilities", identity.capabilities}};
}

ordered_json TotalsJson(const RunReport& report) {
  ordered_json totals = ordered_json::object();
  for (const Verdict verdict : kAllVerdicts) {
    totals[std::string(ToString(verdict))] = report.Count(verdict);
  }
  return totals;
}

ordered_json Clauses(const Suite& suite, const RunReport& report) {
  ordered_json clauses = ordered_json::array();
  for (const ClauseEntry& entry : CountClauses(suite, report)) {
    ordered_json clause = {{"id", entry.clause->id},
                           {"text", entry.clause->text},
                           {"level", entry.clause->declared ? "declared" : "core"},
                           {"status", ToString(entry.status)},
                           {"passed", entry.passed},
                           {"failed", entry.failed}};
    if (!entry.clause->structural.empty()) clause["structural"] = entry.clause->structural;
    clauses.push_back(std::move(clause));
  }
  return clauses;
}

ordered_json ToJson(const TimelineEvent& event) {
  ordered_json object = {
      {"at_ms", event.at_ms}, {"actor", ToString(event.actor)}, {"event", event.event}};
  if (!event.request.empty()) object["request"] = event.request;
  if (!event.key.empty()) object["key"] = event.key;
  if (event.status) object["status"] = *event.status;
  if (!event.detail.empty()) object["detail"] = event.detail;
  return object;
}

ordered_json ToJson(const RequestRecord& record) {
  ordered_json object = {{"id", record.id}};
  if (record.at) object["at_ms"] = record.at->count();
  object["expected"] = {{"attempts", record.expected_attempts},
                        {"outcome", record.expected_outcome}};
  object["outcome"] = record.outcome;
  return object;
}

ordered_json ToJson(const MutantName& mutant) {
  ordered_json object = {{"name", mutant.name}, {"title", mutant.title}};
  if (!mutant.provenance_issue.empty()) object["provenance"] = mutant.provenance_issue;
  return object;
}

// What was done, beside what was expected of it.
void AddConduct(const CaseResult& result, ordered_json& object) {
  for (const RequestRecord& record : result.requests) {
    object["requests"].push_back(ToJson(record));
  }
  if (!result.attempts.empty()) object["attempts"] = result.attempts;
  for (const auto& [verdict, count] : result.repeats) {
    object["repeats"][std::string(ToString(verdict))] = count;
  }
  if (result.behaves_like) object["behaves_like"] = ToJson(*result.behaves_like);
  for (const TimelineEvent& event : result.timeline) {
    object["timeline"].push_back(ToJson(event));
  }
}

// The fixture's place below the suite's folder: where that stands is nobody else's business.
std::string BelowFolder(const std::string& file, const std::string& folder) {
  const std::filesystem::path below = std::filesystem::path(file).lexically_relative(folder);
  return below.empty() || *below.begin() == ".." ? file : below.string();
}

ordered_json ToJson(const CaseResult& result, const std::string& folder,
                    const std::string& command) {
  ordered_json object = {{"id", result.id},
                         {"title", result.title},
                         {"area", result.area},
                         {"policy", result.policy},
                         {"way", ToString(result.way)},
                         {"level", result.level},
                         {"clauses", result.clauses},
                         {"verdict", ToString(result.verdict)}};
  if (!result.reason.empty()) object["reason"] = result.reason;
  if (!result.reason_url.empty()) object["reason_url"] = result.reason_url;
  object["mismatches"] = ordered_json::array();
  for (const Mismatch& mismatch : result.mismatches) {
    object["mismatches"].push_back(
        {{"where", mismatch.where}, {"expected", mismatch.expected}, {"actual", mismatch.actual}});
  }
  if (!result.notes.empty()) object["notes"] = result.notes;
  if (!result.differs.empty()) object["differs"] = result.differs;
  AddConduct(result, object);
  if (!result.provenance_issue.empty()) object["provenance"] = result.provenance_issue;
  if (!result.provenance_note.empty()) object["provenance_note"] = result.provenance_note;
  object["file"] = BelowFolder(result.file, folder);
  object["pointer"] = result.pointer;
  object["repeat"] = RepeatCommand(command, result);
  object["duration_ms"] = InMilliseconds(result.duration);
  return object;
}

}  // namespace

std::string FormatJson(const Suite& suite, const RunReport& report) {
  ordered_json document = {{"schema_version", "1.1"},
                           {"tool", {{"name", "keywalk-conform"}, {"version", KEYWALK_VERSION}}},
                           {"implementation", ToJson(report.identity)},
                           {"command", report.command},
                           {"started_at", Rfc3339(report.started_at)},
                           {"duration_ms", InMilliseconds(report.duration)},
                           {"policies", report.policies},
                           {"totals", TotalsJson(report)},
                           {"clauses", Clauses(suite, report)},
                           {"results", ordered_json::array()}};
  if (report.nearest) {
    ordered_json nearest = ToJson(report.nearest->name);
    nearest["shared"] = report.nearest->shared;
    nearest["either"] = report.nearest->either;
    document["nearest_mutant"] = std::move(nearest);
  }
  for (const CaseResult& result : report.results) {
    document["results"].push_back(ToJson(result, suite.folder, report.case_command));
  }
  // What an implementation sent may not be UTF-8.
  return document.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace keywalk::conformance
