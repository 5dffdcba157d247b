// A failover policy: what a response means for the key that was used. Data, not code (SPEC
// classify/6); policies are read from JSON by keywalk/config.h.
#ifndef KEYWALK_POLICY_H_
#define KEYWALK_POLICY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/clock.h"
#include "keywalk/headers.h"
#include "keywalk/key_pool.h"
#include "keywalk/retry_after.h"

namespace keywalk {

// What an error body says, read by the driver (the core knows no JSON). Empty where absent.
struct ErrorFacts {
  std::string code;         // OpenAI `error.code`, Anthropic `error.details.error_code`
  std::string type;         // `error.type`, Gemini `error.status`
  std::string reason;       // Gemini `error.details[].reason`
  std::string message;      // `error.message`
  std::string retry_delay;  // Google `RetryInfo.retryDelay`, as written
};

// One response as the core sees it. Points to the driver's data for the length of a call.
struct ResponseFacts {
  int status = 0;
  const Headers* headers = nullptr;   // never null when given to the core
  const ErrorFacts* error = nullptr;  // null if the body was not read (see Policy::NeedsBody)
  WallTime received_at{};             // for absolute dates only
};

// What to do with a response.
enum class Action : std::uint8_t {
  kSurface,    // pass it on; the key is not marked
  kTemporary,  // cool the key and try the next
  kPermanent,  // take the key out for good and try the next
  kNext,       // try the next; the key is not marked: a gateway without a memory of keys
};
// "surface", "temporary", "permanent", "next".
std::string_view ToString(Action action) noexcept;

struct Classification {
  Action action = Action::kSurface;
  MarkReason reason = MarkReason::kRateLimited;
  Duration cooldown{};  // of kTemporary; zero means the pool's default
  // If no key is left after this response, pass it on instead of answering the exhaustion.
  bool pass_on_if_last = false;
};

// One row of a policy. A response matches if its status is in a range and, where body conditions
// are given, at least one of them holds.
struct PolicyRule {
  struct StatusRange {
    int first = 0;
    int last = 0;  // inclusive
    bool operator==(const StatusRange&) const = default;
  };
  std::vector<StatusRange> statuses;
  std::vector<std::string> error_codes;       // exact
  std::vector<std::string> error_types;       // exact
  std::vector<std::string> error_reasons;     // exact
  std::vector<std::string> message_contains;  // substring

  Action action = Action::kSurface;
  MarkReason reason = MarkReason::kRateLimited;
  // For kTemporary: read the cooldown from the response (Policy::cooldown_sources), or use
  // `cooldown`, where zero is the default.
  bool cooldown_from_response = false;
  Duration cooldown{};

  bool has_body_conditions() const noexcept {
    return !(error_codes.empty() && error_types.empty() && error_reasons.empty() &&
             message_contains.empty());
  }
  bool operator==(const PolicyRule&) const = default;
};

// Which of a provider's two exhaustion answers a kind gets (SPEC 7, walk/6).
enum class ExhaustedAnswerKind : std::uint8_t { kRateLimited, kPermanent };

// Immutable once built; safe for concurrent use.
struct Policy {
  std::string name;
  // SPEC's declared clauses that this policy implements, such as "retry.http-date".
  std::vector<std::string> declares;
  // The first rule that matches decides; without a match the response is surfaced.
  std::vector<PolicyRule> rules;
  std::vector<CooldownSource> cooldown_sources;
  Duration default_cooldown = KeyPool::kDefaultCooldown;
  std::optional<Duration> max_cooldown;  // `retry.cap`
  ExhaustedAnswerKind answer_rate_limited = ExhaustedAnswerKind::kRateLimited;
  ExhaustedAnswerKind answer_unauthorized = ExhaustedAnswerKind::kPermanent;
  ExhaustedAnswerKind answer_permanent = ExhaustedAnswerKind::kPermanent;
  // A walk that ends without a key passes on the last answer it got; the answers above are for a
  // walk that found no key at all.
  bool pass_on_last_response = false;

  // True if the verdict on that status may depend on the body, so that the driver reads a bounded
  // prefix of it first.
  bool NeedsBody(int status) const noexcept;

  // True if that holds for any status.
  bool NeedsBodies() const noexcept;

  // The verdict on one response. Pure, allocates nothing.
  Classification Classify(const ResponseFacts& response) const noexcept;

  ExhaustedAnswerKind AnswerFor(Exhaustion::Kind kind) const noexcept;

  bool operator==(const Policy&) const = default;
};

}  // namespace keywalk

#endif  // KEYWALK_POLICY_H_
