#include "sim/check/invariant.h"

#include <algorithm>
#include <array>

namespace keywalk::sim {
namespace {

constexpr std::array kInvariants = {
    InvariantInfo{Invariant::kNoEarlyUse, "no-early-use", false,
                  "no key is used before its cooldown has ended", "walk/3"},
    InvariantInfo{Invariant::kDeadlineKept, "deadline-kept", false,
                  "a later mark never shortens a cooldown", "state/3"},
    InvariantInfo{Invariant::kPermanenceTerminal, "permanence-terminal", false,
                  "a key that was taken out for good is never used again", "state/6"},
    InvariantInfo{Invariant::kOneTryPerKey, "one-try-per-key", false,
                  "a request tries each key at most once", "walk/2"},
    InvariantInfo{Invariant::kFirstHealthyKey, "first-healthy-key", false,
                  "a request goes forward through the keys and passes no healthy one over",
                  "walk/1"},
    InvariantInfo{Invariant::kHealthyKeysTried, "healthy-keys-tried", false,
                  "every healthy key is tried before a request is answered that none is left",
                  "walk/8"},
    InvariantInfo{Invariant::kSameBody, "same-body", false,
                  "every attempt carries the body that the client sent", "transport/3"},
    InvariantInfo{Invariant::kNoFailoverAfterFirstByte, "no-failover-after-first-byte", false,
                  "once an answer has begun to reach the client, no other key is tried",
                  "transport/11"},
    InvariantInfo{Invariant::kErrorsPassedOn, "errors-passed-on", false,
                  "an error that is no fault of the key ends the request", "transport/6"},
    InvariantInfo{Invariant::kBoundedAmplification, "bounded-amplification", false,
                  "a request makes no more attempts than there are keys, one at a time", "walk/7"},
    InvariantInfo{Invariant::kHonestExhaustion, "honest-exhaustion", false,
                  "the answer that no key is left says why, and when to come back", "walk/6"},
    InvariantInfo{Invariant::kStateAgrees, "state-agrees", false,
                  "the pool's state of a key is the one that its answers gave it", "state/1"},
    InvariantInfo{Invariant::kNoKeyShown, "no-key-shown", false,
                  "no answer of the gateway's own shows a key", "secret/1"},
    InvariantInfo{Invariant::kEveryRequestAnswered, "every-request-answered", true,
                  "every request ends", "transport/8"},
    InvariantInfo{Invariant::kKeysReturn, "keys-return", true,
                  "a key that the upstream accepts again is valid again after its cooldown",
                  "state/1"},
    InvariantInfo{Invariant::kRequestsSucceed, "requests-succeed", true,
                  "once all faults and cooldowns are over, every request succeeds", "walk/8"},
};

constexpr bool IsInOrder() {
  for (std::size_t i = 0; i < kInvariants.size(); ++i) {
    if (static_cast<std::size_t>(kInvariants[i].invariant) != i) return false;
  }
  return true;
}
static_assert(IsInOrder());

}  // namespace

std::span<const InvariantInfo> AllInvariants() noexcept { return kInvariants; }

const InvariantInfo& InfoOf(Invariant invariant) noexcept {
  return kInvariants[static_cast<std::size_t>(invariant)];
}

std::optional<Invariant> ParseInvariant(std::string_view name) noexcept {
  const auto* const found =
      std::find_if(kInvariants.begin(), kInvariants.end(),
                   [name](const InvariantInfo& info) { return info.name == name; });
  if (found == kInvariants.end()) return std::nullopt;
  return found->invariant;
}

std::string InSeconds(Duration duration) {
  constexpr std::int64_t kNsPerSecond = 1'000'000'000;
  const std::int64_t ns = duration.count();
  std::size_t digits = 3;
  std::int64_t unit = 1'000'000;
  for (; unit > 1 && ns % unit != 0; unit /= 1000) digits += 3;
  const std::string fraction = std::to_string(ns % kNsPerSecond / unit);
  return std::to_string(ns / kNsPerSecond) + "." + std::string(digits - fraction.size(), '0') +
         fraction + " s";
}

}  // namespace keywalk::sim
