// Goal: each provider's fields on its limits are those that it sends, and no others.
// Method: reports made by hand, the fields compared whole; the core's readers read them back.
#include "mockupstream/model/rate_limit_headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "keywalk/retry_after.h"

namespace keywalk::mock {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Milliseconds kMinute{60'000};
constexpr Milliseconds kNewYear{1'767'225'600'000};  // 2026-01-01T00:00:00Z

std::vector<std::string> Lines(ModelProvider provider, const LimitReport& report) {
  std::vector<std::string> lines;
  for (const Headers::Field field : RateLimitHeaders(provider, report)) {
    lines.push_back(std::string(field.name) + ": " + std::string(field.value));
  }
  return lines;
}

LimitState Limit(Counted counted, std::int64_t limit, std::int64_t remaining, Milliseconds reset_in,
                 Milliseconds per = kMinute) {
  return {LimitKind::kTokenBucket, counted, limit, per, remaining, reset_in};
}

LimitReport Admitted() {
  LimitReport report;
  report.limits = {Limit(Counted::kRequests, 60, 59, Milliseconds(1000)),
                   Limit(Counted::kTokens, 150'000, 149'984, Milliseconds(6))};
  report.cost = {10, 6};
  report.wall_now = kNewYear;
  return report;
}

LimitReport Refused(Refusal refusal) {
  LimitReport report = Admitted();
  report.limits = {Limit(Counted::kRequests, 60, 0, Milliseconds(59'900)),
                   Limit(Counted::kTokens, 150'000, 90'400, Milliseconds(23'840))};
  report.admission.refusal = refusal;
  report.admission.retry_after = Milliseconds(1200);
  return report;
}

TEST(RateLimitHeadersTest, OpenAiTellsOfBothLimitsOnEveryAnswer) {
  EXPECT_THAT(
      Lines(ModelProvider::kOpenAi, Admitted()),
      ElementsAre("x-ratelimit-limit-requests: 60", "x-ratelimit-limit-tokens: 150000",
                  "x-ratelimit-remaining-requests: 59", "x-ratelimit-remaining-tokens: 149984",
                  "x-ratelimit-reset-requests: 1s", "x-ratelimit-reset-tokens: 6ms"));
}

TEST(RateLimitHeadersTest, OpenAiAddsWhenToRetryInSecondsAndMilliseconds) {
  EXPECT_THAT(
      Lines(ModelProvider::kOpenAi, Refused(Refusal::kRequests)),
      ElementsAre("retry-after: 2", "retry-after-ms: 1200", "x-ratelimit-limit-requests: 60",
                  "x-ratelimit-limit-tokens: 150000", "x-ratelimit-remaining-requests: 0",
                  "x-ratelimit-remaining-tokens: 90400", "x-ratelimit-reset-requests: 59.9s",
                  "x-ratelimit-reset-tokens: 23.84s"));
}

TEST(RateLimitHeadersTest, ALimitThatTheKeyDoesNotHaveIsNotToldOf) {
  LimitReport report = Admitted();
  report.limits.pop_back();
  EXPECT_THAT(Lines(ModelProvider::kOpenAi, report),
              ElementsAre("x-ratelimit-limit-requests: 60", "x-ratelimit-remaining-requests: 59",
                          "x-ratelimit-reset-requests: 1s"));
}

TEST(RateLimitHeadersTest, OpenAiTellsOfTheLimitWithTheLeastLeft) {
  LimitReport report = Admitted();
  report.limits.push_back(Limit(Counted::kRequests, 1000, 10, Milliseconds(9000)));
  EXPECT_EQ(RateLimitHeaders(ModelProvider::kOpenAi, report).Find("x-ratelimit-limit-requests"),
            "1000");
}

TEST(RateLimitHeadersTest, AzureCountsResetsInWholeSeconds) {
  const LimitReport report = Refused(Refusal::kTokens);
  const Headers headers = RateLimitHeaders(ModelProvider::kAzure, report);
  EXPECT_EQ(headers.Find("x-ratelimit-reset-requests"), "60");
  EXPECT_EQ(headers.Find("x-ratelimit-reset-tokens"), "24");
  EXPECT_EQ(headers.Find("retry-after"), "2");
  EXPECT_EQ(headers.Find("retry-after-ms"), "1200");
}

TEST(RateLimitHeadersTest, AnthropicGivesTimesAndRoundedTokens) {
  LimitReport report = Refused(Refusal::kTokens);
  report.limits = {Limit(Counted::kRequests, 50, 49, Milliseconds(1200)),
                   Limit(Counted::kInputTokens, 40'000, 27'512, Milliseconds(18'732)),
                   Limit(Counted::kOutputTokens, 8000, 400, Milliseconds(57'000))};
  EXPECT_THAT(Lines(ModelProvider::kAnthropic, report),
              ElementsAre("retry-after: 2", "anthropic-ratelimit-requests-limit: 50",
                          "anthropic-ratelimit-requests-remaining: 49",
                          "anthropic-ratelimit-requests-reset: 2026-01-01T00:00:02Z",
                          "anthropic-ratelimit-tokens-limit: 8000",
                          "anthropic-ratelimit-tokens-remaining: 0",
                          "anthropic-ratelimit-tokens-reset: 2026-01-01T00:00:57Z",
                          "anthropic-ratelimit-input-tokens-limit: 40000",
                          "anthropic-ratelimit-input-tokens-remaining: 28000",
                          "anthropic-ratelimit-input-tokens-reset: 2026-01-01T00:00:19Z",
                          "anthropic-ratelimit-output-tokens-limit: 8000",
                          "anthropic-ratelimit-output-tokens-remaining: 0",
                          "anthropic-ratelimit-output-tokens-reset: 2026-01-01T00:00:57Z"));
}

TEST(RateLimitHeadersTest, GroqTellsOfRequestsByTheDayAndTokensByTheMinute) {
  LimitReport report = Admitted();
  report.limits = {Limit(Counted::kRequests, 30, 0, Milliseconds(60'000)),
                   Limit(Counted::kRequests, 14'400, 14'370, Milliseconds(179'560), kLimitDay),
                   Limit(Counted::kTokens, 18'000, 17'997, Milliseconds(7660)),
                   Limit(Counted::kTokens, 500'000, 3, Milliseconds(80'000'000), kLimitDay)};
  EXPECT_THAT(
      Lines(ModelProvider::kGroq, report),
      ElementsAre("x-ratelimit-limit-requests: 14400", "x-ratelimit-limit-tokens: 18000",
                  "x-ratelimit-remaining-requests: 14370", "x-ratelimit-remaining-tokens: 17997",
                  "x-ratelimit-reset-requests: 2m59.56s", "x-ratelimit-reset-tokens: 7.66s"));
}

TEST(RateLimitHeadersTest, MistralTellsOfLimitsByTheMinuteAndTheCost) {
  LimitReport report = Admitted();
  report.limits.push_back(Limit(Counted::kRequests, 1, 0, Milliseconds(1000), Milliseconds(1000)));
  EXPECT_THAT(
      Lines(ModelProvider::kMistral, report),
      ElementsAre("x-ratelimit-limit-req-minute: 60", "x-ratelimit-remaining-req-minute: 59",
                  "x-ratelimit-limit-tokens-minute: 150000",
                  "x-ratelimit-remaining-tokens-minute: 149984",
                  "x-ratelimit-tokens-query-cost: 16"));
}

TEST(RateLimitHeadersTest, OpenRouterTellsOnlyWhenItRefuses) {
  EXPECT_THAT(Lines(ModelProvider::kOpenRouter, Admitted()), IsEmpty());
  EXPECT_THAT(Lines(ModelProvider::kOpenRouter, Refused(Refusal::kRequests)),
              ElementsAre("retry-after: 2", "X-RateLimit-Limit: 60", "X-RateLimit-Remaining: 0",
                          "X-RateLimit-Reset: 1767225601200"));
}

TEST(RateLimitHeadersTest, GeminiAndBedrockHaveNoFields) {
  for (const ModelProvider provider : {ModelProvider::kGemini, ModelProvider::kBedrock}) {
    EXPECT_THAT(Lines(provider, Admitted()), IsEmpty());
    EXPECT_THAT(Lines(provider, Refused(Refusal::kTokens)), IsEmpty());
  }
}

TEST(RateLimitHeadersTest, AnInvalidKeyOrAnOutageTellsNothing) {
  for (const Refusal refusal : {Refusal::kRevoked, Refusal::kOutage}) {
    EXPECT_THAT(Lines(ModelProvider::kOpenAi, Refused(refusal)), IsEmpty());
    EXPECT_THAT(Lines(ModelProvider::kAnthropic, Refused(refusal)), IsEmpty());
  }
}

TEST(RateLimitHeadersTest, WaitingIsNotAdvisedForASpentQuotaOrAnImpossibleRequest) {
  LimitReport report = Refused(Refusal::kQuota);
  EXPECT_FALSE(RateLimitHeaders(ModelProvider::kOpenAi, report).Contains("retry-after"));
  EXPECT_FALSE(RateLimitHeaders(ModelProvider::kAnthropic, report).Contains("retry-after"));
  EXPECT_TRUE(RateLimitHeaders(ModelProvider::kGroq, report).Contains("retry-after"));
  report = Refused(Refusal::kTokens);
  report.admission.retry_after.reset();
  EXPECT_FALSE(RateLimitHeaders(ModelProvider::kOpenAi, report).Contains("retry-after"));
  EXPECT_THAT(Lines(ModelProvider::kOpenRouter, report), IsEmpty());
}

TEST(RateLimitHeadersTest, ALargeBurstIsNotShownBeyondTheLimit) {
  LimitReport report = Admitted();
  report.limits = {Limit(Counted::kRequests, 60, 100, Milliseconds(0))};
  EXPECT_EQ(RateLimitHeaders(ModelProvider::kOpenAi, report).Find("x-ratelimit-remaining-requests"),
            "60");
}

TEST(RateLimitHeadersTest, DurationsAreGos) {
  for (const auto& [ms, text] :
       std::vector<std::pair<std::int64_t, std::string>>{{0, "0s"},
                                                         {12, "12ms"},
                                                         {999, "999ms"},
                                                         {1000, "1s"},
                                                         {1050, "1.05s"},
                                                         {60'000, "1m0s"},
                                                         {360'000, "6m0s"},
                                                         {179'560, "2m59.56s"},
                                                         {3'600'000, "1h0m0s"},
                                                         {86'399'999, "23h59m59.999s"}}) {
    EXPECT_EQ(GoDuration(Milliseconds(ms)), text);
    if (ms > 0) {
      EXPECT_EQ(ParseUnitDuration(text), Duration(Milliseconds(ms))) << text;
    }
  }
}

TEST(RateLimitHeadersTest, TimesAreRoundedUpToASecond) {
  EXPECT_EQ(Rfc3339Seconds(kNewYear), "2026-01-01T00:00:00Z");
  EXPECT_EQ(Rfc3339Seconds(kNewYear + Milliseconds(1)), "2026-01-01T00:00:01Z");
  EXPECT_EQ(Rfc3339Seconds(kNewYear - Milliseconds(1000)), "2025-12-31T23:59:59Z");
  EXPECT_EQ(ParseRfc3339(Rfc3339Seconds(kNewYear)), WallTime(kNewYear));
}

TEST(RateLimitHeadersTest, NoYearHasMoreThanFourDigits) {
  constexpr Milliseconds kLast{253'402'300'799'000};
  EXPECT_EQ(Rfc3339Seconds(kLast), "9999-12-31T23:59:59Z");
  EXPECT_EQ(Rfc3339Seconds(kLast + Milliseconds(1)), "9999-12-31T23:59:59Z");
  EXPECT_EQ(Rfc3339Seconds(Milliseconds(1'000'000'000'000'000'000)), "9999-12-31T23:59:59Z");
}

TEST(RateLimitHeadersTest, EveryProviderHasItsName) {
  EXPECT_EQ(ToString(ModelProvider::kOpenAi), "openai");
  EXPECT_EQ(ToString(ModelProvider::kBedrock), "bedrock");
  EXPECT_THAT(ModelProviderNames(), ElementsAre("openai", "anthropic", "azure", "gemini", "groq",
                                                "mistral", "openrouter", "bedrock"));
}

}  // namespace
}  // namespace keywalk::mock
