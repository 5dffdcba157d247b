// Goal: a script is read as written, or refused with the place and the reason, and never shows a
// key. Method: small documents, one per rule.

#include "mockupstream/script/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "mockupstream/script/script_names.h"
#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A script whose only lane, the default one, has this step.
std::string WithStep(const std::string& step) {
  return R"({"schema_version": "1.0", "default_lane": [)" + step + "]}";
}

std::string ErrorOf(const std::string& text) {
  const Result<Script> script = ParseScript(text, "s.json");
  return script.ok() ? "" : script.error().message();
}

ScriptStep StepOf(const std::string& step) {
  return testing::Parse(WithStep(step)).default_lane.value().steps.at(0);
}

TEST(ScriptTest, ReadsLanesByKey) {
  const Script script = testing::Parse(R"({
    "schema_version": "1.0",
    "lanes": {
      "sk-a": {"name": "k0", "at_end": "loop", "steps": [{"status": 429, "times": 3}, {}]},
      "sk-b": [{"status": 401}]
    },
    "default_lane": {"steps": [], "at_end": "fail_loud"}
  })");
  ASSERT_EQ(script.lanes.size(), 2u);
  const Lane& a = script.lanes.at("sk-a");
  EXPECT_EQ(a.name, "k0");
  EXPECT_EQ(a.at_end, AtEnd::kLoop);
  ASSERT_EQ(a.steps.size(), 2u);
  EXPECT_EQ(a.steps[0].status, 429);
  EXPECT_EQ(a.steps[0].times, 3u);
  EXPECT_EQ(a.steps[1].status, 200);
  EXPECT_EQ(script.lanes.at("sk-b").steps.at(0).status, 401);
  EXPECT_EQ(script.lanes.at("sk-b").at_end, AtEnd::kRepeatLast);
  EXPECT_EQ(script.default_lane.value().at_end, AtEnd::kFailLoud);
}

TEST(ScriptTest, ReadsEveryMemberOfAStep) {
  const ScriptStep step = StepOf(R"({
    "status": 503, "headers": {"Retry-After": "5", "X-Two": ["a", "b"]}, "text": "busy",
    "delay_ms": 20, "chunked": true, "trailers": {"X-End": "1"}, "early": true, "times": 2,
    "fault": {"at": "body", "body_bytes": 2, "kind": "stall"}})");
  EXPECT_EQ(step.status, 503);
  EXPECT_EQ(step.headers.Find("retry-after"), "5");
  EXPECT_EQ(step.headers.size(), 4u);  // the repeated one twice, and Content-Type
  EXPECT_EQ(*step.body, "busy");
  EXPECT_EQ(step.delay.count(), 20);
  EXPECT_TRUE(step.chunked);
  EXPECT_EQ(step.trailers.Find("X-End"), "1");
  EXPECT_TRUE(step.early);
  EXPECT_EQ(step.times, 2u);
  ASSERT_TRUE(step.fault.has_value());
  EXPECT_EQ(step.fault->at, Fault::At::kBody);
  EXPECT_EQ(step.fault->kind, Fault::Kind::kStall);
  EXPECT_EQ(step.fault->body_bytes, 2u);
}

TEST(ScriptTest, ReadsEvents) {
  const ScriptStep step =
      StepOf(R"({"sse": [{"data": "one"}, {"event": "delta", "data": {"n": 2}, "delay_ms": 7}]})");
  ASSERT_EQ(step.sse.size(), 2u);
  EXPECT_EQ(step.sse[0].data, "one");
  EXPECT_EQ(step.sse[1].event, "delta");
  EXPECT_EQ(step.sse[1].data, R"({"n":2})");
  EXPECT_EQ(step.sse[1].delay.count(), 7);
  EXPECT_EQ(step.headers.Find("Content-Type"), "text/event-stream");
}

TEST(ScriptTest, StatesAContentTypeThatFitsUnlessTheStepDoes) {
  EXPECT_EQ(StepOf(R"({"json": {}})").headers.Find("content-type"), "application/json");
  EXPECT_EQ(StepOf(R"({"text": ""})").headers.Find("content-type"), "text/plain; charset=utf-8");
  EXPECT_FALSE(StepOf(R"({"bytes": 3})").headers.Contains("content-type"));
  const ScriptStep own = StepOf(R"({"headers": {"content-type": "a/b"}, "json": 1})");
  EXPECT_EQ(own.headers.Find("Content-Type"), "a/b");
  EXPECT_EQ(own.headers.size(), 1u);
}

