// Goal: a script's models are read as written, or refused with the place and the reason.
// Method: small scripts, one per rule; what is read is compared with what the README says.
#include "mockupstream/model/key_model_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "mockupstream/model/model_gate.h"
#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kBucket =
    R"({"kind": "token_bucket", "count": "requests", "limit": 5, "per": "minute"})";

// A script whose default lane has this model; `root` are further members of the script.
std::string WithModel(const std::string& model, const std::string& root = "") {
  return R"({"schema_version": "1.0", )" + root + R"("default_lane": {"model": )" + model + "}}";
}

std::string WithLimit(const std::string& limit) {
  return WithModel(R"({"provider": "openai", "limits": [)" + limit + "]}");
}

LaneModel ModelOf(const std::string& script) {
  return testing::Parse(script).default_lane.value().model.value();
}

LimitSpec LimitOf(const std::string& limit) { return ModelOf(WithLimit(limit)).key.limits.at(0); }

std::string ErrorOf(const std::string& text) {
  const Result<Script> script = ParseScript(text, "s.json");
  return script.ok() ? "" : script.error().message();
}

TEST(KeyModelJsonTest, ReadsEveryMember) {
  const LaneModel model = ModelOf(WithModel(
      R"({"provider": "anthropic", "organisation": "org-a", "revoked_at_ms": 9000,
          "outages": [{"from_ms": 1, "to_ms": 2}, {"from_ms": 3, "to_ms": 5, "status": 401}],
          "limits": [
            {"kind": "token_bucket", "count": "input_tokens", "limit": 60, "per": "hour",
             "burst": 7},
            {"kind": "fixed_window", "count": "output_tokens", "limit": 8, "per_ms": 1500},
            {"kind": "daily_quota", "count": "tokens", "limit": 9}]})",
      R"("clock_starts_at": "1970-01-02T01:00:00.25+01:00",
         "organisations": {"org-a": {"limits": [)" +
          std::string(kBucket) + "]}},"));
  EXPECT_EQ(model.provider, ModelProvider::kAnthropic);
  EXPECT_EQ(model.organisation_name, "org-a");
  ASSERT_NE(model.organisation, nullptr);
  EXPECT_EQ(model.organisation->at(0).limit, 5);
  EXPECT_EQ(model.wall_at_zero, kLimitDay + Milliseconds(250));
  EXPECT_EQ(model.key.revoked_at, Milliseconds(9000));
  ASSERT_EQ(model.key.outages.size(), 2u);
  EXPECT_EQ(model.key.outages[0].status, 503);
  EXPECT_EQ(model.key.outages[1].from, Milliseconds(3));
  EXPECT_EQ(model.key.outages[1].to, Milliseconds(5));
  EXPECT_EQ(model.key.outages[1].status, 401);
  ASSERT_EQ(model.key.limits.size(), 3u);
  EXPECT_EQ(model.key.limits[0].kind, LimitKind::kTokenBucket);
  EXPECT_EQ(model.key.limits[0].counted, Counted::kInputTokens);
  EXPECT_EQ(model.key.limits[0].per, Milliseconds(3'600'000));
  EXPECT_EQ(model.key.limits[0].burst, 7);
  EXPECT_EQ(model.key.limits[1].kind, LimitKind::kFixedWindow);
  EXPECT_EQ(model.key.limits[1].counted, Counted::kOutputTokens);
  EXPECT_EQ(model.key.limits[1].per, Milliseconds(1500));
  EXPECT_EQ(model.key.limits[2].kind, LimitKind::kDailyQuota);
  EXPECT_EQ(model.key.limits[2].counted, Counted::kTokens);
}

TEST(KeyModelJsonTest, ABucketHoldsAsMuchAsItsLimitUnlessTold) {
  EXPECT_EQ(LimitOf(std::string(kBucket)).burst, 5);
}

TEST(KeyModelJsonTest, EveryObjectMayHaveAComment) {
  const LaneModel model = ModelOf(WithModel(
      R"({"$comment": "a", "provider": "groq", "organisation": "o",
          "outages": [{"$comment": "b", "from_ms": 1, "to_ms": 2}],
          "limits": [{"$comment": "c", "kind": "daily_quota", "count": "tokens", "limit": 9}]})",
      R"("organisations": {"$comment": "d", "o": {"$comment": "e", "limits": [)" +
          std::string(kBucket) + "]}},"));
  EXPECT_EQ(model.key.limits.size(), 1u);
}

