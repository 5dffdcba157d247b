// Goal: a fault that no exchange can have is refused, with the reason; the schema says the same.
// Method: every pair of a place and a kind, and each member where it does not belong.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "config/json_reader.h"
#include "tests/mockupstream/mock_client.h"
#include "tests/mockupstream/serve/fault_cases.h"

namespace keywalk::mock::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

// The problem with a step, or nothing.
std::string ProblemOf(const std::string& step) {
  const Result<Script> script =
      ParseScript(R"({"schema_version": "1.0", "default_lane": [)" + step + "]}", "s.json");
  return script.ok() ? "" : script.error().message();
}

std::string StepWith(Fault::At at, Fault::Kind kind) {
  std::string place;
  if (at == Fault::At::kRequestBody) place = R"(, "body_bytes": 1)";
  if (at == Fault::At::kSseEvent) place = R"(, "event": 0)";
  const std::string content =
      at == Fault::At::kSseEvent ? R"("sse": [{"data": "x"}])" : R"("text": "x")";
  std::string step = "{" + content + R"(, "fault": {"at": ")";
  step.append(ToString(at)).append(R"(", "kind": ")").append(ToString(kind)) += '"';
  return step + place + NeededMembers(kind) + "}}";
}

TEST(FaultScriptTest, PairsWithoutAMeaningAreRefusedByName) {
  for (const Fault::At at : Places()) {
    if (at == Fault::At::kAccept) continue;
    for (const Fault::Kind kind : Kinds()) {
      const std::string problem = ProblemOf(StepWith(at, kind));
      const std::string pair = '"' + std::string(ToString(kind)) + "\" has no meaning at \"" +
                               std::string(ToString(at)) + '"';
      if (IsMeaningful(at, kind)) {
        EXPECT_EQ(problem, "") << pair;
      } else {
        EXPECT_EQ(problem, "s.json: /default_lane/0/fault/kind: " + pair);
      }
    }
  }
}

// The kinds that the schema's rule for this place allows.
std::vector<std::string> KindsInSchema(const json& fault, std::string_view at) {
  for (const json& rule : fault.at("allOf")) {
    const json& place = rule.at("if").at("properties").value("at", json::object());
    const bool here =
        place.value("const", "") == at ||
        (place.contains("enum") && std::count(place["enum"].begin(), place["enum"].end(), at) > 0);
    const json& kinds = rule.value("/then/properties/kind/enum"_json_pointer, json());
    if (here && kinds.is_array()) return kinds.get<std::vector<std::string>>();
  }
  return {};
}

TEST(FaultScriptTest, TheSchemaTakesTheSamePairs) {
  const std::string file = KEYWALK_SOURCE_DIR "/fixtures/schema/mock_script.schema.json";
  config::JsonProblems problems(file);
  const json schema = json::parse(config::ReadFile(file, problems).value_or(""));
  const json& definitions = schema.at("$defs");
  for (const Fault::At at : Places()) {
    std::vector<std::string> expected;
    for (const Fault::Kind kind : Kinds()) {
      if (IsMeaningful(at, kind)) expected.emplace_back(ToString(kind));
    }
    const auto kinds = at == Fault::At::kAccept
                           ? definitions.at("acceptFault")
                                 .at("/properties/kind/enum"_json_pointer)
                                 .get<std::vector<std::string>>()
                           : KindsInSchema(definitions.at("fault"), ToString(at));
    EXPECT_EQ(kinds, expected) << ToString(at);
  }
}

struct BadFault {
  const char* step;
  const char* pointer;
  const char* reason;
};

