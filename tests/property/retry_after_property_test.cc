// Goal: what the grammars allow is read exactly, whatever else is given does no harm (SPEC retry/).
// Method: durations and dates are written out in generated spellings and must read back as
// themselves; random bytes and almost valid texts must give nothing or a cooldown in range. Dates
// are written by the C library, so that reader and writer share no calendar.
#include <gtest/gtest.h>
// GoogleTest must come before RapidCheck's glue to it.
#include <rapidcheck/gtest.h>

#include <ctime>

#include "keywalk/headers.h"
#include "keywalk/policy.h"
#include "keywalk/retry_after.h"

namespace keywalk {
namespace {

using namespace std::chrono_literals;

constexpr CooldownSource kAllSources[] = {
    CooldownSource::kRetryAfterMs,   CooldownSource::kRetryAfter,
    CooldownSource::kRetryAfterDate, CooldownSource::kOpenAiReset,
    CooldownSource::kAnthropicReset, CooldownSource::kGoogleRetryInfo};

// Cooldowns of every order of magnitude: as likely some milliseconds as some years.
rc::Gen<Duration> AnyCooldown() {
  return rc::gen::exec([] {
    const int bits = *rc::gen::inRange(20, 61);
    const auto ns = *rc::gen::inRange<std::int64_t>(1'000'000, std::int64_t{1} << bits);
    return std::min(Duration(ns), kMaxRetryAfter);
  });
}

rc::Gen<std::string> Repeated(std::string symbols, int max) {
  return rc::gen::resize(max, rc::gen::container<std::string>(rc::gen::elementOf(symbols)));
}

std::string Padded(std::int64_t number, std::size_t width) {
  const std::string digits = std::to_string(number);
  return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
}

// White space around, as a header may have it.
std::string Surrounded(const std::string& text) {
  return *Repeated(" \t", 4) + text + *Repeated(" \t", 4);
}

bool IsNoneOrInRange(std::optional<Duration> cooldown) {
  return !cooldown || (*cooldown >= Duration(1ms) && *cooldown <= kMaxRetryAfter);
}

std::string FormatUtc(std::int64_t seconds, const char* format) {
  const std::time_t time = seconds;
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[64];
  return std::string(text, std::strftime(text, sizeof text, format, &utc));
}

// Every second that a WallTime can hold, with years of four digits.
rc::Gen<std::int64_t> AnyUnixSecond() {
  return rc::gen::inRange<std::int64_t>(-9'200'000'000, 9'200'000'000);
}

RC_GTEST_PROP(RetryAfterProperty, MillisecondsReadBackToTheNanosecond, ()) {
  const Duration cooldown = *AnyCooldown();
  const std::int64_t ns = cooldown.count();
  std::string text = *Repeated("0", 40) + std::to_string(ns / 1'000'000);
  if (ns % 1'000'000 != 0 || *rc::gen::arbitrary<bool>()) {
    text += "." + Padded(ns % 1'000'000, 6) + *Repeated("0", 40);
  }
  RC_ASSERT(ParseRetryAfterMs(Surrounded(text)) == cooldown);
}

RC_GTEST_PROP(RetryAfterProperty, SecondsReadBackAndTakeNoFraction, ()) {
  const auto seconds = *rc::gen::inRange<std::int64_t>(1, 1'000'000'001);
  const std::string text = *Repeated("0", 40) + std::to_string(seconds);
  RC_ASSERT(ParseRetryAfterSeconds(Surrounded(text)) == Duration(std::chrono::seconds(seconds)));
  RC_ASSERT(ParseRetryAfterSeconds(text + ".0") == std::nullopt);
}

RC_GTEST_PROP(RetryAfterProperty, NumbersAboveTheLimitAreNone, ()) {
  const auto excess = *rc::gen::positive<std::int64_t>();
  const std::string digits = *Repeated("0123456789", 40);
  const std::string text = std::to_string(1'000'000'000'000 + excess) + digits;
  RC_ASSERT(ParseRetryAfterMs(text) == std::nullopt);
  RC_ASSERT(ParseRetryAfterSeconds(text) == std::nullopt);
  RC_ASSERT(ParseUnitDuration(text + "h") == std::nullopt);
}

RC_GTEST_PROP(RetryAfterProperty, UnitDurationsReadBackInAnySplit, ()) {
  const Duration cooldown = *AnyCooldown();
  Duration left = cooldown;
  std::string text;
  const std::pair<Duration, const char*> units[] = {{1h, "h"},   {1min, "m"}, {1s, "s"},
                                                    {1ms, "ms"}, {1us, "us"}, {1ns, "ns"}};
  for (const auto& [unit, name] : units) {
    if (unit > Duration(1ns) && *rc::gen::arbitrary<bool>()) continue;  // leave it to smaller ones
    text += *Repeated("0", 5) + std::to_string(left / unit) + name;
    left %= unit;
  }
  RC_ASSERT(ParseUnitDuration(Surrounded(text)) == cooldown);
  const std::string fraction = Padded((cooldown % Duration(1s)).count(), 9);
  RC_ASSERT(ParseUnitDuration(std::to_string(cooldown / Duration(1s)) + "." + fraction + "s") ==
            cooldown);
}

RC_GTEST_PROP(RetryAfterProperty, HttpDatesReadBackInAllThreeForms, ()) {
  const std::int64_t seconds = *AnyUnixSecond();
  const WallTime expected{std::chrono::seconds(seconds)};
  const auto parse = [&](const char* format, WallTime now) {
    return ParseHttpDate(Surrounded(FormatUtc(seconds, format)), now);
  };
  const WallTime unrelated{std::chrono::seconds(*AnyUnixSecond())};
  RC_ASSERT(parse("%a, %d %b %Y %H:%M:%S GMT", unrelated) == expected);
  RC_ASSERT(parse("%a %b %e %H:%M:%S %Y", unrelated) == expected);
  // Two digits of the year mean this one where now is within some 49 years of it.
  const auto away = *rc::gen::inRange<std::int64_t>(-1'545'000'000, 1'545'000'000);
  const WallTime near{std::chrono::seconds(
      std::clamp<std::int64_t>(seconds + away, -9'200'000'000, 9'200'000'000))};
  RC_ASSERT(parse("%A, %d-%b-%y %H:%M:%S GMT", near) == expected);
}

RC_GTEST_PROP(RetryAfterProperty, Rfc3339ReadsBackWithAnyOffsetAndFraction, ()) {
  const std::int64_t seconds = *AnyUnixSecond();
  const int offset_minutes = *rc::gen::inRange(-1439, 1440);
  const auto ns = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000);
  const char* form = *rc::gen::element("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dt%H:%M:%S");
  std::string text = FormatUtc(seconds + offset_minutes * 60, form) + "." + Padded(ns, 9);
  if (offset_minutes == 0) {
    text += *rc::gen::element("Z", "z", "+00:00", "-00:00");
  } else {
    const int size = std::abs(offset_minutes);
    text += (offset_minutes < 0 ? "-" : "+") + Padded(size / 60, 2) + ":" + Padded(size % 60, 2);
  }
  RC_ASSERT(ParseRfc3339(text) == WallTime{std::chrono::seconds(seconds)} + Duration(ns));
}

// Texts near the grammars: their alphabet, or a valid text with one byte changed or removed.
rc::Gen<std::string> AlmostValid() {
  return rc::gen::exec([] {
    std::string text = *rc::gen::oneOf(
        Repeated("0123456789.hmsun+-eE:,TZ ", 60), rc::gen::arbitrary<std::string>(),
        rc::gen::element<std::string>(
            "Sun, 06 Nov 2026 08:49:37 GMT", "Sunday, 06-Nov-26 08:49:37 GMT",
            "Sun Nov  6 08:49:37 2026", "2026-05-07T15:46:36.5+01:00", "1h2m3.5s", "1500.25", "120",
            "NaN", "inf", "1e400", "-1", "0x10", "99999999999999999999999999999h"));
    if (!text.empty() && *rc::gen::arbitrary<bool>()) {
      const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
      text[at] = *rc::gen::arbitrary<char>();
    }
    return text;
  });
}

RC_GTEST_PROP(RetryAfterProperty, NoTextCrashesOrLeavesTheRange, ()) {
  const std::string text = *AlmostValid();
  RC_ASSERT(IsNoneOrInRange(ParseRetryAfterMs(text)));
  RC_ASSERT(IsNoneOrInRange(ParseRetryAfterSeconds(text)));
  RC_ASSERT(IsNoneOrInRange(ParseUnitDuration(text)));

  Headers headers;
  for (const char* name :
       {"retry-after-ms", "Retry-After", "x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens",
        "anthropic-ratelimit-tokens-reset", "anthropic-ratelimit--reset"}) {
    const std::string value = *AlmostValid();
    if (IsValidHeaderValue(value)) headers.Add(name, value);
  }
  ErrorFacts error;
  error.retry_delay = text;
  ResponseFacts response;
  response.headers = &headers;
  response.error = &error;
  response.received_at = WallTime(Duration(*rc::gen::arbitrary<std::int64_t>()));
  for (const CooldownSource source : kAllSources) {
    RC_ASSERT(IsNoneOrInRange(FindCooldown({&source, 1}, response)));
  }
}

}  // namespace
}  // namespace keywalk
