#include "conformance/json_report.h"

#include <array>
#include <cstddef>
#include <ctime>
#include <nlohmann/json.hpp>

#include "conformance/clause_ledger.h"

namespace keywalk::conformance {
namespace {

// Members stand in the order in which they are written here.
using json = nlohmann::ordered_json;

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

json ToJson(const Identity& identity) {
  return {{"name", identity.name},
          {"version", identity.version},
          {"language", identity.language},
          {"policies", identity.policies},
          {"capabilities", identity.capabilities}};
}

json TotalsJson(const RunReport& report) {
  json totals = json::object();
  for (const Verdict verdict : {Verdict::kPass, Verdict::kFail, Verdict::kError,
                                Verdict::kInconclusive, Verdict::kSkipped}) {
    totals[std::string(ToString(verdict))] = report.Count(verdict);
  }
  return totals;
}

json Clauses(const Suite& suite, const RunReport& report) {
  json clauses = json::array();
  for (const ClauseEntry& entry : CountClauses(suite, report)) {
    json clause = {{"id", entry.clause->id},
                   {"level", entry.clause->declared ? "declared" : "core"},
                   {"status", ToString(entry.status)},
                   {"passed", entry.passed},
                   {"failed", entry.failed}};
    if (!entry.clause->structural.empty()) clause["structural"] = entry.clause->structural;
    clauses.push_back(std::move(clause));
  }
  return clauses;
}

json ToJson(const CaseResult& result) {
  json object = {{"id", result.id},
                 {"title", result.title},
                 {"area", result.area},
                 {"policy", result.policy},
                 {"way", ToString(result.way)},
                 {"level", result.level},
                 {"clauses", result.clauses},
                 {"verdict", ToString(result.verdict)}};
  if (!result.reason.empty()) object["reason"] = result.reason;
  if (!result.reason_url.empty()) object["reason_url"] = result.reason_url;
  object["mismatches"] = json::array();
  for (const Mismatch& mismatch : result.mismatches) {
    object["mismatches"].push_back(
        {{"where", mismatch.where}, {"expected", mismatch.expected}, {"actual", mismatch.actual}});
  }
  if (!result.notes.empty()) object["notes"] = result.notes;
  if (!result.provenance_issue.empty()) object["provenance"] = result.provenance_issue;
  object["file"] = result.file;
  object["pointer"] = result.pointer;
  object["duration_ms"] = InMilliseconds(result.duration);
  return object;
}

}  // namespace

std::string FormatJson(const Suite& suite, const RunReport& report,
                       std::chrono::system_clock::time_point started_at,
                       const std::string& command) {
  json document = {{"schema_version", "1.0"},
                   {"tool", {{"name", "keywalk-conform"}, {"version", KEYWALK_VERSION}}},
                   {"implementation", ToJson(report.identity)},
                   {"command", command},
                   {"started_at", Rfc3339(started_at)},
                   {"duration_ms", InMilliseconds(report.duration)},
                   {"policies", report.policies},
                   {"totals", TotalsJson(report)},
                   {"clauses", Clauses(suite, report)},
                   {"results", json::array()}};
  for (const CaseResult& result : report.results) document["results"].push_back(ToJson(result));
  // What an implementation sent may not be UTF-8.
  return document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace keywalk::conformance