struct BadStep {
  const char* step;
  const char* pointer;
  const char* reason;
};

TEST(ScriptTest, RefusesABadStepWithItsPlaceAndReason) {
  const BadStep cases[] = {
      {R"({"status": 99})", "/status", "between 200 and 999"},
      {R"({"status": "200"})", "/status", "expected an integer"},
      {R"({"statsu": 200})", "/statsu", "unknown key"},
      {R"({"headers": {"X-One": 1}})", "/headers/X...e", "expected a string"},
      {R"({"headers": {"X-One": ["a", null]}})", "/headers/X...e/1", "expected a string"},
      {R"({"headers": {"a b": "x"}})", "/headers/...", "not a header name"},
      {R"({"headers": {"X-One": "a\r\nY: b"}})", "/headers/X...e", "no CR, LF"},
      {R"({"headers": {"content-length": "4"}})", "/headers/content-length", "set by the server"},
      {R"({"json": 1, "text": "x"})", "/text", "one content only"},
      {R"({"base64": "a"})", "/base64", "expected base64"},
      {R"({"bytes": -1})", "/bytes", "between 0"},
      {R"({"delay_ms": 1.5})", "/delay_ms", "expected an integer"},
      {R"({"times": 0})", "/times", "between 1"},
      {R"({"sse": []})", "/sse", "at least one event"},
      {R"({"sse": [{"event": "x"}]})", "/sse/0/data", "is required"},
      {R"({"sse": [{"event": "a\nb", "data": ""}]})", "/sse/0/event", "one line"},
      {R"({"sse": [{"data": "a\rb"}]})", "/sse/0/data", "carriage return"},
      {R"({"sse": [{"data": "x"}], "text": "y"})", "/sse", "no other content"},
      {R"({"trailers": {"A": "b"}, "text": "x"})", "/trailers", "chunked"},
      {R"({"endless": true})", "/endless", "content to repeat"},
      {R"({"status": 204, "text": "x"})", "/status", "no body"},
      {R"({"fault": {"kind": "reset"}})", "/fault/at", "is required"},
      {R"({"fault": {"at": "body"}})", "/fault/kind", "is required"},
      {R"({"fault": {"at": "nowhere", "kind": "reset"}})", "/fault/at", "must be one of"},
      {R"({"fault": {"at": "after_head", "kind": "reset", "body_bytes": 1}})", "/fault/body_bytes",
       "only"},
      {R"({"text": "abc", "fault": {"at": "body", "kind": "close", "body_bytes": 4}})", "/fault",
       "would never fire: the body has 3 bytes"},
      {R"({"sse": [{"data": 1}], "fault": {"at": "sse_event", "kind": "close", "event": 2}})",
       "/fault", "would never fire: the number of events is 1"},
      {R"({"respond": 5})", "/respond", "expected a string or an object"},
      {R"([])", "", "expected an object"},
  };
  for (const BadStep& bad : cases) {
    EXPECT_THAT(ErrorOf(WithStep(bad.step)),
                AllOf(HasSubstr("s.json: /default_lane/0" + std::string(bad.pointer) + ": "),
                      HasSubstr(bad.reason)))
        << bad.step;
  }
}

TEST(ScriptTest, RefusesABadDocumentWithItsPlaceAndReason) {
  EXPECT_THAT(ErrorOf("{\"lanes\": "), HasSubstr("s.json: line 1"));
  EXPECT_THAT(ErrorOf("{}"), HasSubstr("/schema_version: is required"));
  EXPECT_THAT(ErrorOf(R"({"schema_version": "2.0", "default_lane": [{}]})"),
              HasSubstr("/schema_version: "));
  EXPECT_THAT(ErrorOf(R"({"schema_version": "1.0"})"), HasSubstr("/lanes: needs at least one"));
  EXPECT_THAT(ErrorOf(R"({"schema_version": "1.0", "default_lane": []})"),
              HasSubstr("/default_lane: needs at least one step"));
  EXPECT_THAT(ErrorOf(R"({"schema_version": "1.0", "default_lane": {"at_end": "loop"}})"),
              HasSubstr("/default_lane/steps: is required"));
  EXPECT_THAT(ErrorOf(R"({"schema_version": "1.0", "lanes": {"": [{}]}})"),
              HasSubstr("use \"default_lane\""));
}

