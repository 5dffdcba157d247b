// Goal: no header value gives a cooldown that is not positive, or too long, or one that another
// reading of the grammar would not give (SPEC retry/).
#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "keywalk/headers.h"
#include "keywalk/policy.h"
#include "keywalk/retry_after.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/target.h"

namespace keywalk::fuzz {
namespace {

using std::chrono::floor;
using std::chrono::seconds;

constexpr WallTime kNow{seconds(1'767'225'600)};
constexpr CooldownSource kSources[] = {
    CooldownSource::kRetryAfterMs,   CooldownSource::kRetryAfter,
    CooldownSource::kRetryAfterDate, CooldownSource::kOpenAiReset,
    CooldownSource::kAnthropicReset, CooldownSource::kGoogleRetryInfo};

void ExpectCooldown(const std::optional<Duration>& cooldown) {
  if (!cooldown) return;
  Expect(*cooldown >= std::chrono::milliseconds(1), "a cooldown is at least 1 ms");
  Expect(*cooldown <= kMaxRetryAfter, "a cooldown has an end");
}

// `1*DIGIT` seconds, read once more, digit by digit.
std::optional<seconds> SecondsByHand(std::string_view value) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!value.empty() && is_space(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_space(value.back())) value.remove_suffix(1);
  if (value.empty()) return std::nullopt;
  constexpr std::int64_t kMost = 1'000'000'000;
  std::int64_t sum = 0;
  for (const char c : value) {
    if (c < '0' || c > '9') return std::nullopt;
    sum = std::min(sum * 10 + (c - '0'), kMost + 1);
  }
  if (sum == 0 || sum > kMost) return std::nullopt;
  return seconds(sum);
}

void CheckDate(std::string_view value) {
  const std::optional<WallTime> date = ParseHttpDate(value, kNow);
  if (!date) return;
  const auto whole = floor<seconds>(*date);
  Expect(whole == *date, "an HTTP-date has whole seconds", value);
  const std::string printed = FormatHttpDate(whole);
  Expect(ParseHttpDate(printed, kNow) == date, "a date that is printed reads as itself", printed);
}

// Lines of `Name: value`, as many as are valid.
Headers ReadFields(std::string_view text) {
  Headers headers;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t colon = line.find(':');
    if (colon == line.npos) continue;
    headers.AddIfValid(line.substr(0, colon), TrimWhitespace(line.substr(colon + 1)));
  }
  return headers;
}

}  // namespace

void FuzzRetryAfter(std::string_view input) {
  const std::optional<Duration> read = ParseRetryAfterSeconds(input);
  ExpectCooldown(read);
  Expect(read == SecondsByHand(input), "seconds are read as they are written", input);
  ExpectCooldown(ParseRetryAfterMs(input));
  ExpectCooldown(ParseUnitDuration(input));
  CheckDate(input);
  ParseRfc3339(input);

  const Headers headers = ReadFields(input);
  ErrorFacts error;
  error.retry_delay = input;
  ResponseFacts response;
  response.status = 429;
  response.headers = &headers;
  response.error = &error;
  response.received_at = kNow;
  std::optional<Duration> first;
  for (const CooldownSource& source : kSources) {
    const std::optional<Duration> one = FindCooldown(std::span(&source, 1), response);
    ExpectCooldown(one);
    if (!first) first = one;
  }
  Expect(FindCooldown(kSources, response) == first, "the first source that gives one wins", input);
}

}  // namespace keywalk::fuzz
