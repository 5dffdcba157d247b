#include "conformance/report/run_comparison.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <tuple>

#include "conformance/displayable.h"
#include "conformance/outcome.h"

namespace keywalk::conformance {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::array kChanges = {
    Change::kNewlyFailing,   Change::kNoLongerRun, Change::kNewlyPassing, Change::kOtherVerdict,
    Change::kAttemptsDiffer, Change::kNew,         Change::kGone};

// Of a cause, in a terminal: what is longer is mostly a body.
constexpr std::size_t kShownBytes = 160;

using ResultKey = std::tuple<std::string, std::string, std::string>;

// The policy that each of two implementations was held to, and the other was not.
struct OwnPolicies {
  std::string before;
  std::string after;
};

std::set<std::string> PoliciesOf(const ReportFile& report, const ReportFile& other) {
  std::set<std::string> policies;
  for (const ReportResult& result : report.results) policies.insert(result.policy);
  for (const ReportResult& result : other.results) policies.erase(result.policy);
  policies.erase("");  // of cases for other policies than the run's
  return policies;
}

// Empty ones unless there is exactly one on either side.
OwnPolicies FindOwnPolicies(const ReportFile& before, const ReportFile& after) {
  if (before.implementation == after.implementation) return {};
  const std::set<std::string> earlier = PoliciesOf(before, after);
  const std::set<std::string> later = PoliciesOf(after, before);
  if (earlier.size() != 1 || later.size() != 1) return {};
  return {*earlier.begin(), *later.begin()};
}

ResultKey KeyOf(const ReportResult& result, const OwnPolicies& own) {
  const bool is_own =
      !own.before.empty() && (result.policy == own.before || result.policy == own.after);
  return {result.id, is_own ? own.before + " and " + own.after : result.policy, result.way};
}

// How good a verdict is: a pass, nothing shown, a failure one knows of, a failure.
int Rank(const std::string& verdict) {
  if (verdict == "pass") return 3;
  if (verdict == "skipped") return 2;
  return verdict == "known-failing" ? 1 : 0;
}

Difference MakeDifference(Change change, const ResultKey& key) {
  Difference difference;
  difference.change = change;
  std::tie(difference.id, difference.policy, difference.way) = key;
  return difference;
}

std::string DescribeAttempts(const ReportResult& result) {
  std::string text;
  for (const auto& [request, attempts] : result.attempts) {
    if (!text.empty()) text += "; ";
    text += request + ": " + DescribeList(attempts);
  }
  return text.empty() ? "(none)" : text;
}

// A report before 1.1 has no attempts to be compared.
bool AttemptsDiffer(const ReportResult& before, const ReportResult& after) {
  return !before.attempts.empty() && !after.attempts.empty() && before.attempts != after.attempts;
}

std::optional<Change> ChangeBetween(const ReportResult& before, const ReportResult& after) {
  const int rank_before = Rank(before.verdict);
  const int rank_after = Rank(after.verdict);
  if (rank_after < rank_before) {
    return after.verdict == "skipped" ? Change::kNoLongerRun : Change::kNewlyFailing;
  }
  if (before.verdict != after.verdict) {
    return after.verdict == "pass" ? Change::kNewlyPassing : Change::kOtherVerdict;
  }
  if (AttemptsDiffer(before, after)) return Change::kAttemptsDiffer;
  return std::nullopt;
}

std::string Shortened(const std::string& text) {
  if (text.size() <= kShownBytes) return text;
  return text.substr(0, text.find_last_of(" ,", kShownBytes)) + " ...";
}

std::string Row(const Difference& difference) {
  std::string text = "  " + difference.id;
  if (!difference.policy.empty()) text += "  policy " + difference.policy;
  text += "  by " + difference.way + "  ";
  if (difference.change == Change::kAttemptsDiffer) {
    return text + difference.after + "\n    before  " + difference.attempts_before +
           "\n    now     " + difference.attempts_after + "\n";
  }
  const auto verdict = [](const std::string& name) { return name.empty() ? "(none)" : name; };
  text += verdict(difference.before) + " -> " + verdict(difference.after) + "\n";
  if (difference.cause.empty()) return text;
  return text + "    " + Shortened(difference.cause) + "\n";
}

// Two runs of one implementation are an earlier and a later one; two implementations are named.
std::string Heading(Change change, const ReportFile& before, const ReportFile& after) {
  if (before.implementation == after.implementation) return std::string(ToString(change));
  switch (change) {
    case Change::kNewlyFailing:
      return "worse with " + after.implementation;
    case Change::kNoLongerRun:
      return "not run with " + after.implementation;
    case Change::kNewlyPassing:
      return "better with " + after.implementation;
    case Change::kNew:
      return "only with " + after.implementation;
    case Change::kGone:
      return "only with " + before.implementation;
    case Change::kOtherVerdict:
    case Change::kAttemptsDiffer:
      break;
  }
  return std::string(ToString(change));
}

std::string Title(const ReportFile& report) {
  return report.implementation + " " + report.version + ", " + report.started_at + ", " +
         report.source;
}

OrderedJson TitleJson(const ReportFile& report) {
  return {{"file", report.source},
          {"implementation", report.implementation},
          {"version", report.version},
          {"started_at", report.started_at}};
}

}  // namespace

