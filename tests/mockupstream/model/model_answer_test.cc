// Goal: a refusal is answered as its provider does, with this key's wait and limits, and no others.
// Method: reports made by hand, rendered; the sockets are model_test.cc's matter.
#include "mockupstream/model/model_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace keywalk::mock {
namespace {

using ::testing::HasSubstr;

AnswerRequest ChatRequest() {
  AnswerRequest request;
  request.method = "POST";
  request.target = "/v1/chat/completions";
  request.key_hint = "sk-a...wxyz";
  return request;
}

LimitReport Refused(Refusal refusal, int outage_status = 0) {
  LimitReport report;
  report.admission = {refusal, outage_status, Milliseconds(7000)};
  report.limits = {{LimitKind::kFixedWindow, Counted::kRequests, 12, Milliseconds(60'000), 0,
                    Milliseconds(7000)}};
  return report;
}

std::string NameOf(ModelProvider provider, Refusal refusal, int outage_status = 0) {
  return RefusalAnswer(provider, Refused(refusal, outage_status).admission);
}

TEST(ModelAnswerTest, EveryRefusalOfEveryProviderHasAnAnswer) {
  for (std::size_t i = 0; i < ModelProviderNames().size(); ++i) {
    const auto provider = static_cast<ModelProvider>(i);
    for (const Refusal refusal : {Refusal::kRequests, Refusal::kTokens, Refusal::kQuota,
                                  Refusal::kRevoked, Refusal::kOutage}) {
      EXPECT_TRUE(HasAnswer(NameOf(provider, refusal, 500))) << NameOf(provider, refusal, 500);
      EXPECT_GE(RenderRefusal(provider, Refused(refusal, 500), ChatRequest()).status, 400);
    }
    EXPECT_TRUE(HasAnswer(std::string(ToString(provider)) + ".success")) << ToString(provider);
  }
}

TEST(ModelAnswerTest, TheMostPreciseAnswerOfTheProviderIsTaken) {
  EXPECT_EQ(NameOf(ModelProvider::kOpenAi, Refusal::kRequests), "openai.rate_limited");
  EXPECT_EQ(NameOf(ModelProvider::kOpenAi, Refusal::kTokens), "openai.rate_limited_tokens");
  EXPECT_EQ(NameOf(ModelProvider::kGroq, Refusal::kRequests), "groq.rate_limited_requests");
  EXPECT_EQ(NameOf(ModelProvider::kAzure, Refusal::kRequests), "azure.rate_limited_calls");
  EXPECT_EQ(NameOf(ModelProvider::kAnthropic, Refusal::kTokens), "anthropic.rate_limited");
  EXPECT_EQ(NameOf(ModelProvider::kOpenAi, Refusal::kQuota), "openai.quota_exhausted");
  EXPECT_EQ(NameOf(ModelProvider::kOpenRouter, Refusal::kQuota), "openrouter.daily_quota");
  EXPECT_EQ(NameOf(ModelProvider::kGemini, Refusal::kRevoked), "gemini.invalid_key");
  EXPECT_EQ(NameOf(ModelProvider::kOpenAi, Refusal::kOutage, 401), "openai.invalid_key");
  EXPECT_EQ(NameOf(ModelProvider::kOpenAi, Refusal::kOutage, 503), "openai.overloaded");
  EXPECT_EQ(NameOf(ModelProvider::kAnthropic, Refusal::kOutage, 529), "anthropic.overloaded");
  EXPECT_EQ(NameOf(ModelProvider::kOpenAi, Refusal::kOutage, 502), "openai.server_error");
}

TEST(ModelAnswerTest, TheFieldsAreThoseOfThisKey) {
  const ScriptStep step =
      RenderRefusal(ModelProvider::kOpenAi, Refused(Refusal::kRequests), ChatRequest());
  EXPECT_EQ(step.status, 429);
  EXPECT_EQ(step.headers.Find("retry-after"), "7");
  EXPECT_EQ(step.headers.Find("retry-after-ms"), "7000");
  EXPECT_EQ(step.headers.Find("x-ratelimit-limit-requests"), "12");
  EXPECT_EQ(step.headers.Find("x-ratelimit-limit-tokens"), std::nullopt);
}

TEST(ModelAnswerTest, GeminiTellsTheWaitInTheBodyAlone) {
  const ScriptStep step =
      RenderRefusal(ModelProvider::kGemini, Refused(Refusal::kRequests), ChatRequest());
  ASSERT_NE(step.body, nullptr);
  EXPECT_THAT(*step.body, HasSubstr("RetryInfo"));
  EXPECT_THAT(*step.body, HasSubstr(R"("7s")"));
  EXPECT_FALSE(step.headers.Contains("retry-after"));
}

TEST(ModelAnswerTest, AnOutageHasTheStatusThatItIsWrittenWith) {
  // Gemini answers an invalid key 400, Anthropic an overload 529.
  EXPECT_EQ(
      RenderRefusal(ModelProvider::kGemini, Refused(Refusal::kOutage, 401), ChatRequest()).status,
      401);
  EXPECT_EQ(RenderRefusal(ModelProvider::kAnthropic, Refused(Refusal::kOutage, 503), ChatRequest())
                .status,
            503);
  EXPECT_EQ(RenderRefusal(ModelProvider::kGemini, Refused(Refusal::kRevoked), ChatRequest()).status,
            400);
}

TEST(ModelAnswerTest, AnAdmittedStepKeepsItsOwnFields) {
  ScriptStep step;
  step.headers.Add("X-RateLimit-Limit-Requests", "99");
  LimitReport report = Refused(Refusal::kRequests);
  report.admission = {};
  AddLimitFields(ModelProvider::kOpenAi, report, step);
  EXPECT_EQ(step.headers.Find("x-ratelimit-limit-requests"), "99");
  EXPECT_EQ(step.headers.Find("x-ratelimit-remaining-requests"), "0");
}

}  // namespace
}  // namespace keywalk::mock
