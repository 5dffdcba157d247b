// Goal: the built-in policies are the files of fixtures/policies/, every member of a policy file
// ends up in the Policy, and policies are found by name and by file.
// Method: reads the files beside the compiled-in copies. What is refused stands in refusals.json.
#include "keywalk/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/builtin_policies.h"
#include "keywalk/config.h"
#include "tests/config/fixture_file.h"

namespace keywalk {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Policy MustLoad(const std::string& name) {
  Result<Policy> policy = LoadPolicy(name);
  if (!policy.ok()) ADD_FAILURE() << policy.error().message();
  return policy.ok() ? *std::move(policy) : Policy();
}

TEST(BuiltinPolicyTest, EveryFileIsCompiledInUnchangedUnderItsOwnName) {
  std::vector<std::string> files;
  for (const config::BuiltinPolicy& policy : config::BuiltinPolicies()) {
    const std::string file = "policies/" + std::string(policy.name) + ".json";
    EXPECT_EQ(policy.json, ReadFixtureText(file)) << file;
    EXPECT_EQ(ReadFixture(file).at("name"), policy.name) << file;
    EXPECT_EQ(MustLoad(std::string(policy.name)).name, policy.name);
    files.push_back(file);
  }
  std::ranges::sort(files);
  EXPECT_EQ(files, FixturesIn("policies")) << "the list in lib/config/CMakeLists.txt";
}

TEST(BuiltinPolicyTest, TheSeedComesFirst) {
  ASSERT_FALSE(BuiltinPolicyNames().empty());
  EXPECT_EQ(BuiltinPolicyNames().front(), "coder-v1");
}

TEST(BuiltinPolicyTest, EachDeclaresWhatItHas) {
  for (const std::string& name : BuiltinPolicyNames()) {
    const Policy policy = MustLoad(name);
    const auto declares = [&](std::string_view clause) {
      return std::ranges::count(policy.declares, clause) == 1;
    };
    const auto has = [&](CooldownSource source) {
      return std::ranges::count(policy.cooldown_sources, source) == 1;
    };
    EXPECT_EQ(declares("retry.http-date"), has(CooldownSource::kRetryAfterDate)) << name;
    EXPECT_EQ(declares("retry.cap"), policy.max_cooldown.has_value()) << name;
    EXPECT_EQ(declares("retry.provider-hints"), has(CooldownSource::kOpenAiReset) &&
                                                    has(CooldownSource::kAnthropicReset) &&
                                                    has(CooldownSource::kGoogleRetryInfo))
        << name;
    EXPECT_EQ(declares("classify.body"),
              std::ranges::any_of(policy.rules, &PolicyRule::has_body_conditions))
        << name;
  }
}

constexpr std::string_view kEveryMember = R"({
  "$schema": "ignored", "schema_version": "1.7", "name": "every-member-1", "title": "T",
  "source": "S", "declares": ["retry.cap", "classify.body"],
  "rules": [
    {"status": [429, "500-599"], "error_codes": ["a", "b"], "error_types": ["c"],
     "error_reasons": ["d"], "message_contains": ["e"], "action": "temporary",
     "reason": "unauthorized", "cooldown": 1500},
    {"status": [429], "action": "temporary", "reason": "rate_limited", "cooldown": "response"},
    {"status": [401], "action": "temporary", "reason": "rate_limited", "cooldown": "default"},
    {"status": ["403-403"], "action": "permanent", "reason": "unauthorized"},
    {"status": [402], "action": "next"},
    {"status": [100, 999], "action": "surface"}],
  "cooldown": {"default_ms": 30000, "max_ms": 30000, "sources": ["google-retry-info",
    "retry-after-ms"]},
  "exhausted": {"rate_limited": "permanent", "unauthorized": "rate_limited",
                "permanent": "rate_limited", "pass_on_last": true}})";

