// Goal: how sources are chosen and that what they compute stays in range. What each header means
// stands in fixtures/vectors/retry_after.json. Method: one response, several lists of sources.
#include <gtest/gtest.h>

#include "keywalk/headers.h"
#include "keywalk/policy.h"
#include "keywalk/retry_after.h"
#include "tests/core/allocation_counter.h"

namespace keywalk {
namespace {

using namespace std::chrono_literals;
using enum CooldownSource;

constexpr CooldownSource kAllSources[] = {kRetryAfterMs, kRetryAfter,     kRetryAfterDate,
                                          kOpenAiReset,  kAnthropicReset, kGoogleRetryInfo};

std::optional<Duration> Find(std::vector<CooldownSource> sources, const Headers& headers,
                             WallTime received_at = WallTime{}) {
  ResponseFacts response;
  response.status = 429;
  response.headers = &headers;
  response.received_at = received_at;
  return FindCooldown(sources, response);
}

TEST(CooldownSourceTest, EveryNameReadsBackAsItsSource) {
  for (const CooldownSource source : kAllSources) {
    EXPECT_EQ(ParseCooldownSource(ToString(source)), source) << ToString(source);
  }
  EXPECT_EQ(ParseCooldownSource("Retry-After"), std::nullopt);
  EXPECT_EQ(ParseCooldownSource(""), std::nullopt);
}

TEST(CooldownSourceTest, TheFirstSourceThatGivesOneWins) {
  const Headers headers{{"Retry-After", "9"}, {"Retry-After-Ms", "250"}};
  EXPECT_EQ(Find({kRetryAfterMs, kRetryAfter}, headers), 250ms);
  EXPECT_EQ(Find({kRetryAfter, kRetryAfterMs}, headers), 9s);
  EXPECT_EQ(Find({kRetryAfterDate}, headers), std::nullopt);
  EXPECT_EQ(Find({}, headers), std::nullopt);
}

TEST(CooldownSourceTest, AUselessSourceFallsThrough) {
  const Headers headers{{"retry-after-ms", "0"}, {"retry-after", "3"}};
  EXPECT_EQ(Find({kRetryAfterMs, kRetryAfter}, headers), 3s);
}

TEST(CooldownSourceTest, ADateAtTheOtherEndOfTimeIsNoneNotWrapped) {
  const Headers past{{"Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"}};
  EXPECT_EQ(Find({kRetryAfterDate}, past, WallTime::max()), std::nullopt);
  const Headers future{{"anthropic-ratelimit-tokens-reset", "2262-04-11T00:00:00Z"}};
  EXPECT_EQ(Find({kAnthropicReset}, future, WallTime::min()), std::nullopt);
}

TEST(CooldownSourceTest, OnlyTheLimitThatWasHitTellsItsReset) {
  const Headers openai{{"x-ratelimit-reset-requests", "2m0s"},
                       {"x-ratelimit-remaining-requests", "17"},
                       {"x-ratelimit-reset-tokens", "12ms"},
                       {"x-ratelimit-remaining-tokens", "0"}};
  EXPECT_EQ(Find({kOpenAiReset}, openai), 12ms);
  const Headers anthropic{{"anthropic-ratelimit-requests-reset", "1970-01-01T00:01:00Z"},
                          {"anthropic-ratelimit-requests-remaining", "1"},
                          {"anthropic-ratelimit-input-tokens-reset", "1970-01-01T00:00:05Z"},
                          {"anthropic-ratelimit-input-tokens-remaining", "0"},
                          {"anthropic-ratelimit-output-tokens-reset", "1970-01-01T00:00:07Z"}};
  EXPECT_EQ(Find({kAnthropicReset}, anthropic), 7s);
}

TEST(CooldownSourceTest, LookingAtEverySourceAllocatesNothing) {
  const Headers headers{{"retry-after", "soon"}, {"anthropic-ratelimit-x-reset", "never"}};
  ErrorFacts error;
  ResponseFacts response;
  response.headers = &headers;
  response.error = &error;
  const std::size_t before = testing::AllocationCount();
  const std::optional<Duration> found = FindCooldown(kAllSources, response);
  EXPECT_EQ(testing::AllocationCount(), before);
  EXPECT_EQ(found, std::nullopt);
}

}  // namespace
}  // namespace keywalk
