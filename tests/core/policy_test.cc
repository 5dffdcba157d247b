// Goal: how a policy's rules are read; what each policy decides stands in
// fixtures/vectors/classify.json. Method: policies built here as plain data.
#include "keywalk/policy.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "tests/core/allocation_counter.h"

namespace keywalk {
namespace {

using namespace std::chrono_literals;

PolicyRule Rule(int status, Action action) {
  PolicyRule rule;
  rule.statuses = {{status, status}};
  rule.action = action;
  return rule;
}

Classification Classify(const Policy& policy, int status, const Headers& headers = {},
                        const ErrorFacts* error = nullptr) {
  ResponseFacts response;
  response.status = status;
  response.headers = &headers;
  response.error = error;
  return policy.Classify(response);
}

// SPEC classify/6: nothing in a policy is code, and other data decides otherwise.
TEST(PolicyTest, Classify6APolicyIsData) {
  static_assert(std::is_aggregate_v<Policy> && std::is_aggregate_v<PolicyRule>);
  static_assert(std::is_copy_constructible_v<Policy> && !std::is_polymorphic_v<Policy>);
  Policy policy;
  EXPECT_EQ(Classify(policy, 429).action, Action::kSurface) << "without rules nothing is decided";

  // A policy nobody has heard of: 418 to 420 cool for what a provider's hint says, at most 30 s.
  PolicyRule rule;
  rule.statuses = {{418, 420}};
  rule.action = Action::kTemporary;
  rule.reason = MarkReason::kUnauthorized;
  rule.cooldown_from_response = true;
  policy.rules = {rule};
  policy.cooldown_sources = {CooldownSource::kOpenAiReset};
  policy.max_cooldown = 30s;
  policy.answer_permanent = ExhaustedAnswerKind::kRateLimited;
  const Classification verdict =
      Classify(policy, 419, {{"x-ratelimit-reset-tokens", "6m0s"}, {"Retry-After", "1"}});
  EXPECT_EQ(verdict.action, Action::kTemporary);
  EXPECT_EQ(verdict.reason, MarkReason::kUnauthorized);
  EXPECT_EQ(verdict.cooldown, 30s);
  EXPECT_EQ(Classify(policy, 417).action, Action::kSurface);
  EXPECT_EQ(Classify(policy, 421).action, Action::kSurface);
  EXPECT_EQ(policy.AnswerFor(Exhaustion::Kind::kPermanent), ExhaustedAnswerKind::kRateLimited);
}

TEST(PolicyTest, PassingOnTheLastAnswerIsThePolicysAndPartOfEveryVerdict) {
  Policy policy;
  policy.rules = {Rule(429, Action::kNext)};
  EXPECT_FALSE(Classify(policy, 429).pass_on_if_last);
  policy.pass_on_last_response = true;
  EXPECT_EQ(Classify(policy, 429).action, Action::kNext);
  EXPECT_TRUE(Classify(policy, 429).pass_on_if_last);
}

TEST(PolicyTest, TheFirstRuleThatMatchesDecides) {
  Policy policy;
  policy.rules = {Rule(429, Action::kPermanent), Rule(429, Action::kTemporary)};
  EXPECT_EQ(Classify(policy, 429).action, Action::kPermanent);
}

TEST(PolicyTest, ABodyRuleWithoutTheBodyDoesNotMatch) {
  Policy policy;
  policy.rules = {Rule(429, Action::kPermanent), Rule(429, Action::kTemporary)};
  policy.rules[0].error_codes = {"insufficient_quota"};
  EXPECT_EQ(Classify(policy, 429).action, Action::kTemporary);
  ErrorFacts error;
  EXPECT_EQ(Classify(policy, 429, {}, &error).action, Action::kTemporary);
  error.code = "insufficient_quota";
  EXPECT_EQ(Classify(policy, 429, {}, &error).action, Action::kPermanent);
}

TEST(PolicyTest, AnyOneBodyConditionSuffices) {
  Policy policy;
  policy.rules = {Rule(400, Action::kPermanent)};
  policy.rules[0].error_types = {"billing_error"};
  policy.rules[0].error_reasons = {"API_KEY_INVALID"};
  policy.rules[0].message_contains = {"usage limits"};
  ErrorFacts by_type;
  by_type.type = "billing_error";
  ErrorFacts by_reason;
  by_reason.reason = "API_KEY_INVALID";
  ErrorFacts by_message;
  by_message.message = "You have reached your specified API usage limits.";
  for (const ErrorFacts* error : {&by_type, &by_reason, &by_message}) {
    EXPECT_EQ(Classify(policy, 400, {}, error).action, Action::kPermanent);
  }
  ErrorFacts other;
  other.type = "billing_error_of_another_kind";
  EXPECT_EQ(Classify(policy, 400, {}, &other).action, Action::kSurface) << "types are exact";
}

TEST(PolicyTest, AnAbsentFactNeverMatchesAnEmptyCondition) {
  Policy policy;
  policy.rules = {Rule(400, Action::kPermanent)};
  policy.rules[0].error_codes = {""};
  policy.rules[0].message_contains = {""};
  const ErrorFacts nothing;
  EXPECT_EQ(Classify(policy, 400, {}, &nothing).action, Action::kSurface);
}

TEST(PolicyTest, TheCapHoldsForTheDefaultToo) {
  Policy policy;
  policy.rules = {Rule(429, Action::kTemporary)};
  policy.rules[0].cooldown_from_response = true;
  policy.cooldown_sources = {CooldownSource::kRetryAfter};
  EXPECT_EQ(Classify(policy, 429).cooldown, 0s) << "zero stands for the default";
  policy.max_cooldown = 20s;
  EXPECT_EQ(Classify(policy, 429).cooldown, 20s);
  EXPECT_EQ(Classify(policy, 429, {{"Retry-After", "86400"}}).cooldown, 20s);
  EXPECT_EQ(Classify(policy, 429, {{"Retry-After", "5"}}).cooldown, 5s);
  policy.max_cooldown = 100s;
  EXPECT_EQ(Classify(policy, 429).cooldown, 0s);
}

TEST(PolicyTest, ARuleThatIgnoresTheResponseUsesItsOwnCooldown) {
  Policy policy;
  policy.rules = {Rule(401, Action::kTemporary)};
  policy.rules[0].cooldown = 5s;
  policy.cooldown_sources = {CooldownSource::kRetryAfter};
  EXPECT_EQ(Classify(policy, 401, {{"Retry-After", "9"}}).cooldown, 5s);
  policy.rules[0].cooldown_from_response = true;
  EXPECT_EQ(Classify(policy, 401, {{"Retry-After", "9"}}).cooldown, 9s);
  EXPECT_EQ(Classify(policy, 401).cooldown, 5s) << "where the response tells none";
}

TEST(PolicyTest, TheBodyIsNeededOnlyWhereItCanMatter) {
  Policy policy;
  policy.rules = {Rule(403, Action::kPermanent), Rule(403, Action::kTemporary),
                  Rule(429, Action::kTemporary)};
  policy.rules[1].error_codes = {"never reached: the rule before decides"};
  EXPECT_FALSE(policy.NeedsBody(403));
  EXPECT_FALSE(policy.NeedsBody(429));
  EXPECT_FALSE(policy.NeedsBody(200));
  policy.rules[2].cooldown_from_response = true;
  EXPECT_FALSE(policy.NeedsBody(429));
  policy.cooldown_sources = {CooldownSource::kGoogleRetryInfo};
  EXPECT_TRUE(policy.NeedsBody(429)) << "the cooldown stands in the body";
  policy.rules[0].error_types = {"permission_error"};
  EXPECT_TRUE(policy.NeedsBody(403));
}

TEST(PolicyTest, AVerdictAllocatesNothing) {
  Policy policy;
  policy.rules = {Rule(400, Action::kPermanent), Rule(429, Action::kTemporary)};
  policy.rules[0].message_contains = {"a condition longer than any small string buffer"};
  policy.rules[1].cooldown_from_response = true;
  policy.cooldown_sources = {CooldownSource::kRetryAfterMs, CooldownSource::kRetryAfter};
  const Headers headers{{"Retry-After", "5"}};
  ErrorFacts error;
  error.message = "a message longer than any small string buffer, with nothing in it";
  const std::size_t before = testing::AllocationCount();
  const Classification verdict = Classify(policy, 429, headers, &error);
  EXPECT_EQ(testing::AllocationCount(), before);
  EXPECT_EQ(verdict.cooldown, 5s);
}

}  // namespace
}  // namespace keywalk
