// What the suite says about one case, and why.
#ifndef KEYWALK_CONFORMANCE_VERDICT_H_
#define KEYWALK_CONFORMANCE_VERDICT_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/timeline.h"

namespace keywalk::conformance {

enum class Verdict : std::uint8_t {
  kPass,
  kFail,
  kError,           // the implementation, or the suite, broke down
  kInconclusive,    // a scripted fault did not fire: nothing was shown
  kFlaky,           // repeated, it did not always get the same verdict
  kUnexpectedPass,  // the file of known failures says that it fails
  kKnownFailing,    // bad, and the file of known failures says so
  kSkipped,         // the implementation does not declare what the case needs
};
// In the order in which reports list them.
inline constexpr std::array kAllVerdicts = {
    Verdict::kPass,  Verdict::kFail,           Verdict::kError,        Verdict::kInconclusive,
    Verdict::kFlaky, Verdict::kUnexpectedPass, Verdict::kKnownFailing, Verdict::kSkipped};

std::string_view ToString(Verdict verdict) noexcept;  // "pass", "unexpected-pass", ...
// True for what makes a run fail.
bool IsBad(Verdict verdict) noexcept;

// One expectation that was not met. Holds aliases and masked hints, never a key.
struct Mismatch {
  std::string where;  // such as "r0 attempts"
  std::string expected;
  std::string actual;
};

// One request beside what was expected of it; its attempts are those of the result. Holds aliases,
// never a key.
struct RequestRecord {
  std::string id;
  std::optional<std::chrono::milliseconds> at;  // virtual time; nullopt: when the one before ended
  std::vector<std::string> expected_attempts;   // key aliases in order
  std::string expected_outcome;
  std::string outcome;
};

// A known-bad implementation (fixtures/mutants.json).
struct MutantName {
  std::string name;
  std::string title;
  std::string provenance_issue;  // "owner/repo#123" or empty
};
// "NAME (TITLE; seen in ISSUE)".
std::string Describe(const MutantName& mutant);

// How a case was run.
enum class Way : std::uint8_t { kVector, kDecide, kSockets };
std::string_view ToString(Way way) noexcept;  // "vector", "decide", "sockets"

// One case (or vector) under one policy, run in one way.
struct CaseResult {
  std::string id;
  std::string title;
  std::string area;
  std::string policy;       // empty for a vector without one
  std::string policy_file;  // of one given by --policy; else empty
  Way way = Way::kDecide;
  std::string level = "must";
  std::string file;  // where the fixture stands
  std::string pointer;
  std::vector<std::string> clauses;
  std::string provenance_issue;
  std::string provenance_note;

  Verdict verdict = Verdict::kPass;
  std::string reason;      // of everything but a pass or a plain failure
  std::string reason_url;  // where an implementation says more
  std::vector<Mismatch> mismatches;
  std::vector<std::string> notes;       // expectations that this way of running could not look at
  std::vector<RequestRecord> requests;  // those that were looked at, also of a pass
  std::map<std::string, std::vector<std::string>> attempts;  // key aliases by request, as made
  Timeline timeline;                                         // over sockets only
  std::map<Verdict, std::size_t> repeats;  // how often each came; empty unless it was repeated
  std::optional<MutantName> behaves_like;  // the known-bad implementation that does the same
  // Where the implementation's own policy, to which it was held, is not what the fixture states.
  std::vector<std::string> differs;
  std::chrono::nanoseconds duration{};
};

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_VERDICT_H_
