// What changed between two runs: `keywalk-conform compare`.
#ifndef KEYWALK_CONFORMANCE_REPORT_RUN_COMPARISON_H_
#define KEYWALK_CONFORMANCE_REPORT_RUN_COMPARISON_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/report/report_file.h"

namespace keywalk::conformance {

enum class Change : std::uint8_t {
  kNewlyFailing,    // it passed, was skipped or was known to fail, and does worse now
  kNoLongerRun,     // it passed, and is skipped or gone now
  kNewlyPassing,    // it passes now, and did not
  kOtherVerdict,    // another verdict, neither better nor worse
  kAttemptsDiffer,  // the same verdict by other attempts
  kNew,             // only the later run has it
  kGone,            // only the earlier run has it, and it did not pass
};
std::string_view ToString(Change change) noexcept;  // "newly failing", ...
// True for what makes `compare` fail.
bool IsWorse(Change change) noexcept;

// One result that changed. A result is known by its case, policy and way. Where two implementations
// are compared, of which each was held to a policy of its own, those two stand for each other.
struct Difference {
  Change change = Change::kNew;
  std::string id;
  std::string policy;  // "A and B" for those two
  std::string way;
  std::string before;  // the verdict; empty: none
  std::string after;
  std::string cause;            // why it is not a pass now; empty: it is one, or is gone
  std::string attempts_before;  // such as "r0: k0, k1"; of kAttemptsDiffer
  std::string attempts_after;
};

struct RunDifferences {
  std::vector<Difference> list;  // by kind of change, then as the runs have them
  std::size_t unchanged = 0;

  bool any_worse() const;
};

RunDifferences CompareRuns(const ReportFile& before, const ReportFile& after);

// For a terminal; and as JSON.
std::string FormatDifferences(const ReportFile& before, const ReportFile& after,
                              const RunDifferences& differences);
std::string FormatDifferencesJson(const ReportFile& before, const ReportFile& after,
                                  const RunDifferences& differences);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_REPORT_RUN_COMPARISON_H_