TEST(FaultScriptTest, MembersStandWhereTheyBelong) {
  constexpr BadFault kBad[] = {
      {R"("fault": {"at": "accept", "kind": "reset"})", "/fault/at", "\"connections\""},
      {R"("fault": {"at": "request_body", "kind": "reset"})", "/fault/body_bytes", "is required"},
      {R"("fault": {"at": "request_body", "kind": "reset", "body_bytes": 0})", "/fault/body_bytes",
       "at least 1"},
      {R"("fault": {"at": "after_head", "kind": "reset", "event": 1})", "/fault/event",
       "goes with \"at\": \"sse_event\" only"},
      {R"("sse": [{"data": 1}], "fault": {"at": "sse_event", "kind": "reset"})", "/fault/event",
       "is required"},
      {R"("text": "x", "fault": {"at": "sse_event", "kind": "reset", "event": 0})", "/fault",
       "needs \"sse\""},
      {R"("fault": {"at": "body", "kind": "drip"})", "/fault/bytes_per_second", "is required"},
      {R"("fault": {"at": "body", "kind": "stall", "bytes_per_second": 1})",
       "/fault/bytes_per_second", "goes with \"kind\": \"drip\" only"},
      {R"("fault": {"at": "body", "kind": "drip", "bytes_per_second": 0})",
       "/fault/bytes_per_second", "between 1 and"},
      {R"("fault": {"at": "response_headers", "kind": "wrong_content_length"})",
       "/fault/content_length", "is required"},
      {R"("text": "x", "fault": {"at": "response_headers", "kind": "wrong_content_length",
          "content_length": 1})",
       "/fault", "that is the body's length"},
      {R"("text": "x", "chunked": true, "fault": {"at": "response_headers",
          "kind": "wrong_content_length", "content_length": 2})",
       "/fault", "states no length"},
      {R"("fault": {"at": "body", "kind": "reset", "text": "x"})", "/fault/text",
       "goes with \"kind\": \"garbage\" only"},
      {R"("fault": {"at": "body", "kind": "garbage", "text": ""})", "/fault/kind",
       "at least one byte"},
      {R"("fault": {"at": "body", "kind": "reset", "then": "end"})", "/fault/then",
       "goes with \"kind\": \"error_event\" only"},
      {R"("sse": [{"data": 1}], "fault": {"at": "sse_event", "kind": "error_event", "event": 0,
          "within": true})",
       "/fault/within", "an event inside an event"},
      {R"("sse": [{"data": 1}], "fault": {"at": "sse_event", "kind": "close", "event": 1,
          "within": true})",
       "/fault", "would never fire: \"within\" the place behind the last event"},
      {R"("sse": [{"data": 1}], "fault": {"at": "sse_event", "kind": "error_event", "event": 0,
          "error_event": {"data": 1, "delay_ms": 5}})",
       "/fault/error_event", "without a delay"},
      {R"("fault": {"at": "before_head", "kind": "interim"})", "/fault/interim", "is required"},
      {R"("fault": {"at": "before_head", "kind": "interim", "interim": []})", "/fault/interim",
       "1 to 100"},
      {R"("fault": {"at": "before_head", "kind": "interim", "interim": [{"status": 101}]})",
       "/fault/interim/0/status", "end of HTTP"},
      {R"("fault": {"at": "before_head", "kind": "interim", "interim": [{"status": 200}]})",
       "/fault/interim/0/status", "between 100 and 199"},
      {R"("early": true, "fault": {"at": "request_headers", "kind": "reset"})", "/early",
       "read afterwards"},
  };
  for (const BadFault& bad : kBad) {
    EXPECT_THAT(ProblemOf("{" + std::string(bad.step) + "}"),
                AllOf(HasSubstr("s.json: /default_lane/0" + std::string(bad.pointer) + ": "),
                      HasSubstr(bad.reason)))
        << bad.step;
  }
}

TEST(FaultScriptTest, ConnectionsTakeFaultsOfTheirOwn) {
  const auto problem = [](const std::string& connections) {
    const Result<Script> script = ParseScript(
        R"({"schema_version": "1.0", "default_lane": [{}], "connections": )" + connections + "}",
        "s.json");
    return script.ok() ? "" : script.error().message();
  };
  EXPECT_EQ(problem(R"([{"fault": {"kind": "stall"}, "times": 3}, {}])"), "");
  EXPECT_EQ(problem("[]"), "s.json: /connections: needs at least one step");
  EXPECT_THAT(problem(R"([{"fault": {"at": "body", "kind": "reset"}}])"),
              HasSubstr("/connections/0/fault/at: must be one of \"accept\""));
  EXPECT_THAT(problem(R"([{"fault": {"kind": "drip", "bytes_per_second": 1}}])"),
              HasSubstr("/connections/0/fault/kind: \"drip\" has no meaning at \"accept\""));
  EXPECT_THAT(problem(R"({"steps": [{}], "at_end": "fail_loud"})"),
              HasSubstr("/connections/at_end: must be one of"));
  EXPECT_THAT(problem(R"([{"status": 200}])"), HasSubstr("/connections/0/status"));
}

TEST(FaultScriptTest, TheAdminPageShowsAFaultAsItWasWritten) {
  const auto server = StartMock(OneLane(R"([{"sse": [{"data": "x"}], "fault": {
      "at": "sse_event", "event": 1, "kind": "error_event", "then": "close",
      "error_event": {"data": "sk-test-lane-key-0000000000"}}},
      {"fault": {"at": "before_head", "kind": "interim",
                 "interim": [{"status": 103, "headers": {"Link": "</x>"}}]}}])"));
  const json script = json::parse(Admin(*server, "GET", "/__mock/script").body);
  const json& steps = script.at("lanes").at(0).at("steps");
  EXPECT_EQ(steps.at(0).at("fault"), json::parse(R"({"at": "sse_event", "event": 1,
      "kind": "error_event", "then": "close",
      "event_text": "event: error\ndata: sk-t...0000\n\n"})"));
  EXPECT_EQ(steps.at(1).at("fault"), json::parse(R"({"at": "before_head", "kind": "interim",
      "interim": [{"status": 103, "headers": [["Link", "</x>"]]}]})"));
}

}  // namespace
}  // namespace keywalk::mock::testing