TEST(ParsePolicyTest, EveryMemberIsRead) {
  const Result<Policy> parsed = ParsePolicy(kEveryMember, "file.json");
  ASSERT_TRUE(parsed.ok()) << parsed.error().message();
  const Policy& policy = *parsed;
  EXPECT_EQ(policy.name, "every-member-1");
  EXPECT_THAT(policy.declares, ElementsAre("retry.cap", "classify.body"));
  EXPECT_EQ(policy.default_cooldown, milliseconds(30000));
  EXPECT_EQ(policy.max_cooldown, milliseconds(30000));
  EXPECT_THAT(policy.cooldown_sources,
              ElementsAre(CooldownSource::kGoogleRetryInfo, CooldownSource::kRetryAfterMs));
  EXPECT_EQ(policy.answer_rate_limited, ExhaustedAnswerKind::kPermanent);
  EXPECT_EQ(policy.answer_unauthorized, ExhaustedAnswerKind::kRateLimited);
  EXPECT_EQ(policy.answer_permanent, ExhaustedAnswerKind::kRateLimited);
  EXPECT_TRUE(policy.pass_on_last_response);
  EXPECT_FALSE(MustLoad("coder-v1").pass_on_last_response) << "the default";
}

TEST(ParsePolicyTest, EveryMemberOfARuleIsRead) {
  const Result<Policy> parsed = ParsePolicy(kEveryMember, "file.json");
  ASSERT_TRUE(parsed.ok()) << parsed.error().message();
  ASSERT_EQ(parsed->rules.size(), 6u);
  const PolicyRule& first = parsed->rules[0];
  ASSERT_EQ(first.statuses.size(), 2u);
  EXPECT_EQ(first.statuses[0].first, 429);
  EXPECT_EQ(first.statuses[0].last, 429);
  EXPECT_EQ(first.statuses[1].first, 500);
  EXPECT_EQ(first.statuses[1].last, 599);
  EXPECT_THAT(first.error_codes, ElementsAre("a", "b"));
  EXPECT_THAT(first.error_types, ElementsAre("c"));
  EXPECT_THAT(first.error_reasons, ElementsAre("d"));
  EXPECT_THAT(first.message_contains, ElementsAre("e"));
  EXPECT_EQ(first.action, Action::kTemporary);
  EXPECT_EQ(first.reason, MarkReason::kUnauthorized);
  EXPECT_FALSE(first.cooldown_from_response);
  EXPECT_EQ(first.cooldown, milliseconds(1500));
  EXPECT_TRUE(parsed->rules[1].cooldown_from_response);
  EXPECT_EQ(parsed->rules[1].reason, MarkReason::kRateLimited);
  EXPECT_FALSE(parsed->rules[2].cooldown_from_response);
  EXPECT_EQ(parsed->rules[2].cooldown, Duration::zero());
  EXPECT_EQ(parsed->rules[3].action, Action::kPermanent);
  EXPECT_EQ(parsed->rules[4].action, Action::kNext);
  EXPECT_EQ(parsed->rules[5].action, Action::kSurface);
}

// What no schema can express, so that it is not among the files of invalid/.
TEST(ParsePolicyTest, ACapBelowTheDefaultIsRefused) {
  std::string text(kEveryMember);
  text.replace(text.find("\"max_ms\": 30000"), 15, "\"max_ms\": 29999");
  const Result<Policy> policy = ParsePolicy(text, "file.json");
  ASSERT_FALSE(policy.ok());
  EXPECT_EQ(policy.error().message(),
            "file.json: /cooldown/max_ms: must not be less than default_ms");
}

TEST(ParsePolicyTest, ARangeThatRunsBackwardsIsRefused) {
  std::string text(kEveryMember);
  text.replace(text.find("500-599"), 7, "599-500");
  const Result<Policy> policy = ParsePolicy(text, "file.json");
  ASSERT_FALSE(policy.ok());
  EXPECT_THAT(policy.error().message(), HasSubstr("file.json: /rules/0/status/1: expected"));
}

TEST(LoadPolicyTest, AnUnknownNameListsTheKnownOnes) {
  const Result<Policy> policy = LoadPolicy("coder-v3");
  ASSERT_FALSE(policy.ok());
  EXPECT_EQ(policy.error().message(),
            "unknown policy \"coder-v3\"; known are coder-v1, coder-v2, every-clause");
}

TEST(LoadPolicyTest, APathIsAFile) {
  EXPECT_EQ(MustLoad(FixturePath("policies/coder-v2.json")).name, "coder-v2");
}

TEST(LoadPolicyTest, AMissingFileIsNamed) {
  for (const std::string name : {"/nonexistent/policy", "nonexistent.json"}) {
    const Result<Policy> policy = LoadPolicy(name);
    ASSERT_FALSE(policy.ok());
    EXPECT_EQ(policy.error().message(), name + ": cannot be read: No such file or directory");
  }
}

}  // namespace
}  // namespace keywalk
