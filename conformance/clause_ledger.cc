#include "conformance/clause_ledger.h"

#include <algorithm>
#include <map>
#include <string>

namespace keywalk::conformance {

namespace {

bool IsDeclared(const Clause& clause, const Suite& suite, const RunReport& report) {
  if (!clause.declared || report.identity.Has(clause.capability)) return true;
  return std::any_of(report.policies.begin(), report.policies.end(), [&](const std::string& name) {
    const LoadedPolicy* policy = suite.FindPolicy(name);
    if (policy == nullptr) return false;
    const std::vector<std::string>& declares = policy->policy->declares;
    return std::find(declares.begin(), declares.end(), clause.capability) != declares.end();
  });
}

}  // namespace

std::string_view ToString(ClauseStatus status) noexcept {
  switch (status) {
    case ClauseStatus::kProven:
      return "proven";
    case ClauseStatus::kFailed:
      return "failed";
    case ClauseStatus::kNotShown:
      return "not shown";
    case ClauseStatus::kNotDeclared:
      return "not declared";
    case ClauseStatus::kStructural:
      break;
  }
  return "structural";
}

std::vector<ClauseEntry> CountClauses(const Suite& suite, const RunReport& report) {
  std::map<std::string, ClauseEntry> by_id;
  for (const CaseResult& result : report.results) {
    for (const std::string& id : result.clauses) {
      const bool passed =
          result.verdict == Verdict::kPass || result.verdict == Verdict::kUnexpectedPass;
      // A pass that left something unlooked at, or that is one by another policy, proves nothing.
      const bool whole = result.notes.empty() && result.differs.empty();
      if (passed && whole) ++by_id[id].passed;
      // A failure that is known is one all the same.
      if (!passed && result.verdict != Verdict::kSkipped) ++by_id[id].failed;
    }
  }
  std::vector<ClauseEntry> entries;
  for (const Clause& clause : suite.clauses) {
    ClauseEntry entry = by_id[clause.id];
    entry.clause = &clause;
    if (!IsDeclared(clause, suite, report)) {
      entry.status = ClauseStatus::kNotDeclared;
    } else if (entry.failed > 0) {
      entry.status = ClauseStatus::kFailed;
    } else if (entry.passed > 0) {
      entry.status = ClauseStatus::kProven;
    } else if (!clause.structural.empty()) {
      entry.status = ClauseStatus::kStructural;
    }
    entries.push_back(entry);
  }
  return entries;
}

}  // namespace keywalk::conformance
