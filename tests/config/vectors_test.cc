// Goal: core and providers give what fixtures/vectors/ say, here as for any other implementation.
// Method: runs every vector through the library; a failure names the vector.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>

#include "keywalk/config.h"
#include "keywalk/policy.h"
#include "keywalk/provider.h"
#include "keywalk/retry_after.h"
#include "keywalk/secret.h"
#include "tests/config/fixture_file.h"

namespace keywalk {
namespace {

using nlohmann::json;

Headers ReadHeaders(const json& input) {
  Headers headers;
  if (!input.contains("headers")) return headers;
  for (const auto& field : input.at("headers").items()) {
    const json values = field.value().is_array() ? field.value() : json::array({field.value()});
    for (const json& value : values) headers.Add(field.key(), value.get<std::string>());
  }
  return headers;
}

// A response as the driver hands it to the core. Keeps what the facts point to.
struct VectorResponse {
  explicit VectorResponse(const json& input) : headers(ReadHeaders(input)) {
    if (input.contains("body")) {
      const json& body = input.at("body");
      error = ParseErrorBody(body.is_string() ? body.get<std::string>() : body.dump());
      facts.error = &error;
    }
    facts.status = input.value("status", 429);
    facts.headers = &headers;
    facts.received_at =
        ParseRfc3339(input.value("received_at", "2026-01-01T00:00:00Z")).value_or(WallTime());
  }
  VectorResponse(const VectorResponse&) = delete;
  VectorResponse& operator=(const VectorResponse&) = delete;

  Headers headers;
  ErrorFacts error;
  ResponseFacts facts;
};

// Equal to within a microsecond, as fixtures/README.md says; null is `none`.
void ExpectCooldown(const json& expected_ms, std::optional<Duration> actual) {
  if (expected_ms.is_null()) {
    EXPECT_EQ(actual, std::nullopt) << "nanoseconds";
    return;
  }
  ASSERT_TRUE(actual.has_value()) << "none, expected " << expected_ms << " ms";
  const auto expected = static_cast<std::int64_t>(std::llround(expected_ms.get<double>() * 1e6));
  EXPECT_LE(std::llabs(actual->count() - expected), 1000)
      << actual->count() << " ns, expected " << expected_ms << " ms";
}

void RunRetryAfter(const json& input, const json& expect) {
  std::vector<CooldownSource> sources;
  for (const json& name : input.value("sources", json::array({"retry-after-ms", "retry-after"}))) {
    const std::optional<CooldownSource> source = ParseCooldownSource(name.get<std::string>());
    ASSERT_TRUE(source) << name;
    sources.push_back(*source);
  }
  const VectorResponse response(input);
  ExpectCooldown(expect.at("cooldown_ms"), FindCooldown(sources, response.facts));
}

void RunClassify(const json& input, const json& expect) {
  const Result<Policy> policy = LoadPolicy(input.at("policy").get<std::string>());
  ASSERT_TRUE(policy.ok()) << policy.error().message();
  VectorResponse response(input);
  // As a driver does it: the body is read only where the policy asks for it.
  if (!policy->NeedsBody(response.facts.status)) response.facts.error = nullptr;
  const Classification actual = policy->Classify(response.facts);
  EXPECT_EQ(ToString(actual.action), expect.at("action").get<std::string>());
  if (actual.action != Action::kTemporary || !expect.contains("reason")) return;
  EXPECT_EQ(ToString(actual.reason), expect.at("reason").get<std::string>());
  ExpectCooldown(expect.at("cooldown_ms"), actual.cooldown == Duration::zero()
                                               ? std::nullopt
                                               : std::optional(actual.cooldown));
}

// The fields by lower case name, in order where a name is repeated.
std::map<std::string, std::vector<std::string>> ByName(const Headers& headers) {
  std::map<std::string, std::vector<std::string>> fields;
  for (const Headers::Field field : headers) {
    std::string name(field.name);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    fields[name].emplace_back(field.value);
  }
  return fields;
}

Exhaustion ReadExhaustion(const json& value) {
  Exhaustion exhaustion;
  const std::string kind = value.at("kind");
  for (const auto candidate : {Exhaustion::Kind::kRateLimited, Exhaustion::Kind::kUnauthorized,
                               Exhaustion::Kind::kPermanent}) {
    if (ToString(candidate) == kind) exhaustion.kind = candidate;
  }
  exhaustion.retry_after = Duration(std::llround(value.at("retry_after_ms").get<double>() * 1e6));
  return exhaustion;
}

// Messages count up to the first "(", without the space before it.
json WithShortMessages(json body) {
  json& message = body.at("error").at("message");
  std::string text = message.get<std::string>();
  text.resize(std::min(text.find('('), text.size()));
  text.resize(text.find_last_not_of(' ') + 1);
  message = text;
  return body;
}

void RunExhausted(const Provider& provider, const json& input, const json& expect) {
  const Result<Policy> policy = LoadPolicy(input.at("policy").get<std::string>());
  ASSERT_TRUE(policy.ok()) << policy.error().message();
  const std::optional<ExhaustedAnswer> answer =
      provider.BuildExhaustedResponse(ReadExhaustion(input.at("exhausted")), *policy);
  ASSERT_EQ(answer.has_value(), !expect.contains("none"));
  if (!answer) return;
  EXPECT_EQ(answer->status, expect.at("status").get<int>());
  EXPECT_EQ(ByName(answer->headers), ByName(ReadHeaders(expect)));
  EXPECT_EQ(WithShortMessages(json::parse(answer->body)), WithShortMessages(expect.at("json")));
}

void RunProvider(const json& input, const json& expect) {
  const Provider* provider = FindProvider(input.at("provider").get<std::string>());
  ASSERT_NE(provider, nullptr);
  if (input.contains("exhausted")) {
    RunExhausted(*provider, input, expect);
  } else if (input.contains("inject")) {
    Headers headers = ReadHeaders(input.at("inject"));
    provider->InjectAuthKey(headers, input.at("inject").at("key").get<std::string>());
    EXPECT_EQ(ByName(headers), ByName(ReadHeaders(expect)));
  } else {
    EXPECT_EQ(provider->IsByok(ReadHeaders(input)), expect.at("byok").get<bool>());
  }
}

void RunMask(const json& input, const json& expect) {
  EXPECT_EQ(MaskKey(input.at("key").get<std::string>()), expect.at("hint").get<std::string>());
}

void RunFile(const std::string& function, void (*run)(const json& input, const json& expect)) {
  const json file = ReadFixture("vectors/" + function + ".json");
  ASSERT_EQ(file.at("function"), function);
  ASSERT_FALSE(file.at("vectors").empty());
  for (const json& vector : file.at("vectors")) {
    SCOPED_TRACE(vector.at("id").get<std::string>() + ": " + vector.at("title").get<std::string>());
    run(vector.at("input"), vector.at("expect"));
  }
}

TEST(VectorsTest, RetryAfter) { RunFile("retry_after", RunRetryAfter); }
TEST(VectorsTest, Classify) { RunFile("classify", RunClassify); }
TEST(VectorsTest, Provider) { RunFile("provider", RunProvider); }
TEST(VectorsTest, Mask) { RunFile("mask", RunMask); }

TEST(VectorsTest, EveryFileIsRun) {
  EXPECT_EQ(FixturesIn("vectors"),
            (std::vector<std::string>{"vectors/classify.json", "vectors/mask.json",
                                      "vectors/provider.json", "vectors/retry_after.json"}));
}

}  // namespace
}  // namespace keywalk
