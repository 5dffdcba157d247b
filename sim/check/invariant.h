// What must hold in every run, whatever the world: names, and what a breach is told as.
#ifndef KEYWALK_SIM_CHECK_INVARIANT_H_
#define KEYWALK_SIM_CHECK_INVARIANT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keywalk/clock.h"
#include "keywalk/key_pool.h"
#include "sim/run/observer.h"

namespace keywalk::sim {

enum class Invariant : std::uint8_t {
  // Safety.
  kNoEarlyUse,
  kDeadlineKept,
  kPermanenceTerminal,
  kOneTryPerKey,
  kFirstHealthyKey,
  kHealthyKeysTried,
  kSameBody,
  kNoFailoverAfterFirstByte,
  kErrorsPassedOn,
  kBoundedAmplification,
  kHonestExhaustion,
  kStateAgrees,
  kNoKeyShown,
  // Liveness.
  kEveryRequestAnswered,
  kKeysReturn,
  kRequestsSucceed,
};

struct InvariantInfo {
  Invariant invariant;
  std::string_view name;    // "no-early-use"
  bool is_liveness;         // needs that faults have stopped; else: at no time may it be broken
  std::string_view rule;    // in one line
  std::string_view clause;  // of the specification
};
// In the order of the enumeration.
std::span<const InvariantInfo> AllInvariants() noexcept;
const InvariantInfo& InfoOf(Invariant invariant) noexcept;
inline std::string_view ToString(Invariant invariant) noexcept { return InfoOf(invariant).name; }
std::optional<Invariant> ParseInvariant(std::string_view name) noexcept;

// One breach: `message` says what happened, to which key and request, and what was expected; the
// time stands beside it.
struct Violation {
  Invariant invariant = Invariant::kNoEarlyUse;
  Instant at{};
  std::optional<RequestId> request;
  std::optional<KeyIndex> key;
  std::string message;
};

// The breaches of one run, in the order in which they were seen. Not safe for concurrent use.
class ViolationLog {
 public:
  // A run that goes on and on breaks its invariants thousands of times: the first ones tell why.
  static constexpr std::size_t kMax = 20;

  void Add(Violation violation) {
    if (violations_.size() < kMax) violations_.push_back(std::move(violation));
  }
  const std::vector<Violation>& all() const noexcept { return violations_; }

 private:
  std::vector<Violation> violations_;
};

// "12.345 s", to the microsecond or nanosecond where that is needed.
std::string InSeconds(Duration duration);
inline std::string InSeconds(Instant at) { return InSeconds(at.time_since_epoch()); }

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_INVARIANT_H_
