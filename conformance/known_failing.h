// The file of known failures: what an implementation is known not to do yet, and why, so that its
// CI fails for what is new alone (fixtures/schema/known_failing.schema.json).
#ifndef KEYWALK_CONFORMANCE_KNOWN_FAILING_H_
#define KEYWALK_CONFORMANCE_KNOWN_FAILING_H_

#include <string>
#include <vector>

#include "conformance/fixture_loader.h"
#include "conformance/verdict.h"
#include "keywalk/result.h"

namespace keywalk::conformance {

struct KnownFailure {
  std::string id;      // of a case, or FUNCTION/ID of a vector
  std::string policy;  // empty: under any
  std::string reason;
  std::string url;  // where it is dealt with; may be empty

  bool Covers(const CaseResult& result) const;
};

// Read-only once loaded; concurrent reads are safe.
struct KnownFailures {
  std::string file;
  std::vector<KnownFailure> entries;
};

// Reads a file strictly. Errors name the file, the JSON pointer and the reason; an entry for a case
// that the suite does not have is one, as is the same entry twice.
Result<KnownFailures> LoadKnownFailures(const std::string& path, const Suite& suite);

// Bad results that an entry covers become known-failing. If everything that an entry covers in this
// run has passed, those results become unexpected passes; a `short_run` cannot tell that of
// decision cases, which it leaves out over sockets.
void ApplyKnownFailures(const KnownFailures& known, bool short_run,
                        std::vector<CaseResult>& results);

// The text of a file with what failed in a run. Entries of `before` stay, with their reasons, where
// something that they cover failed, or nothing that they cover has run. Holds no key.
std::string FormatKnownFailures(const std::vector<CaseResult>& results,
                                const KnownFailures& before);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_KNOWN_FAILING_H_