TEST(KeyModelJsonTest, LanesOfOneOrganisationShareIt) {
  const Script script = testing::Parse(
      R"({"schema_version": "1.0", "organisations": {"o": {"limits": [)" + std::string(kBucket) +
      R"(]}}, "lanes": {"sk-one": {"model": {"provider": "groq", "organisation": "o"}},
                        "sk-two": {"model": {"provider": "groq", "organisation": "o"}}}})");
  EXPECT_EQ(script.lanes.at("sk-one").model->organisation,
            script.lanes.at("sk-two").model->organisation);
  EXPECT_NE(script.lanes.at("sk-one").model->organisation, nullptr);
}

TEST(KeyModelJsonTest, ALaneWithAModelNeedsNoSteps) {
  const Lane lane = testing::Parse(WithModel(R"({"provider": "azure"})")).default_lane.value();
  ASSERT_EQ(lane.steps.size(), 1u);
  EXPECT_NE(lane.steps[0].respond, nullptr);
  EXPECT_THAT(ErrorOf(R"({"schema_version": "1.0", "default_lane":
                         {"model": {"provider": "azure"}, "steps": []}})"),
              HasSubstr("/default_lane/steps: needs at least one step"));
}

TEST(KeyModelJsonTest, NamesThePlaceAndTheReasonOfAWrongModel) {
  const std::pair<std::string, std::string> cases[] = {
      {WithModel("{}"), "/default_lane/model/provider: is required"},
      {WithModel(R"({"provider": "acme"})"), "/default_lane/model/provider: must be one of"},
      {WithModel("[]"), "/default_lane/model: expected an object"},
      {WithModel(R"({"provider": "groq", "rpm": 3})"), "/model/...: unknown key"},
      {WithModel(R"({"provider": "groq", "revoked_at_ms": -1})"), "/model/revoked_at_ms: must be"},
      {WithModel(R"({"provider": "groq", "organisation": "o"})"),
       "/default_lane/model/organisation: is not in /organisations"},
      {WithModel(R"({"provider": "groq", "organisation": ""})"), "/model/organisation: is no name"},
      {WithModel(R"({"provider": "groq", "outages": [{"from_ms": 5, "to_ms": 5}]})"),
       "/model/outages/0/to_ms: must be later than from_ms"},
      {WithModel(R"({"provider": "groq", "outages": [{"from_ms": 5}]})"),
       "/model/outages/0/to_ms: is required"},
      {WithModel(R"({"provider": "groq", "outages": [{"from_ms": 0, "to_ms": 5, "status": 429}]})"),
       "/model/outages/0/status: must be 401, or 500 to 599"},
      {R"({"schema_version": "1.0", "default_lane": {"steps": [{}, {"early": true}], "model":
           {"provider": "openai", "limits":
             [{"kind": "daily_quota", "count": "tokens", "limit": 1}]}}})",
       "/default_lane/steps/1: would answer before the request's body"},
      {WithModel(R"({"provider": "groq"})", R"("organisations": {"o": {}},)"),
       "/organisations/.../limits: is required"},
      {WithModel(R"({"provider": "groq"})", R"("organisations": {"o": {"limits": []}},)"),
       "/organisations/.../limits: needs at least one limit"},
      {WithModel(R"({"provider": "groq"})", R"("clock_starts_at": "tomorrow",)"),
       "/clock_starts_at: expected a date and time"}};
  for (const auto& [text, expected] : cases)
    EXPECT_THAT(ErrorOf(text), HasSubstr(expected)) << text;
}

TEST(KeyModelJsonTest, NamesThePlaceAndTheReasonOfAWrongLimit) {
  const std::pair<std::string, std::string> cases[] = {
      {R"({"count": "requests", "limit": 1, "per": "day"})", "/limits/0/kind: is required"},
      {R"({"kind": "bucket", "count": "requests", "limit": 1, "per": "day"})",
       "/limits/0/kind: must be one of"},
      {R"({"kind": "fixed_window", "limit": 1, "per": "day"})", "/limits/0/count: is required"},
      {R"({"kind": "fixed_window", "count": "requests", "per": "day"})",
       "/limits/0/limit: is required"},
      {R"({"kind": "fixed_window", "count": "requests", "limit": 0, "per": "day"})",
       "/limits/0/limit: must be between"},
      {R"({"kind": "fixed_window", "count": "requests", "limit": 1000000001, "per": "day"})",
       "/limits/0/limit: must be between"},
      {R"({"kind": "fixed_window", "count": "requests", "limit": 1})",
       "/limits/0/per: needs this or \"per_ms\""},
      {R"({"kind": "fixed_window", "count": "requests", "limit": 1, "per": "day", "per_ms": 5})",
       "and not both"},
      {R"({"kind": "fixed_window", "count": "requests", "limit": 1, "per": "week"})",
       "/limits/0/per: must be one of"},
      {R"({"kind": "fixed_window", "count": "requests", "limit": 1, "per": "day", "burst": 2})",
       "/limits/0/burst: goes with"},
      {R"({"kind": "daily_quota", "count": "requests", "limit": 1, "per": "day"})",
       "/limits/0/per: a daily quota is per day already"},
      {R"({"kind": "daily_quota", "count": "requests", "limit": 1, "burst": 2})",
       "/limits/0/burst: goes with"}};
  for (const auto& [limit, expected] : cases) {
    EXPECT_THAT(ErrorOf(WithLimit(limit)), HasSubstr(expected)) << limit;
  }
}

