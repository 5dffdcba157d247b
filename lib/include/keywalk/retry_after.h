// How long a response asks a key to rest: Retry-After and its relatives (SPEC retry/).
//
// Every function is pure, never throws, and answers nullopt for whatever is absent, unparsable,
// zero or negative, so that the next source is tried and at the end the default cooldown stands. A
// result is always at least 1 ms and at most kMaxRetryAfter.
#ifndef KEYWALK_RETRY_AFTER_H_
#define KEYWALK_RETRY_AFTER_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "keywalk/clock.h"

namespace keywalk {

class Headers;
struct ResponseFacts;

// Larger hints are unparsable (SPEC retry/2): 10^9 s, some 31.7 years.
inline constexpr Duration kMaxRetryAfter = std::chrono::seconds(1'000'000'000);

// Where a cooldown may be read from; a policy lists them in order, the first that gives one wins.
enum class CooldownSource : std::uint8_t {
  kRetryAfterMs,     // `retry-after-ms`, milliseconds, may be fractional
  kRetryAfter,       // `Retry-After` as delay-seconds (RFC 9110 section 10.2.3)
  kRetryAfterDate,   // `Retry-After` as HTTP-date, all three forms (RFC 9110 section 5.6.7)
  kOpenAiReset,      // the longest `x-ratelimit-reset-{requests,tokens}` whose remaining is 0 or
                     // absent, a Go-style duration such as `6m0s` or `12ms`
  kAnthropicReset,   // the latest `anthropic-ratelimit-*-reset` (RFC 3339) whose remaining is 0 or
                     // absent
  kGoogleRetryInfo,  // `RetryInfo.retryDelay` in the body, such as `22s`
};
// The names policies use: "retry-after-ms", "retry-after", "retry-after-date", "openai-reset",
// "anthropic-reset", "google-retry-info".
std::string_view ToString(CooldownSource source) noexcept;
std::optional<CooldownSource> ParseCooldownSource(std::string_view name) noexcept;

// `1*DIGIT [ "." 1*DIGIT ]` milliseconds, white space around it ignored.
std::optional<Duration> ParseRetryAfterMs(std::string_view value) noexcept;
// `1*DIGIT` seconds, white space around it ignored.
std::optional<Duration> ParseRetryAfterSeconds(std::string_view value) noexcept;
// An HTTP-date (IMF-fixdate, RFC 850, asctime) as civil time, whole seconds. A two-digit year more
// than 50 years ahead of `now` is of the past century (RFC 9110 section 5.6.7).
std::optional<WallTime> ParseHttpDate(std::string_view value, WallTime now) noexcept;
// The preferred form of it, IMF-fixdate, such as "Sun, 06 Nov 1994 08:49:37 GMT".
std::string FormatHttpDate(std::chrono::sys_seconds time);
// An RFC 3339 date-time as civil time.
std::optional<WallTime> ParseRfc3339(std::string_view value) noexcept;
// A sum of decimal numbers with units h, m, s, ms, us, ns, such as `1h2m3.5s`.
std::optional<Duration> ParseUnitDuration(std::string_view value) noexcept;

// The first cooldown that `sources` give for this response, in their order.
std::optional<Duration> FindCooldown(std::span<const CooldownSource> sources,
                                     const ResponseFacts& response) noexcept;

}  // namespace keywalk

#endif  // KEYWALK_RETRY_AFTER_H_
