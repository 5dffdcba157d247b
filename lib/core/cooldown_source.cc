// Where in a response a cooldown stands, and which of several sources wins (SPEC retry/1, retry/4,
// retry/6, retry/8).
#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "keywalk/headers.h"
#include "keywalk/policy.h"
#include "keywalk/retry_after.h"

namespace keywalk {
namespace {

constexpr std::array<std::pair<CooldownSource, std::string_view>, 6> kSourceNames{{
    {CooldownSource::kRetryAfterMs, "retry-after-ms"},
    {CooldownSource::kRetryAfter, "retry-after"},
    {CooldownSource::kRetryAfterDate, "retry-after-date"},
    {CooldownSource::kOpenAiReset, "openai-reset"},
    {CooldownSource::kAnthropicReset, "anthropic-reset"},
    {CooldownSource::kGoogleRetryInfo, "google-retry-info"},
}};

// The time from `now` to `until` as a cooldown; nullopt if it is over or too far ahead.
std::optional<Duration> CooldownUntil(WallTime until, WallTime now) noexcept {
  if (until <= now) return std::nullopt;
  // Unsigned: the two may be further apart than a Duration can say.
  const std::uint64_t ahead_ns = static_cast<std::uint64_t>(until.time_since_epoch().count()) -
                                 static_cast<std::uint64_t>(now.time_since_epoch().count());
  if (ahead_ns > static_cast<std::uint64_t>(kMaxRetryAfter.count())) return std::nullopt;
  return std::max(Duration(ahead_ns), Duration(std::chrono::milliseconds(1)));
}

// True if a limit with that `remaining` header is the one that was hit: its value is zero, or it is
// not told.
bool IsUsedUp(std::optional<std::string_view> remaining) noexcept {
  if (!remaining) return true;
  const std::string_view digits = TrimWhitespace(*remaining);
  return !digits.empty() && digits.find_first_not_of('0') == std::string_view::npos;
}

std::optional<Duration> FromOpenAiReset(const Headers& headers) noexcept {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kLimits{{
      {"x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"},
      {"x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"},
  }};
  std::optional<Duration> longest;
  for (const auto& [reset, remaining] : kLimits) {
    const std::optional<std::string_view> value = headers.Find(reset);
    if (!value || !IsUsedUp(headers.Find(remaining))) continue;
    longest = std::max(longest, ParseUnitDuration(*value));  // nullopt is less than any
  }
  return longest;
}

// The name of the limit in `anthropic-ratelimit-LIMIT-reset` (or `-remaining`); empty for other
// headers.
std::string_view AnthropicLimit(std::string_view header, std::string_view suffix) noexcept {
  constexpr std::string_view kPrefix = "anthropic-ratelimit-";
  if (header.size() <= kPrefix.size() + suffix.size()) return {};
  const std::size_t limit_size = header.size() - kPrefix.size() - suffix.size();
  const bool matches = EqualsIgnoreCase(header.substr(0, kPrefix.size()), kPrefix) &&
                       EqualsIgnoreCase(header.substr(header.size() - suffix.size()), suffix);
  return matches ? header.substr(kPrefix.size(), limit_size) : std::string_view{};
}

std::optional<std::string_view> FindAnthropicRemaining(const Headers& headers,
                                                       std::string_view limit) noexcept {
  for (const Headers::Field field : headers) {
    if (EqualsIgnoreCase(AnthropicLimit(field.name, "-remaining"), limit)) return field.value;
  }
  return std::nullopt;
}

std::optional<Duration> FromAnthropicReset(const Headers& headers, WallTime now) noexcept {
  std::optional<Duration> longest;
  for (const Headers::Field field : headers) {
    const std::string_view limit = AnthropicLimit(field.name, "-reset");
    if (limit.empty() || !IsUsedUp(FindAnthropicRemaining(headers, limit))) continue;
    const std::optional<WallTime> reset = ParseRfc3339(field.value);
    if (reset) longest = std::max(longest, CooldownUntil(*reset, now));
  }
  return longest;
}

std::optional<Duration> FromRetryAfterDate(const Headers& headers, WallTime now) noexcept {
  const std::optional<std::string_view> value = headers.Find("retry-after");
  const std::optional<WallTime> date = value ? ParseHttpDate(*value, now) : std::nullopt;
  return date ? CooldownUntil(*date, now) : std::nullopt;
}

std::optional<Duration> FromSource(CooldownSource source, const ResponseFacts& response) noexcept {
  const Headers& headers = *response.headers;
  switch (source) {
    case CooldownSource::kRetryAfterMs: {
      const std::optional<std::string_view> value = headers.Find("retry-after-ms");
      return value ? ParseRetryAfterMs(*value) : std::nullopt;
    }
    case CooldownSource::kRetryAfter: {
      const std::optional<std::string_view> value = headers.Find("retry-after");
      return value ? ParseRetryAfterSeconds(*value) : std::nullopt;
    }
    case CooldownSource::kRetryAfterDate:
      return FromRetryAfterDate(headers, response.received_at);
    case CooldownSource::kOpenAiReset:
      return FromOpenAiReset(headers);
    case CooldownSource::kAnthropicReset:
      return FromAnthropicReset(headers, response.received_at);
    case CooldownSource::kGoogleRetryInfo:
      return response.error != nullptr ? ParseUnitDuration(response.error->retry_delay)
                                       : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::string_view ToString(CooldownSource source) noexcept {
  for (const auto& [known, name] : kSourceNames) {
    if (known == source) return name;
  }
  return "";
}

std::optional<CooldownSource> ParseCooldownSource(std::string_view name) noexcept {
  for (const auto& [source, known] : kSourceNames) {
    if (known == name) return source;
  }
  return std::nullopt;
}

std::optional<Duration> FindCooldown(std::span<const CooldownSource> sources,
                                     const ResponseFacts& response) noexcept {
  assert(response.headers != nullptr);
  for (const CooldownSource source : sources) {
    if (const std::optional<Duration> cooldown = FromSource(source, response)) return cooldown;
  }
  return std::nullopt;
}

}  // namespace keywalk
