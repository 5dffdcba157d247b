// Goal: the built-in catalogue of answers is whole and strictly read, and its schema knows its
// names. Method: the built-in files, and small wrong ones, one per rule.

#include "mockupstream/answers/answer_catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "config/json_reader.h"
#include "mockupstream/answers/answer_template.h"
#include "mockupstream/answers/builtin_answers.h"

namespace keywalk::mock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

// A catalogue with every canonical answer, and this one at index 0.
std::string WithAnswer(const std::string& answer) {
  std::string text = R"({"provider": "p", "default_model": "m", "answers": [)" + answer;
  for (const std::string_view name : CanonicalAnswers()) {
    text += R"(, {"name": ")" + std::string(name) + R"(", "summary": "s", "source": "observed"})";
  }
  return text + "]}";
}

std::string ErrorOf(const std::string& text) {
  const Result<ProviderAnswers> provider = ParseProviderAnswers(text, "p.json");
  return provider.ok() ? "" : provider.error().message();
}

TEST(AnswerCatalogueTest, EveryBuiltinFileCanBeRead) {
  for (const AnswerFile& file : AnswerFiles()) {
    const Result<ProviderAnswers> provider = ParseProviderAnswers(file.json, file.name);
    ASSERT_TRUE(provider.ok()) << provider.error().message();
    EXPECT_EQ(provider->provider + ".json", file.name);
  }
  std::vector<std::string> providers;
  for (const ProviderAnswers& provider : BuiltinAnswers()) providers.push_back(provider.provider);
  EXPECT_THAT(providers, ElementsAre("openai", "anthropic", "azure", "gemini", "groq", "mistral",
                                     "openrouter", "bedrock"));
}

TEST(AnswerCatalogueTest, EveryProviderHasTheCanonicalAnswersAndTheirStatuses) {
  for (const ProviderAnswers& provider : BuiltinAnswers()) {
    for (const std::string_view name : CanonicalAnswers()) {
      const CatalogueAnswer* answer = provider.Find(name);
      ASSERT_NE(answer, nullptr) << provider.provider << "." << name;
      EXPECT_EQ(answer->cases.front().status < 400, name == "success") << provider.provider;
    }
    EXPECT_EQ(provider.Find("rate_limited")->cases.front().status, 429) << provider.provider;
    EXPECT_EQ(provider.Find("not_found")->cases.front().status, 404) << provider.provider;
    EXPECT_GE(provider.Find("server_error")->cases.front().status, 500) << provider.provider;
  }
}

TEST(AnswerCatalogueTest, FindsByNameByAliasAndByProvider) {
  EXPECT_EQ(FindAnswer("openai.insufficient_quota").answer,
            FindAnswer("openai.quota_exhausted").answer);
  EXPECT_EQ(FindAnswer("groq").answer, FindAnswer("groq.success").answer);
  for (const std::string& name : AnswerNames()) EXPECT_NE(FindAnswer(name).answer, nullptr) << name;
  for (const char* wrong : {"", "openai.", ".success", "openai.nothing", "nobody.success"}) {
    EXPECT_EQ(FindAnswer(wrong).answer, nullptr) << wrong;
  }
}

TEST(AnswerCatalogueTest, TheScriptSchemaListsTheNames) {
  const std::string file = KEYWALK_SOURCE_DIR "/fixtures/schema/mock_script.schema.json";
  config::JsonProblems problems(file);
  const nlohmann::json schema =
      nlohmann::json::parse(config::ReadFile(file, problems).value_or(""));
  std::vector<std::string> expected;
  for (const ProviderAnswers& provider : BuiltinAnswers()) expected.push_back(provider.provider);
  for (std::string& name : AnswerNames()) expected.push_back(std::move(name));
  const auto listed = schema.at("/$defs/answerName/enum"_json_pointer);
  EXPECT_EQ(listed.get<std::set<std::string>>(),
            std::set<std::string>(expected.begin(), expected.end()))
      << "the enumeration should be " << nlohmann::json(expected);
}

