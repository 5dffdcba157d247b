// Goal: an answer has the provider's status, fields and body for the request it answers.
// Method: rendering without a server, and the decoded body.

#include "mockupstream/answers/provider_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "mockupstream/answers/answer_catalogue.h"
#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

AnswerSpec Spec(std::string name) {
  AnswerSpec spec;
  spec.name = std::move(name);
  return spec;
}

ScriptStep Render(const AnswerSpec& spec, std::string_view target, const json* body = nullptr,
                  std::string_view method = "POST") {
  AnswerRequest request;
  request.method = method;
  request.target = target;
  request.body = body;
  request.key_hint = "sk-a...wxyz";
  request.now = WallMilliseconds(std::chrono::seconds(1'767'225'600));
  return RenderAnswer(spec, request);
}

json BodyOf(const ScriptStep& step) { return json::parse(step.body ? *step.body : ""); }

// The values at a pointer in the data of each event that has it, joined.
std::string Joined(const ScriptStep& step, const char* pointer) {
  const json::json_pointer place(pointer);
  std::string text;
  for (const SseEvent& event : step.sse) {
    const json data = json::parse(event.data, nullptr, false);
    if (data.is_object() && data.contains(place) && data.at(place).is_string()) {
      text += data.at(place).get<std::string>();
    }
  }
  return text;
}

TEST(ProviderAnswersTest, EveryAnswerRendersToJsonWithoutAPlaceholderLeft) {
  for (const std::string& name : AnswerNames()) {
    const AnswerEntry entry = FindAnswer(name);
    for (const AnswerCase& one : entry.answer->cases) {
      std::string path = "/" + one.condition.path;
      const std::size_t mark = path.find("{model}");
      if (mark != std::string::npos) path.replace(mark, 7, "the-model");
      for (const auto& [key, value] : one.condition.query) path += "?" + key + "=" + value;
      const json body = one.condition.body ? *one.condition.body : json::object();
      const ScriptStep step = Render(Spec(name), path, &body,
                                     one.condition.method.empty() ? "POST" : one.condition.method);
      EXPECT_EQ(step.status, one.status) << name << " " << path;
      std::string text = step.body ? *step.body : "";
      for (const SseEvent& event : step.sse) text += event.event + event.data;
      for (const Headers::Field field : step.headers) text += field.value;
      EXPECT_THAT(text, Not(HasSubstr("{{"))) << name;
      EXPECT_NE(step.body == nullptr, step.sse.empty()) << name;
      EXPECT_TRUE(step.headers.Contains("Content-Type")) << name;
    }
  }
}

TEST(ProviderAnswersTest, ASuccessEchoesTheModelAndSaysTheText) {
  const json body = {{"model", "gpt-x"}, {"messages", {{{"content", "12345678"}}}}};
  AnswerSpec spec = Spec("openai.success");
  spec.text = "one two  three";
  const json chat = BodyOf(Render(spec, "/v1/chat/completions", &body));
  EXPECT_EQ(chat["model"], "gpt-x");
  EXPECT_EQ(chat["choices"][0]["message"]["content"], "one two  three");
  EXPECT_EQ(chat["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(chat["usage"]["prompt_tokens"], 2);
  EXPECT_EQ(chat["usage"]["total_tokens"], 5);
  EXPECT_EQ(chat["created"], 1'767'225'600);
  spec.model = "another";
  EXPECT_EQ(BodyOf(Render(spec, "/v1/responses", &body))["model"], "another");
}

TEST(ProviderAnswersTest, AStreamHasAnEventForEachWord) {
  json body = {{"model", "gpt-x"}, {"stream", true}};
  AnswerSpec spec = Spec("openai");
  spec.text = "one two  three";
  const ScriptStep chat = Render(spec, "/v1/chat/completions", &body);
  EXPECT_EQ(chat.headers.Find("Content-Type"), "text/event-stream; charset=utf-8");
  ASSERT_EQ(chat.sse.size(), 6u);  // role, three words, finish, [DONE]
  EXPECT_EQ(Joined(chat, "/choices/0/delta/content"), "one two  three");
  EXPECT_EQ(chat.sse.back().data, "[DONE]");

  body["stream_options"] = {{"include_usage", true}};
  const ScriptStep counted = Render(spec, "/v1/chat/completions", &body);
  ASSERT_EQ(counted.sse.size(), 7u);
  EXPECT_EQ(json::parse(counted.sse[5].data)["usage"]["completion_tokens"], 3);
}

TEST(ProviderAnswersTest, AResponsesStreamCountsItsEvents) {
  const json body = {{"model", "gpt-x"}, {"stream", true}};
  const ScriptStep step = Render(Spec("openai"), "/v1/responses", &body);
  for (std::size_t i = 0; i < step.sse.size(); ++i) {
    const json data = json::parse(step.sse[i].data);
    EXPECT_EQ(data["sequence_number"], i);
    EXPECT_EQ(data["type"], step.sse[i].event);
  }
  EXPECT_EQ(step.sse.front().event, "response.created");
  EXPECT_EQ(step.sse.back().event, "response.completed");
}

TEST(ProviderAnswersTest, AMessageStreamHasTheSequenceOfTheDocumentation) {
  const json body = {{"model", "claude-x"}, {"stream", true}};
  AnswerSpec spec = Spec("anthropic.success");
  spec.text = "a b";
  std::vector<std::string> events;
  const ScriptStep step = Render(spec, "/v1/messages?beta=true", &body);
  for (const SseEvent& event : step.sse) events.push_back(event.event);
  EXPECT_THAT(events, ElementsAre("message_start", "content_block_start", "ping",
                                  "content_block_delta", "content_block_delta",
                                  "content_block_stop", "message_delta", "message_stop"));
  EXPECT_EQ(json::parse(step.sse[0].data)["message"]["model"], "claude-x");
}

TEST(ProviderAnswersTest, TheTextEndsAtTheLimitOfTokens) {
  AnswerSpec spec = Spec("anthropic");
  spec.text = "one two three";
  const json body = {{"max_tokens", 2}};
  const json message = BodyOf(Render(spec, "/v1/messages", &body));
  EXPECT_EQ(message["content"][0]["text"], "one two");
  EXPECT_EQ(message["stop_reason"], "max_tokens");
  EXPECT_EQ(message["usage"]["output_tokens"], 2);
  const json limited = {{"max_output_tokens", 1}};
  const json response = BodyOf(Render(Spec("openai"), "/v1/responses", &limited));
  EXPECT_EQ(response["status"], "incomplete");
  EXPECT_EQ(response["incomplete_details"]["reason"], "max_output_tokens");
}

TEST(ProviderAnswersTest, TheModelMayStandInThePath) {
  const json body = json::object();
  const auto model_in = [&body](const char* provider, std::string_view target) {
    return Render(Spec(provider), target, &body);
  };
  EXPECT_EQ(BodyOf(model_in("azure",
                            "/openai/deployments/dep-1/chat/completions?api-version=1"))["model"],
            "dep-1");
  EXPECT_EQ(BodyOf(model_in("gemini", "/v1beta/models/gemini-x:generateContent"))["modelVersion"],
            "gemini-x");
  EXPECT_EQ(BodyOf(model_in("bedrock", "/model/anthropic.x%3A0/invoke"))["model"], "anthropic.x:0");
  const ScriptStep limited =
      model_in("gemini.rate_limited", "/v1beta/models/gemini-x:generateContent");
  EXPECT_THAT(*limited.body, HasSubstr("gemini-x"));
}

TEST(ProviderAnswersTest, GeminiStreamsEventsOrAnArray) {
  const json body = json::object();
  const std::string path = "/v1beta/models/gemini-x:streamGenerateContent";
  AnswerSpec spec = Spec("gemini");
  spec.text = "a b";
  const ScriptStep events = Render(spec, path + "?alt=sse", &body);
  EXPECT_EQ(events.headers.Find("Content-Type"), "text/event-stream");
  EXPECT_EQ(Joined(events, "/candidates/0/content/parts/0/text"), "a b");
  const json array = BodyOf(Render(spec, path, &body));
  ASSERT_EQ(array.size(), 3u);
  EXPECT_EQ(array[2]["candidates"][0]["finishReason"], "STOP");
}

TEST(ProviderAnswersTest, BedrockRefusesToStreamAndSaysWhy) {
  const ScriptStep step = Render(Spec("bedrock"), "/model/m/converse-stream");
  EXPECT_EQ(step.status, 501);
  EXPECT_THAT(*step.body, HasSubstr("eventstream"));
}

TEST(ProviderAnswersTest, APathThatTheProviderLacksIsItsNotFound) {
  const ScriptStep openai = Render(Spec("openai"), "/v1/chat/completion?x=1");
  EXPECT_EQ(openai.status, 404);
  EXPECT_EQ(BodyOf(openai)["error"]["message"], "Invalid URL (POST /v1/chat/completion)");
  EXPECT_EQ(Render(Spec("openai"), "/v1/chat/completions", nullptr, "GET").status, 404);
  EXPECT_EQ(Render(Spec("openai"), "/v1/xchat/completions").status, 200);  // completions
  EXPECT_EQ(Render(Spec("anthropic"), "/v1/mymessages").status, 404);
  EXPECT_EQ(BodyOf(Render(Spec("anthropic"), "/v1/chat/completions"))["error"]["type"],
            "not_found_error");
}

TEST(ProviderAnswersTest, AWaitIsToldInTheProvidersPlacesAndUnits) {
  AnswerSpec spec = Spec("openai.rate_limited");
  spec.retry_after = milliseconds(1'500);
  const ScriptStep openai = Render(spec, "/v1/chat/completions");
  EXPECT_EQ(openai.status, 429);
  EXPECT_EQ(openai.headers.Find("retry-after"), "2");
  EXPECT_EQ(openai.headers.Find("retry-after-ms"), "1500");
  EXPECT_EQ(openai.headers.Find("x-ratelimit-reset-requests"), "1.5s");
  EXPECT_EQ(BodyOf(openai)["error"]["code"], "rate_limit_exceeded");

  spec.name = "gemini.rate_limited";
  const ScriptStep gemini = Render(spec, "/v1beta/models/m:generateContent");
  EXPECT_FALSE(gemini.headers.Contains("Retry-After"));
  EXPECT_EQ(BodyOf(gemini)["error"]["details"][2]["retryDelay"], "1.5s");

  spec.name = "anthropic.rate_limited";
  const ScriptStep anthropic = Render(spec, "/v1/messages");
  EXPECT_EQ(anthropic.headers.Find("retry-after"), "2");
  EXPECT_EQ(anthropic.headers.Find("anthropic-ratelimit-requests-reset"), "2026-01-01T00:00:02Z");
  EXPECT_EQ("req_" + BodyOf(anthropic)["request_id"].get<std::string>().substr(4),
            anthropic.headers.Find("request-id"));

  spec.name = "azure.rate_limited";
  EXPECT_THAT(*Render(spec, "/openai/deployments/d/chat/completions").body,
              HasSubstr("Please retry after 2 seconds."));
}

TEST(ProviderAnswersTest, AFieldWithoutAWaitIsLeftOut) {
  AnswerSpec spec = Spec("anthropic.overloaded");
  EXPECT_EQ(Render(spec, "/v1/messages").status, 529);
  EXPECT_FALSE(Render(spec, "/v1/messages").headers.Contains("retry-after"));
  spec.retry_after = milliseconds(3'000);
  EXPECT_EQ(Render(spec, "/v1/messages").headers.Find("retry-after"), "3");
}

TEST(ProviderAnswersTest, AWrongKeyIsEchoedMasked) {
  EXPECT_THAT(*Render(Spec("openai.invalid_key"), "/v1/models", nullptr, "GET").body,
              HasSubstr("Incorrect API key provided: sk-a...wxyz."));
}

TEST(ProviderAnswersTest, BodiesOfAnySortDoNoHarm) {
  json deep = json::array();
  for (int i = 0; i < 100'000; ++i) deep = json::array({std::move(deep)});
  const json bodies[] = {json(),
                         json(5),
                         json::array({1}),
                         {{"model", 5}, {"stream", "yes"}},
                         {{"max_tokens", -1}, {"messages", std::move(deep)}},
                         {{"model", std::string("\xff\n", 2)}, {"stream_options", 7}}};
  for (const json& body : bodies) {
    const ScriptStep step = Render(Spec("openai"), "/v1/chat/completions", &body);
    EXPECT_EQ(step.status, 200);
    EXPECT_FALSE(BodyOf(step)["model"].get<std::string>().empty());
  }
}

TEST(ProviderAnswersTest, AStepsOwnFieldsReplaceThoseOfTheAnswer) {
  ScriptStep step;
  step.respond = std::make_shared<const AnswerSpec>(Spec("openai.rate_limited"));
  step.headers.Add("Retry-After", "-1");
  step.headers.Add("X-Own", "1");
  step.delay = milliseconds(5);
  AnswerRequest request;
  request.method = "POST";
  request.target = "/v1/responses";
  const ScriptStep rendered = RenderStep(step, request);
  EXPECT_EQ(rendered.status, 429);
  EXPECT_EQ(rendered.headers.Find("retry-after"), "-1");
  EXPECT_EQ(rendered.headers.Find("x-own"), "1");
  EXPECT_EQ(rendered.headers.Find("retry-after-ms"), "20000");
  EXPECT_EQ(rendered.delay, milliseconds(5));
  EXPECT_EQ(rendered.respond, nullptr);
}

// Served.

TEST(ProviderAnswersTest, AServerAnswersAsTheProviderWould) {
  const auto server = testing::StartMock(testing::OneLane(R"({"name": "k0", "steps": [
      {"respond": {"answer": "openai.rate_limited", "retry_after_ms": 1500},
       "headers": {"X-Own": "1"}},
      {"respond": {"answer": "openai.success", "text": "one two"}, "times": 2}]})"));
  const testing::RawReply limited = testing::Ask(*server, testing::kKey);
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.headers.Find("retry-after-ms"), "1500");
  EXPECT_EQ(limited.headers.Find("x-own"), "1");
  EXPECT_EQ(json::parse(limited.body)["error"]["code"], "rate_limit_exceeded");

  const testing::RawReply plain = testing::Ask(*server, testing::kKey, R"({"model": "gpt-x"})");
  EXPECT_EQ(json::parse(plain.body)["model"], "gpt-x");
  EXPECT_EQ(json::parse(plain.body)["choices"][0]["message"]["content"], "one two");
  const testing::RawReply streamed =
      testing::Ask(*server, testing::kKey, R"({"model": "gpt-x", "stream": true})");
  EXPECT_THAT(streamed.body, HasSubstr(R"("delta":{"content":" two"})"));
  EXPECT_THAT(streamed.body, ::testing::EndsWith("data: [DONE]\n\n"));
}

TEST(ProviderAnswersTest, AnIdIsOfLaneAndStepAlone) {
  const auto id_of = [](std::size_t step) {
    const auto server = testing::StartMock(testing::OneLane(R"([{"respond": "openai"}])"));
    testing::RawReply reply = testing::Ask(*server, testing::kKey);
    for (std::size_t i = 0; i < step; ++i) reply = testing::Ask(*server, testing::kKey);
    return json::parse(reply.body)["id"].get<std::string>();
  };
  EXPECT_EQ(id_of(1), id_of(1));
  EXPECT_NE(id_of(0), id_of(1));
}

TEST(ProviderAnswersTest, AFaultCutsARenderedAnswer) {
  const auto server = testing::StartMock(testing::OneLane(
      R"([{"respond": "anthropic.overloaded",
           "fault": {"at": "body", "body_bytes": 10, "kind": "close"}}])"));
  testing::RawClient client(server->port());
  client.Send(testing::Post(testing::kKey));
  const JournalEntry entry = testing::WaitForFault(*server);
  EXPECT_EQ(entry.fault, FaultState::kFired);
  EXPECT_EQ(entry.status, 529);
}

TEST(ProviderAnswersTest, TheAdminPageShowsWhatTheScriptSays) {
  const auto server = testing::StartMock(testing::OneLane(
      R"([{"respond": {"answer": "openai.success", "text": "sk-test-lane-key-0000000000"}}])"));
  const json page = json::parse(testing::Admin(*server, "GET", "/__mock/script").body);
  EXPECT_EQ(page["lanes"][0]["steps"][0],
            (json{{"respond", {{"answer", "openai.success"}, {"text", "sk-t...0000"}}}}));
}

// What a script says.

std::string StepErrorOf(const std::string& step) {
  const Result<Script> script =
      ParseScript(R"({"schema_version": "1.0", "default_lane": [)" + step + "]}", "s.json");
  return script.ok() ? "" : script.error().message();
}

TEST(AnswerSpecTest, IsReadFromANameOrAnObject) {
  const Script script = testing::Parse(R"({"schema_version": "1.0", "default_lane": [
    {"respond": "openai"},
    {"respond": {"answer": "gemini.rate_limited", "retry_after_ms": 7}, "delay_ms": 3},
    {"respond": {"answer": "groq.success", "text": "", "model": "m"}}]})");
  const std::vector<ScriptStep>& steps = script.default_lane.value().steps;
  EXPECT_EQ(ToJson(*steps[0].respond), (json{{"answer", "openai"}}));
  EXPECT_EQ(ToJson(*steps[1].respond),
            (json{{"answer", "gemini.rate_limited"}, {"retry_after_ms", 7}}));
  EXPECT_EQ(ToJson(*steps[2].respond),
            (json{{"answer", "groq.success"}, {"text", ""}, {"model", "m"}}));
}

TEST(AnswerSpecTest, AWrongOneIsRefusedWithPlaceAndReason) {
  EXPECT_THAT(StepErrorOf(R"({"respond": "openai.rate_limit"})"),
              HasSubstr("s.json: /default_lane/0/respond: is no answer of the catalogue; the "
                        "nearest are openai.rate_limited, "));
  EXPECT_THAT(StepErrorOf(R"({"respond": {"answer": "sk-secret"}})"),
              ::testing::AllOf(HasSubstr("/default_lane/0/respond/answer: is no answer"),
                               Not(HasSubstr("sk-secret"))));
  EXPECT_THAT(StepErrorOf(R"({"respond": {}})"), HasSubstr("/default_lane/0/respond/answer"));
  EXPECT_THAT(StepErrorOf(R"({"respond": 5})"), HasSubstr("/default_lane/0/respond"));
  EXPECT_THAT(StepErrorOf(R"({"respond": {"answer": "openai", "colour": 1}})"),
              HasSubstr("/default_lane/0/respond/c...r: unknown key"));
  EXPECT_THAT(StepErrorOf(R"({"respond": {"answer": "openai.success", "retry_after_ms": 5}})"),
              HasSubstr("/respond/retry_after_ms: this answer tells no wait"));
  EXPECT_THAT(StepErrorOf(R"({"respond": {"answer": "openai.rate_limited", "text": "x"}})"),
              HasSubstr("/respond/text: this answer says no text"));
  EXPECT_THAT(
      StepErrorOf(R"({"respond": {"answer": "openai.rate_limited", "retry_after_ms": -1}})"),
      HasSubstr("/respond/retry_after_ms"));
  for (const char* member : {R"("status": 200)", R"("json": 1)", R"("text": "")", R"("base64": "")",
                             R"("bytes": 1)", R"("sse": [{"data": 1}])"}) {
    EXPECT_THAT(StepErrorOf(std::string(R"({"respond": "openai", )") + member + "}"),
                HasSubstr("is given by \"respond\""))
        << member;
  }
}

}  // namespace
}  // namespace keywalk::mock