TEST(ScriptTest, NoErrorShowsAKey) {
  const std::string key = "sk-very-secret-key-of-a-lane-1";
  const std::string hint = "sk-v...ne-1";
  const std::string quoted = "\"" + key + "\"";
  const std::string documents[] = {
      R"({"schema_version": "1.0", "lanes": {)" + quoted + R"(: [{"status": 1}]}})",
      R"({"schema_version": "1.0", "lanes": {)" + quoted + R"(: 3}})",
      R"({"schema_version": "1.0", "lanes": {)" + quoted + ": [{}], " + quoted + ": [{}]}}",
      // The lanes stand in the wrong place.
      R"({"schema_version": "1.0", )" + quoted + R"(: [{"status": 200}]})",
  };
  for (const std::string& document : documents) {
    EXPECT_THAT(ErrorOf(document), AllOf(HasSubstr(hint), Not(HasSubstr(key)))) << document;
  }
  EXPECT_THAT(ErrorOf("{" + quoted + ": [}"), AllOf(Not(HasSubstr(key)), HasSubstr("line 1")));
}

// In every place where somebody may put a key by mistake, and in text that is no JSON.
TEST(ScriptTest, NoErrorShowsAKeyWhereverItStands) {
  const std::string key = "sk-abcdefSECRETwxyz1";
  const std::string quoted = "\"" + key + "\"";
  const std::string start = R"({"schema_version": "1.0", )";
  const std::string documents[] = {
      start + R"("default_lane": [{}], )" + quoted + ": 1}",
      start + R"("default_lane": [{)" + quoted + ": 1}]}",
      start + R"("default_lane": [{}], "organisations": {)" + quoted + ": 1}}",
      start + R"("default_lane": [{"headers": {)" + quoted + ": 1}}]}",
      start + R"("lanes": [{)" + quoted + ": 1, " + quoted + ": 2}]}",
      start + R"("default_lane": [{"json": {)" + quoted + ": 1, " + quoted + ": 2}}]}",
      R"({"lanes": {)" + quoted + R"(: {"name": "a", "name": "b"}})",  // and malformed after it
  };
  for (const std::string& document : documents) {
    EXPECT_THAT(ErrorOf(document), AllOf(HasSubstr("sk-a...xyz1"), Not(HasSubstr("SECRET"))))
        << document;
  }
  EXPECT_THAT(ErrorOf(start + R"("lanes": {)" + quoted + R"(: [{"status": 1}]}, "lanes": {}})"),
              HasSubstr("/lanes: duplicate key"));
}

TEST(ScriptTest, AKeyIsMaskedHoweverItsPointerEscapesIt) {
  EXPECT_THAT(ErrorOf(R"({"schema_version": "1.0", "lanes": {"sk/a~b/SECRET/defghij/": 1}})"),
              AllOf(HasSubstr("/lanes/sk~1a...hij~1: "), Not(HasSubstr("SECRET"))));
}

// Lanes that somebody named like members of the format used to be cut out of the text.
TEST(ScriptTest, AnErrorsOwnWordsStayWhole) {
  EXPECT_THAT(ErrorOf(R"({"schema_version": "1.0", "s": {}, "lanes": {"l": 1, "a": 2}})"),
              AllOf(HasSubstr("/lanes/...: expected an object"), Not(HasSubstr("l...s"))));
  EXPECT_THAT(ErrorOf(R"({"schema_version": "1.0", "default_lane": [{}], "lane": {}})"),
              HasSubstr("unknown key; known are \"$schema\", \"chaos\", \"clock_starts_at\", "
                        "\"connections\", \"default_lane\", \"lanes\""));
  EXPECT_THAT(ErrorOf(R"({"schema_version": "1.0", "lanes": {"k": {"x": 1, "model": {}}}})"),
              Not(HasSubstr("\"m...l\"")));
}

