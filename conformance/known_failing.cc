#include "conformance/known_failing.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "config/json_reader.h"
#include "config/schema_version.h"

namespace keywalk::conformance {
namespace {

using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr std::size_t kMaxReasonBytes = 300;

// The ids of all cases and vectors.
std::set<std::string> AllIds(const Suite& suite) {
  std::set<std::string> ids;
  for (const Case& test_case : suite.cases) ids.insert(test_case.id);
  for (const Vector& vector : suite.vectors) ids.insert(vector.function + "/" + vector.id);
  return ids;
}

KnownFailure ReadEntry(const json& value, const std::string& pointer,
                       const std::set<std::string>& ids, JsonProblems& problems) {
  KnownFailure entry;
  ObjectReader object(value, pointer, problems);
  entry.id = object.RequiredString("case");
  entry.policy = object.String("policy");
  entry.reason = object.RequiredString("reason");
  entry.url = object.String("url");
  if (!entry.id.empty() && !ids.contains(entry.id)) {
    object.Problem("case", "names no case of the suite: \"" + entry.id + "\"");
  }
  if (entry.reason.empty()) object.Problem("reason", "must not be empty");
  object.Finish();
  return entry;
}

bool HasRun(const CaseResult& result) { return result.verdict != Verdict::kSkipped; }
bool HasPassed(const CaseResult& result) {
  return result.verdict == Verdict::kPass || result.verdict == Verdict::kUnexpectedPass;
}

// What a run has shown of one entry.
enum class Shown { kNothing, kPassed, kFailed };

Shown Look(const KnownFailure& entry, const std::vector<CaseResult>& results) {
  Shown shown = Shown::kNothing;
  for (const CaseResult& result : results) {
    if (!entry.Covers(result) || !HasRun(result)) continue;
    if (!HasPassed(result)) return Shown::kFailed;
    shown = Shown::kPassed;
  }
  return shown;
}

// Why the result is bad, in one line that a person may replace by what is known about it.
std::string ReasonOf(const CaseResult& result) {
  std::string text = result.reason;
  if (text.empty() && !result.mismatches.empty()) {
    const Mismatch& first = result.mismatches.front();
    text = first.where + ": expected " + first.expected + ", actual " + first.actual;
  }
  if (text.empty()) text = std::string(ToString(result.verdict));
  std::replace(text.begin(), text.end(), '\n', ' ');
  if (text.size() > kMaxReasonBytes) text = text.substr(0, kMaxReasonBytes) + "...";
  return text;
}

}  // namespace

bool KnownFailure::Covers(const CaseResult& result) const {
  return result.id == id && (policy.empty() || result.policy == policy);
}

Result<KnownFailures> LoadKnownFailures(const std::string& path, const Suite& suite) {
  JsonProblems problems(path);
  const json document = config::ReadJsonFile(path, problems);
  if (problems.any()) return problems.error();
  ObjectReader root(document, "", problems);
  config::CheckSchemaVersion(root);
  const json* array = root.RequiredArray("known_failing");
  const std::set<std::string> ids = AllIds(suite);
  std::set<std::pair<std::string, std::string>> seen;
  KnownFailures known{path, {}};
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const std::string pointer = JoinPointer("/known_failing", i);
    KnownFailure entry = ReadEntry((*array)[i], pointer, ids, problems);
    if (!seen.emplace(entry.id, entry.policy).second) problems.Add(pointer, "is given twice");
    known.entries.push_back(std::move(entry));
  }
  root.Finish();
  if (problems.any()) return problems.error();
  return known;
}

void ApplyKnownFailures(const KnownFailures& known, bool short_run,
                        std::vector<CaseResult>& results) {
  for (const KnownFailure& entry : known.entries) {
    const Shown shown = Look(entry, results);
    for (CaseResult& result : results) {
      if (!entry.Covers(result) || !HasRun(result)) continue;
      if (IsBad(result.verdict) && result.verdict != Verdict::kUnexpectedPass) {
        result.reason = entry.reason + (result.reason.empty() ? "" : "; now: " + result.reason);
        if (!entry.url.empty()) result.reason_url = entry.url;
        result.verdict = Verdict::kKnownFailing;
      } else if (shown == Shown::kPassed && !(short_run && result.way == Way::kDecide)) {
        result.verdict = Verdict::kUnexpectedPass;
        result.reason = "passes, but " + known.file + " says that it fails (" + entry.reason +
                        "): take it out of that file";
      }
    }
  }
}

std::string FormatKnownFailures(const std::vector<CaseResult>& results,
                                const KnownFailures& before) {
  std::vector<KnownFailure> entries;
  for (const KnownFailure& entry : before.entries) {
    if (Look(entry, results) != Shown::kPassed) entries.push_back(entry);
  }
  for (const CaseResult& result : results) {
    if (!HasRun(result) || HasPassed(result)) continue;
    const bool covered =
        std::any_of(entries.begin(), entries.end(),
                    [&](const KnownFailure& entry) { return entry.Covers(result); });
    if (!covered) entries.push_back({result.id, result.policy, ReasonOf(result), ""});
  }
  nlohmann::ordered_json document = {{"schema_version", "1.0"},
                                     {"known_failing", nlohmann::ordered_json::array()}};
  for (const KnownFailure& entry : entries) {
    nlohmann::ordered_json object = {{"case", entry.id}};
    if (!entry.policy.empty()) object["policy"] = entry.policy;
    object["reason"] = entry.reason;
    if (!entry.url.empty()) object["url"] = entry.url;
    document["known_failing"].push_back(std::move(object));
  }
  // What an implementation sent may not be UTF-8.
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace keywalk::conformance
