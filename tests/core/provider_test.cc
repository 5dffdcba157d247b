// Goal: SPEC provider/4 (a new provider is data), credentials are replaced whole, and error bodies
// of any kind are read without harm. What each provider answers stands in
// fixtures/vectors/provider.json. Method: a provider of our own, and malformed bodies.
#include "keywalk/provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "provider/keyed_provider.h"

namespace keywalk {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr std::array<std::string_view, 1> kOwnHeader{"api-key"};

std::string BuildOwnError(ExhaustedAnswerKind, const std::string& message) {
  return "{\"oops\":\"" + message + "\"}";
}

// SPEC provider/4: data and one function make a provider that does all that the built-in ones do.
TEST(ProviderTest, Provider4ANewProviderIsDataPlusOneSmallFile) {
  const KeyedProvider azure({"azure", "api-key", "", kOwnHeader, &BuildOwnError});
  EXPECT_TRUE(azure.IsByok({{"Api-Key", "mine"}}));
  EXPECT_FALSE(azure.IsByok({{"Authorization", "Bearer x"}, {"api-key", " "}}));

  Headers headers{{"Authorization", "Bearer x"}, {"Accept", "*/*"}};
  azure.InjectAuthKey(headers, "K");
  ASSERT_EQ(headers.size(), 2u);
  EXPECT_EQ(headers.Find("api-key"), "K");

  const auto answer =
      azure.BuildExhaustedResponse({Exhaustion::Kind::kRateLimited, 1500ms}, Policy());
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(answer->headers.Find("Retry-After"), "2");
  EXPECT_EQ(answer->body,
            R"json({"oops":"all configured keys are rate-limited (retry after 2s)"})json");

  // The built-in ones are no larger.
  for (const std::string_view name : ProviderNames()) {
    const auto file =
        std::filesystem::path(KEYWALK_SOURCE_DIR) / "lib/provider" / (std::string(name) + ".cc");
    std::ifstream source(file);
    ASSERT_TRUE(source.is_open()) << file << ": one file a provider";
    std::size_t lines = 0;
    for (std::string line; std::getline(source, line);) ++lines;
    EXPECT_LE(lines, 60u) << file;
  }
}

TEST(ProviderTest, ProvidersAreFoundByName) {
  EXPECT_THAT(ProviderNames(), ElementsAre("openai", "anthropic", "copilot"));
  for (const std::string_view name : ProviderNames()) {
    ASSERT_NE(FindProvider(name), nullptr);
    EXPECT_EQ(FindProvider(name)->name(), name);
  }
  EXPECT_EQ(FindProvider("OpenAI"), nullptr);
  EXPECT_EQ(FindProvider(""), nullptr);
}

TEST(ProviderTest, InjectionLeavesNoOtherCredentialHowOftenItMayStandThere) {
  for (const std::string_view name : {"openai", "anthropic"}) {
    const Provider& provider = *FindProvider(name);
    Headers headers{{"Accept", "*/*"}};
    for (const std::string_view credential : CredentialHeaders()) {
      headers.Add(credential, "client-secret");
      headers.Add(credential, "client-secret");
    }
    provider.InjectAuthKey(headers, "K0");
    provider.InjectAuthKey(headers, "K1");
    ASSERT_EQ(headers.size(), 2u) << name;
    EXPECT_EQ(headers[0].value, "*/*");
    EXPECT_TRUE(headers[1].value.ends_with("K1")) << name;
    EXPECT_TRUE(provider.IsByok(headers)) << "it is set where the provider itself looks";
  }
}

TEST(ProviderTest, CopilotAlwaysPassesAndIsLeftAlone) {
  const Provider& copilot = *FindProvider("copilot");
  EXPECT_FALSE(copilot.has_failover());
  EXPECT_TRUE(copilot.IsByok({}));
  Headers headers{{"Authorization", "Bearer client"}};
  copilot.InjectAuthKey(headers, "K");
  EXPECT_EQ(headers.Find("Authorization"), "Bearer client");
  EXPECT_EQ(copilot.BuildExhaustedResponse({}, Policy()), std::nullopt);
}

TEST(ProviderTest, RetryAfterIsRoundedUpToWholeSeconds) {
  EXPECT_EQ(FormatRetryAfter(60s), "60");
  EXPECT_EQ(FormatRetryAfter(60s + 1ns), "61");
  EXPECT_EQ(FormatRetryAfter(1ns), "1");
  EXPECT_EQ(FormatRetryAfter(0s), "");
  EXPECT_EQ(FormatRetryAfter(-1s), "");
  EXPECT_EQ(FormatRetryAfter(Duration::max()), "9223372037");
}

TEST(ProviderTest, ThePolicyChoosesTheAnswer) {
  const Provider& openai = *FindProvider("openai");
  Policy policy;
  const Exhaustion unauthorized{Exhaustion::Kind::kUnauthorized, 5s};
  const auto as_permanent = openai.BuildExhaustedResponse(unauthorized, policy);
  EXPECT_EQ(as_permanent->status, 502);
  EXPECT_FALSE(as_permanent->headers.Contains("Retry-After"));
  policy.answer_unauthorized = ExhaustedAnswerKind::kRateLimited;
  const auto as_rate_limited = openai.BuildExhaustedResponse(unauthorized, policy);
  EXPECT_EQ(as_rate_limited->status, 429);
  EXPECT_EQ(as_rate_limited->headers.Find("Retry-After"), "5");
}

TEST(ErrorBodyTest, EveryProvidersShapeIsRead) {
  const ErrorFacts openai = ParseErrorBody(
      R"({"error":{"message":"M","type":"T","param":null,"code":"insufficient_quota"}})");
  EXPECT_EQ(openai.code, "insufficient_quota");
  EXPECT_EQ(openai.type, "T");
  EXPECT_EQ(openai.message, "M");

  const ErrorFacts anthropic = ParseErrorBody(
      R"({"type":"error","error":{"type":"rate_limit_error","message":"M",
          "details":{"error_code":"enforced_spend_limit_reached"}},"request_id":"r"})");
  EXPECT_EQ(anthropic.code, "enforced_spend_limit_reached");
  EXPECT_EQ(anthropic.type, "rate_limit_error");

  const ErrorFacts google = ParseErrorBody(
      R"({"error":{"code":429,"message":"M","status":"RESOURCE_EXHAUSTED","details":[
          {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"R"},
          {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"22s"}]}})");
  EXPECT_EQ(google.code, "429");
  EXPECT_EQ(google.type, "RESOURCE_EXHAUSTED");
  EXPECT_EQ(google.reason, "R");
  EXPECT_EQ(google.retry_delay, "22s");

  const ErrorFacts mistral = ParseErrorBody(
      R"({"object":"error","message":"M","type":"rate_limited","param":null,"code":"1300"})");
  EXPECT_EQ(mistral.code, "1300");
  EXPECT_EQ(mistral.type, "rate_limited");
}

TEST(ErrorBodyTest, AnythingElseGivesNoFacts) {
  const std::string open(100'000, '[');
  const std::string deep = "{\"error\":{\"code\":" + open + std::string(100'000, ']') + "}}";
  for (const std::string_view body :
       {std::string_view(""), std::string_view("{"), std::string_view("null"),
        std::string_view("[]"), std::string_view("\xff\xfe"), std::string_view(R"({"error":[]})"),
        std::string_view(R"({"error":{"code":{"a":1},"message":7,"type":null,"details":"d"}})"),
        std::string_view(R"({"error":{"details":[1,"x",null,[],{"reason":2}]}})"),
        std::string_view("<html>429</html>"), std::string_view(open), std::string_view(deep)}) {
    const ErrorFacts facts = ParseErrorBody(body);
    EXPECT_EQ(facts.code + facts.type + facts.reason + facts.message + facts.retry_delay, "")
        << body.substr(0, 80);
  }
}

}  // namespace
}  // namespace keywalk