TEST(ScriptTest, NoErrorHoldsWhatATerminalWouldObey) {
  EXPECT_THAT(ErrorOf(R"({"schema_version": "1.0", "default_lane": [{"\u001b[31mstatus12": 1}]})"),
              AllOf(HasSubstr("\\u001b[...12"), Not(HasSubstr("\x1b"))));
}

TEST(ScriptTest, DeepTextIsRefusedAtOnce) {
  const std::string error = ErrorOf(std::string(std::size_t{4} << 20, '['));
  EXPECT_THAT(error, HasSubstr("nested more than 64 levels deep"));
  EXPECT_LT(error.size(), 1000u);
}

TEST(ScriptTest, RefusesKeysThatNoRequestHas) {
  const std::pair<const char*, const char*> cases[] = {
      {R"(sk-\n1)", "no control characters"},
      {" sk-1", "no blank"},
      {"sk-1 ", "no blank"},
      {"Bearer sk-1", "without \"Bearer\""},
      {"bearer sk-1", "without \"Bearer\""},
  };
  for (const auto& [key, reason] : cases) {
    EXPECT_THAT(
        ErrorOf(std::string(R"({"schema_version": "1.0", "lanes": {")") + key + R"(": [{}]}})"),
        AllOf(HasSubstr("/lanes/"), HasSubstr(reason)))
        << key;
  }
}

TEST(ScriptTest, RefusesNamesThatAreAmbiguousOrKeys) {
  const auto error = [](std::string_view lanes) {
    return ErrorOf(R"({"schema_version": "1.0", )" + std::string(lanes) + "}");
  };
  const std::string lane = R"("lanes": {"sk-1": {"name": "a", "steps": [{}]}, )";
  EXPECT_THAT(error(lane + R"("sk-2": {"name": "a", "steps": [{}]}})"),
              HasSubstr("/name: another lane has this name"));
  EXPECT_THAT(error(lane + R"("sk-2": {"name": "sk-1", "steps": [{}]}})"),
              HasSubstr("/name: is a key of this script"));
  EXPECT_THAT(error(lane + R"("sk-2": {"name": "default", "steps": [{}]}}, "default_lane": [{}])"),
              HasSubstr("/name: another lane has this name"));
  EXPECT_EQ(error(lane + R"("sk-2": {"name": "default", "steps": [{}]}})"), "");
}

// Every member of the format is shown in errors, and nothing else is taken for one.
TEST(ScriptTest, TheNamesThatErrorsShowAreTheSchemas) {
  std::ifstream file(KEYWALK_SOURCE_DIR "/fixtures/schema/mock_script.schema.json");
  const nlohmann::json schema = nlohmann::json::parse(file);
  std::size_t names = 0;
  const std::function<void(const nlohmann::json&)> visit = [&](const nlohmann::json& value) {
    if (value.is_object() && value.contains("properties")) {
      for (const auto& member : value["properties"].items()) {
        ++names;
        EXPECT_TRUE(MayShowScriptName("", member.key())) << member.key();
      }
    }
    if (!value.is_structured()) return;  // a value that is none is its own only part
    for (const nlohmann::json& part : value) visit(part);
  };
  visit(schema);
  EXPECT_GT(names, 50u);
  for (const char* name : {"sk-a", "key", "statussecret", "12", "12345678", ""}) {
    EXPECT_FALSE(MayShowScriptName("", name)) << name;
  }
  EXPECT_FALSE(MayShowScriptName("lanes", "status"));
  EXPECT_FALSE(MayShowScriptName("lanes", "7"));
  EXPECT_TRUE(MayShowScriptName("steps", "7"));
  EXPECT_TRUE(MayShowScriptName("steps", "satus"));
}

TEST(ScriptTest, EveryObjectMayHaveAComment) {
  const Script script = testing::Parse(R"({
    "$comment": "a", "schema_version": "1.0",
    "lanes": {"$comment": "b", "sk-a": {"$comment": "c", "steps": [
      {"$comment": "d", "sse": [{"$comment": "e", "data": 1}],
       "fault": {"$comment": "f", "at": "after_head", "kind": "reset"}},
      {"respond": {"$comment": "g", "answer": "openai.success"}}]}}})");
  EXPECT_EQ(script.lanes.size(), 1u);
  EXPECT_THAT(ErrorOf(WithStep(R"({"$comment": 5})")), HasSubstr("expected a string"));
  // Content is not the script's: it is sent as it is.
  EXPECT_EQ(*StepOf(R"({"json": {"$comment": "x"}})").body, R"({"$comment":"x"})");
}

}  // namespace
}  // namespace keywalk::mock
