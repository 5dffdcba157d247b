#include "conformance/verdict.h"

namespace keywalk::conformance {

std::string_view ToString(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kFail:
      return "fail";
    case Verdict::kInconclusive:
      return "inconclusive";
    case Verdict::kFlaky:
      return "flaky";
    case Verdict::kUnexpectedPass:
      return "unexpected-pass";
    case Verdict::kKnownFailing:
      return "known-failing";
    case Verdict::kSkipped:
      return "skipped";
    case Verdict::kError:
      break;
  }
  return "error";
}

bool IsBad(Verdict verdict) noexcept {
  return verdict != Verdict::kPass && verdict != Verdict::kKnownFailing &&
         verdict != Verdict::kSkipped;
}

std::string Describe(const MutantName& mutant) {
  std::string text = mutant.name + " (" + mutant.title;
  if (!mutant.provenance_issue.empty()) text += "; seen in " + mutant.provenance_issue;
  return text + ")";
}

std::string_view ToString(Way way) noexcept {
  switch (way) {
    case Way::kVector:
      return "vector";
    case Way::kDecide:
      return "decide";
    case Way::kSockets:
      break;
  }
  return "sockets";
}

}  // namespace keywalk::conformance