TEST(AnswerCatalogueTest, AWrongFileIsRefusedWithPlaceAndReason) {
  const std::string begin = R"({"name": "x", "summary": "s", "source": "observed", )";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {begin + R"("colour": 1})", "/answers/0/colour: unknown key"},
      {begin + R"("json": {"a": ["{{colour}}"]}})",
       "/answers/0/json: {{colour}} is no placeholder"},
      {begin + R"("json": "{{model"})", "/answers/0/json: has a placeholder without an end"},
      {begin + R"("headers": {"x-model": "{{model}}"}})",
       "/answers/0/headers/x-model: {{model}} has no place in a header field"},
      {begin + R"("headers": {"x y": "1"}})", "/answers/0/headers/x y: is not a header field"},
      {begin + R"("json": "{{retry_ms}}"})", "needs \"retry_after_ms\""},
      {begin + R"("json": 1, "sse": [{"data": 1}]})", "/answers/0/sse: is a second content"},
      {begin + R"("sse": []})", "/answers/0/sse: expected a list of events"},
      {begin + R"("sse": [{"event": "e"}]})", "/answers/0/sse/0/data: is required"},
      {begin + R"("sse": [{"data": 1, "each": "line"}]})", "/answers/0/sse/0/each"},
      {begin + R"("cases": []})", "/answers/0/cases: needs at least one"},
      {begin + R"("status": 99})", "/answers/0/status"},
      {R"({"name": "x", "summary": "s"})", "/answers/0/source"},
      {R"({"name": "success", "summary": "s", "source": "observed"})", "\"success\" comes twice"},
  };
  for (const auto& [answer, reason] : cases) {
    EXPECT_THAT(ErrorOf(WithAnswer(answer)), HasSubstr(reason)) << answer;
  }
  EXPECT_EQ(ErrorOf(WithAnswer(begin + R"("json": "{{finish:a:b}}"})")), "");
  EXPECT_THAT(ErrorOf(R"({"provider": "p", "default_model": "m", "answers": []})"),
              HasSubstr("lacks \"success\""));
}

TEST(AnswerTemplateTest, AWholePlaceholderIsAValueAndAPartIsText) {
  TemplateFacts facts;
  facts.prompt_tokens = 7;
  facts.model = "m";
  const auto filled = FillJson(
      {{"a", "{{prompt_tokens}}"}, {"b", "{{prompt_tokens}} of {{model}}"}, {"c", {"{{model}}"}}},
      facts);
  EXPECT_EQ(filled.dump(), R"({"a":7,"b":"7 of m","c":["m"]})");
}

TEST(AnswerTemplateTest, AWaitIsWrittenInEveryForm) {
  TemplateFacts facts;
  EXPECT_EQ(FillText("{{retry_ms}}", facts), std::nullopt);
  facts.retry_after = std::chrono::milliseconds(50'597);
  facts.now = WallMilliseconds(std::chrono::seconds(1'767'225'600));
  EXPECT_EQ(FillText("{{retry_seconds}} {{retry_ms}} {{retry_decimal}} {{retry_duration}}", facts),
            "51 50597 50.597 50.597s");
  EXPECT_EQ(FillText("{{retry_at}} {{now}}", facts), "2026-01-01T00:00:51Z 2026-01-01T00:00:00Z");
  facts.retry_after = std::chrono::milliseconds(360'500);
  EXPECT_EQ(FillText("{{retry_decimal}} {{retry_duration}}", facts), "360.5 6m0.5s");
}

TEST(AnswerTemplateTest, AWaitOfManyYearsEndsWithTheLastThatCanBeWritten) {
  TemplateFacts facts;
  facts.now = WallMilliseconds(std::chrono::seconds(1'767'225'600));
  facts.retry_after = std::chrono::hours(24 * 365 * 300);  // more than the system clock can hold
  EXPECT_EQ(FillText("{{retry_at}}", facts), "2325-10-21T00:00:00Z");
  facts.retry_after = std::chrono::milliseconds(1'000'000'000'000'000'000);
  EXPECT_EQ(FillText("{{retry_at}}", facts), "9999-12-31T23:59:59Z");
}

TEST(AnswerTemplateTest, IdsDependOnTheNumberAlone) {
  TemplateFacts facts;
  const auto first = FillText("{{id}} {{hex}} {{uuid}}", facts);
  EXPECT_EQ(FillText("{{id}} {{hex}} {{uuid}}", facts), first);
  facts.number = 1;
  EXPECT_NE(FillText("{{id}} {{hex}} {{uuid}}", facts), first);
  EXPECT_THAT(*FillText("{{uuid}}", facts),
              ::testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-"
                                      "[0-9a-f]{12}"));
}

}  // namespace
}  // namespace keywalk::mock