TEST(KeyModelJsonTest, NeitherAnOrganisationNorAKeyIsShownWhole) {
  const std::string text = R"({"schema_version": "1.0", "organisations": {"research-team": {}},
      "lanes": {"sk-secret-key-of-this-lane": {"model": {"provider": "x"}}}})";
  EXPECT_THAT(ErrorOf(text), HasSubstr("/organisations/re...am/limits"));
  const std::string lane = R"({"schema_version": "1.0",
      "lanes": {"sk-secret-key-of-this-lane": {"model": {"provider": "x"}}}})";
  EXPECT_THAT(ErrorOf(lane),
              AllOf(HasSubstr("/lanes/sk-s...lane/model/provider"), Not(HasSubstr("secret"))));
}

TEST(KeyModelJsonTest, TheAdminPageShowsItAsScriptsWriteIt) {
  const LaneModel model = ModelOf(WithModel(
      R"({"provider": "groq", "organisation": "o", "revoked_at_ms": 1,
          "outages": [{"from_ms": 1, "to_ms": 2}],
          "limits": [{"kind": "fixed_window", "count": "tokens", "limit": 8, "per_ms": 1500}]})",
      R"("organisations": {"o": {"limits": [)" + std::string(kBucket) + "]}},"));
  EXPECT_EQ(ToJson(model), nlohmann::json::parse(R"({
    "provider": "groq", "organisation": "o", "revoked_at_ms": 1,
    "organisation_limits": [
      {"kind": "token_bucket", "count": "requests", "limit": 5, "burst": 5, "per": "minute"}],
    "outages": [{"from_ms": 1, "to_ms": 2, "status": 503}],
    "limits": [{"kind": "fixed_window", "count": "tokens", "limit": 8, "per_ms": 1500}]})"));
}

TEST(KeyModelJsonTest, ARequestCostsItsBytesAndWhatItAllowsItself) {
  const auto output = [](const char* body) {
    const auto parsed = nlohmann::json::parse(body);
    return EstimateCost(0, &parsed).output_tokens;
  };
  EXPECT_EQ(EstimateCost(0, nullptr).input_tokens, 0);
  EXPECT_EQ(EstimateCost(1, nullptr).input_tokens, 1);
  EXPECT_EQ(EstimateCost(4, nullptr).input_tokens, 1);
  EXPECT_EQ(EstimateCost(5, nullptr).input_tokens, 2);
  EXPECT_EQ(EstimateCost(5, nullptr).output_tokens, 0);
  EXPECT_EQ(output(R"({"max_tokens": 7})"), 7);
  EXPECT_EQ(output(R"({"max_tokens": 7, "max_completion_tokens": 9})"), 9);
  EXPECT_EQ(output(R"({"max_output_tokens": 8})"), 8);
  EXPECT_EQ(output(R"({"generationConfig": {"maxOutputTokens": 5}})"), 5);
  EXPECT_EQ(output(R"({"inferenceConfig": {"maxTokens": 6}})"), 6);
  EXPECT_EQ(output(R"({"max_tokens": null, "max_output_tokens": 3})"), 3);
  EXPECT_EQ(output(R"({"max_tokens": -7})"), 0);
  EXPECT_EQ(output(R"({"max_tokens": 18446744073709551615})"),
            std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(output(R"(["max_tokens"])"), 0);
  EXPECT_EQ(output(R"({"generationConfig": "maxOutputTokens"})"), 0);
}

TEST(KeyModelJsonTest, OnlyALimitOnTokensNeedsTheBody) {
  EXPECT_FALSE(DependsOnCost(ModelOf(WithLimit(std::string(kBucket)))));
  EXPECT_TRUE(DependsOnCost(
      ModelOf(WithLimit(R"({"kind": "daily_quota", "count": "output_tokens", "limit": 9})"))));
  EXPECT_TRUE(DependsOnCost(ModelOf(WithModel(R"({"provider": "mistral"})"))));
  EXPECT_TRUE(DependsOnCost(ModelOf(WithModel(R"({"provider": "groq", "organisation": "o"})",
                                              R"("organisations": {"o": {"limits": [
                   {"kind": "daily_quota", "count": "tokens", "limit": 9}]}},)"))));
}

}  // namespace
}  // namespace keywalk::mock