std::string_view ToString(Change change) noexcept {
  switch (change) {
    case Change::kNewlyFailing:
      return "newly failing";
    case Change::kNoLongerRun:
      return "no longer run";
    case Change::kNewlyPassing:
      return "newly passing";
    case Change::kOtherVerdict:
      return "other verdict";
    case Change::kAttemptsDiffer:
      return "attempts differ";
    case Change::kNew:
      return "new";
    case Change::kGone:
      break;
  }
  return "gone";
}

bool IsWorse(Change change) noexcept {
  return change == Change::kNewlyFailing || change == Change::kNoLongerRun;
}

bool RunDifferences::any_worse() const {
  return std::any_of(list.begin(), list.end(),
                     [](const Difference& difference) { return IsWorse(difference.change); });
}

RunDifferences CompareRuns(const ReportFile& before, const ReportFile& after) {
  RunDifferences differences;
  const OwnPolicies own = FindOwnPolicies(before, after);
  std::map<ResultKey, const ReportResult*> gone;
  for (const ReportResult& result : before.results) gone.emplace(KeyOf(result, own), &result);
  for (const ReportResult& result : after.results) {
    const ResultKey key = KeyOf(result, own);
    const auto found = gone.find(key);
    if (found == gone.end()) {
      differences.list.push_back(MakeDifference(Change::kNew, key));
      differences.list.back().after = result.verdict;
      if (result.verdict != "pass") differences.list.back().cause = result.cause;
      continue;
    }
    const ReportResult& old = *found->second;
    gone.erase(found);
    const std::optional<Change> change = ChangeBetween(old, result);
    if (!change) {
      ++differences.unchanged;
      continue;
    }
    Difference& difference = differences.list.emplace_back(MakeDifference(*change, key));
    difference.before = old.verdict;
    difference.after = result.verdict;
    if (result.verdict != "pass") difference.cause = result.cause;
    if (change != Change::kAttemptsDiffer) continue;
    difference.attempts_before = DescribeAttempts(old);
    difference.attempts_after = DescribeAttempts(result);
  }
  for (const ReportResult& result : before.results) {
    const ResultKey key = KeyOf(result, own);
    if (gone.find(key) == gone.end()) continue;
    const bool passed = result.verdict == "pass";
    differences.list.push_back(MakeDifference(passed ? Change::kNoLongerRun : Change::kGone, key));
    differences.list.back().before = result.verdict;
  }
  std::stable_sort(differences.list.begin(), differences.list.end(),
                   [](const Difference& a, const Difference& b) { return a.change < b.change; });
  return differences;
}

std::string FormatDifferences(const ReportFile& before, const ReportFile& after,
                              const RunDifferences& differences) {
  const bool same = before.implementation == after.implementation;
  std::string text = (same ? "before  " : "one    ") + Title(before) +
                     (same ? "\nnow     " : "\nother  ") + Title(after) + "\n\n";
  std::string totals;
  for (const Change change : kChanges) {
    std::string rows;
    std::size_t count = 0;
    for (const Difference& difference : differences.list) {
      if (difference.change != change) continue;
      rows += Row(difference);
      ++count;
    }
    const std::string heading = Heading(change, before, after);
    totals += std::to_string(count) + " " + heading + ", ";
    if (count > 0) text += heading + "\n" + rows + "\n";
  }
  return Displayable(text + totals + std::to_string(differences.unchanged) + " unchanged\n");
}

std::string FormatDifferencesJson(const ReportFile& before, const ReportFile& after,
                                  const RunDifferences& differences) {
  OrderedJson document = {{"schema_version", "1.0"},
                          {"before", TitleJson(before)},
                          {"after", TitleJson(after)},
                          {"worse", differences.any_worse()},
                          {"unchanged", differences.unchanged},
                          {"differences", OrderedJson::array()}};
  for (const Difference& difference : differences.list) {
    OrderedJson item = {{"change", ToString(difference.change)},
                        {"worse", IsWorse(difference.change)},
                        {"id", difference.id},
                        {"policy", difference.policy},
                        {"way", difference.way}};
    if (!difference.before.empty()) item["before"] = difference.before;
    if (!difference.after.empty()) item["after"] = difference.after;
    if (!difference.cause.empty()) item["cause"] = difference.cause;
    if (difference.change == Change::kAttemptsDiffer) {
      item["attempts_before"] = difference.attempts_before;
      item["attempts_after"] = difference.attempts_after;
    }
    document["differences"].push_back(std::move(item));
  }
  return document.dump(1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace keywalk::conformance
