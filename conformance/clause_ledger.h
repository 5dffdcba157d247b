// Which clauses of the specification a run has shown to hold.
#ifndef KEYWALK_CONFORMANCE_CLAUSE_LEDGER_H_
#define KEYWALK_CONFORMANCE_CLAUSE_LEDGER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "conformance/fixture_loader.h"
#include "conformance/suite_runner.h"

namespace keywalk::conformance {

enum class ClauseStatus : std::uint8_t {
  kProven,       // at least one case that names it passed whole, and none failed
  kFailed,       // a case that names it did not pass
  kNotShown,     // no case that names it ran
  kNotDeclared,  // neither the implementation nor a policy of the run declares it
  kStructural,   // no case can show it: a C++ test does
};
std::string_view ToString(ClauseStatus status) noexcept;  // "proven", "not declared", ...

struct ClauseEntry {
  const Clause* clause = nullptr;
  ClauseStatus status = ClauseStatus::kNotShown;
  std::size_t passed = 0;  // results that count for it
  std::size_t failed = 0;
};

// One entry a clause, in the order of clauses.json. `suite` outlives the entries.
std::vector<ClauseEntry> CountClauses(const Suite& suite, const RunReport& report);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_CLAUSE_LEDGER_H_
