#include "conformance/report/badge.h"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>

#include "conformance/clause_ledger.h"

namespace keywalk::conformance {
namespace {

struct ClauseTally {
  std::size_t proven = 0;
  std::size_t failed = 0;
  std::size_t total = 0;
};

ClauseTally TallyClauses(const Suite& suite, const RunReport& report) {
  ClauseTally tally;
  for (const ClauseEntry& entry : CountClauses(suite, report)) {
    const bool applies =
        entry.status != ClauseStatus::kStructural && entry.status != ClauseStatus::kNotDeclared;
    tally.total += applies;
    tally.proven += entry.status == ClauseStatus::kProven;
    tally.failed += entry.status == ClauseStatus::kFailed;
  }
  return tally;
}

std::string Colour(const ClauseTally& tally, bool anything_bad) {
  if (tally.failed > 0 || anything_bad) return "red";
  if (tally.proven == tally.total) return "brightgreen";
  return 4 * tally.proven >= 3 * tally.total ? "green" : "yellow";
}

}  // namespace

std::string FormatBadge(const Suite& suite, const RunReport& report) {
  const ClauseTally tally = TallyClauses(suite, report);
  const bool anything_bad =
      std::any_of(report.results.begin(), report.results.end(),
                  [](const CaseResult& result) { return IsBad(result.verdict); });
  const nlohmann::ordered_json badge = {
      {"schemaVersion", 1},
      {"label", "key failover"},
      {"message", std::to_string(tally.proven) + " of " + std::to_string(tally.total) + " clauses"},
      {"color", Colour(tally, anything_bad)}};
  return badge.dump(1) + "\n";
}

}  // namespace keywalk::conformance
