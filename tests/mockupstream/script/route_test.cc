// Goal: the first route that matches serves, from a sequence of its own; wrong routes are refused.
// Method: one rule per request, without a server; then a lane over sockets.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "mockupstream/lanes/lane_table.h"
#include "mockupstream/script/matcher.h"
#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(MatcherTest, AStarStandsForAnyBytes) {
  EXPECT_TRUE(MatchesPattern("/v1/models", "/v1/models"));
  EXPECT_FALSE(MatchesPattern("/v1/models", "/v1/model"));
  EXPECT_FALSE(MatchesPattern("/v1/models", "/v1/models/x"));
  EXPECT_TRUE(MatchesPattern("/v1/*", "/v1/"));
  EXPECT_TRUE(MatchesPattern("/v1/*", "/v1/a/b"));
  EXPECT_TRUE(MatchesPattern("*/a*b", "/x/aab"));
  EXPECT_FALSE(MatchesPattern("*/a*b", "/x/aabc"));
  EXPECT_TRUE(MatchesPattern("**", ""));
  EXPECT_FALSE(MatchesPattern("", "a"));
}

bool Matches(const char* match, const RequestFacts& request) {
  config::JsonProblems problems("match");
  const RequestMatch read = ReadMatch(json::parse(match), "", problems);
  EXPECT_FALSE(problems.any()) << problems.error().message();
  return read.Matches(request);
}

TEST(MatcherTest, EverythingThatIsStatedMustHold) {
  const Headers headers{{"X-Team", "a"}, {"X-Team", "blue-2"}, {"Accept", "*/*"}};
  RequestFacts request("POST", "/v1/chat/completions?api-version=2024%2D06&x", headers);
  const std::string body =
      R"({"model": "gpt-4o", "n": 1, "stop": ["a", "b"], "meta": {"user": "u", "x": null}})";
  const char* holds[] = {
      R"({})",
      R"({"method": "POST"})",
      R"({"method": ["GET", "POST"], "path": "/v1/chat/completions"})",
      R"({"path": "/v1/*"})",
      R"({"query": {"api-version": "2024-06", "x": "", "y": null}})",
      R"({"headers": {"x-team": "blue-*", "X-Other": null}})",
      R"({"headers": {"Accept": "*/*"}})",
      R"({"json": {"model": "gpt-4o", "n": 1.0, "meta": {"x": null}}})",
      R"({"json": {"stop": ["a", "b"]}})",
  };
  const char* fails[] = {
      R"({"method": "post"})",
      R"({"method": "POST", "path": "/v1/chat"})",
      R"({"query": {"api-version": null}})",
      R"({"query": {"y": "*"}})",
      R"({"headers": {"X-Team": "blue"}})",
      R"({"headers": {"X-Team": null}})",
      R"({"json": {"model": "gpt-4"}})",
      R"({"json": {"stop": ["a"]}})",
      R"({"json": {"none": null}})",
      R"({"json": []})",
  };
  EXPECT_FALSE(Matches(R"({"json": {}})", request)) << "no body was given to it";
  request.set_body(body);
  for (const char* match : holds) EXPECT_TRUE(Matches(match, request)) << match;
  for (const char* match : fails) EXPECT_FALSE(Matches(match, request)) << match;
  RequestFacts other("POST", "/", headers);
  other.set_body("no json");
  EXPECT_FALSE(Matches(R"({"json": {}})", other));
}

TEST(MatcherTest, ADroppedBodyIsNoneThatWasGiven) {
  const Headers headers;
  RequestFacts request("POST", "/v1/x?y", headers);
  request.set_body(R"({"a": 1})");
  EXPECT_TRUE(Matches(R"({"json": {"a": 1}})", request));
  request.DropBody();
  EXPECT_EQ(request.json(), nullptr);
  EXPECT_EQ(request.body().data(), nullptr);
  EXPECT_FALSE(Matches(R"({"json": {"a": 1}})", request));
  EXPECT_TRUE(Matches(R"({"path": "/v1/x", "query": {"y": ""}})", request));
}

constexpr std::string_view kLane = R"({
  "name": "k0",
  "$comment": "one sequence for a model, one for the list, one for the rest",
  "routes": [
    {"name": "small", "match": {"json": {"model": "small"}},
     "steps": [{"status": 429, "times": 2}, {"status": 201}], "at_end": "fail_loud"},
    {"match": {"method": "GET", "path": "/v1/models*"}, "steps": [{"status": 202}, {"status": 203}],
     "at_end": "loop"}
  ],
  "steps": [{"status": 200}, {"status": 500}]
})";

int StatusOf(const MockServer& server, std::string_view method, std::string_view target,
             std::string_view body = "") {
  RawClient client(server.port());
  client.Send(RequestText(method, target, {{"x-api-key", kKey}}, body));
  return ReadReply(client).status;
}

TEST(RouteTest, EachHasItsOwnSequence) {
  const auto server = StartMock(OneLane(kLane));
  const std::string small = R"({"model": "small"})";
  EXPECT_EQ(StatusOf(*server, "POST", "/a", small), 429);
  EXPECT_EQ(StatusOf(*server, "POST", "/a", R"({"model": "large"})"), 200);
  EXPECT_EQ(StatusOf(*server, "GET", "/v1/models?x"), 202);
  EXPECT_EQ(StatusOf(*server, "POST", "/b", small), 429);
  EXPECT_EQ(StatusOf(*server, "GET", "/v1/models/x"), 203);
  EXPECT_EQ(StatusOf(*server, "GET", "/v1/models/x"), 202);
  EXPECT_EQ(StatusOf(*server, "POST", "/c", small), 201);
  EXPECT_EQ(StatusOf(*server, "POST", "/c", small), 599);
  EXPECT_EQ(StatusOf(*server, "POST", "/c", "not json"), 500);
  const std::vector<JournalEntry> journal = server->Journal();
  ASSERT_EQ(journal.size(), 9u);
  EXPECT_EQ(journal[0].route, "small");
  EXPECT_EQ(journal[1].route, "");
  EXPECT_EQ(journal[2].route, "1");
  EXPECT_EQ(journal[3].step, 1u);
  EXPECT_EQ(journal[7].step, std::nullopt);
  EXPECT_EQ(journal[7].route, "small");
  EXPECT_EQ(server->steps_served(std::string(kKey)), 8u);
}

// README, Bounds: a body beyond 16 MiB is as one that is no JSON.
TEST(RouteTest, ABodyOfMoreThanSixteenMebibytesMatchesNoJson) {
  constexpr std::size_t kMost = std::size_t{16} << 20;
  const auto server = StartMock(OneLane(kLane));
  std::string body = R"({"model": "small"})";
  body.resize(kMost, ' ');
  EXPECT_EQ(StatusOf(*server, "POST", "/a", body), 429);
  body += ' ';
  EXPECT_EQ(StatusOf(*server, "POST", "/a", body), 200);
  const std::vector<JournalEntry> journal = server->Journal();
  ASSERT_EQ(journal.size(), 2u);
  EXPECT_EQ(journal[0].route, "small");
  EXPECT_EQ(journal[1].route, "");
  EXPECT_EQ(journal[1].body_bytes, kMost + 1);
  EXPECT_TRUE(journal[1].body_complete);
}

TEST(RouteTest, WithoutStepsWhatMatchesNoRouteIsNotExpected) {
  const auto server =
      StartMock(OneLane(R"({"routes": [{"match": {"method": "GET"}, "steps": [{}]}]})"));
  EXPECT_EQ(StatusOf(*server, "GET", "/"), 200);
  const RawReply reply = Ask(*server, kKey);
  EXPECT_EQ(reply.status, 599);
  EXPECT_THAT(reply.body, HasSubstr("no route of k0 matches POST /v1/chat/completions"));
}

TEST(RouteTest, TheScriptPageShowsThemWithoutKeys) {
  const auto server = StartMock(OneLane(R"({"routes": [
      {"match": {"headers": {"Authorization": "Bearer sk-another-key-000000000"}},
       "steps": [{}]}]})"));
  const RawReply reply = Admin(*server, "GET", "/__mock/script");
  const json route = json::parse(reply.body)["lanes"][0]["routes"][0];
  EXPECT_EQ(route["match"]["headers"]["Authorization"], "Bearer sk-a...0000");
  EXPECT_EQ(route["name"], "0");
  EXPECT_EQ(route["served"], 0);
}

TEST(RouteTest, RefusesAWrongRouteWithItsPlaceAndReason) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"routes": [{"steps": [{}]}]})", "/routes/0/match: is required"},
      {R"({"routes": [{"match": {}}]})", "/routes/0/steps: is required"},
      {R"({"routes": [{"match": {"path": "v1"}, "steps": [{}]}]})", "/match/path: must begin"},
      {R"({"routes": [{"match": {"path": "/a?b"}, "steps": [{}]}]})", "/match/path: is without"},
      {R"({"routes": [{"match": {"method": []}, "steps": [{}]}]})", "/match/method: needs"},
      {R"({"routes": [{"match": {"method": "A B"}, "steps": [{}]}]})", "/match/method: is no"},
      {R"({"routes": [{"match": {"headers": {"a b": "c"}}, "steps": [{}]}]})", "/headers/...: is"},
      {R"({"routes": [{"match": {"query": {"a": 1}}, "steps": [{}]}]})", "/query/...: expected"},
      {R"({"routes": [{"match": {}, "steps": [{}], "name": "1"},
                      {"match": {}, "steps": [{}]}]})",
       "/routes/1/name: another"},
      {R"({"routes": [{"match": {"json": 1}, "steps": [{}]}], "steps": [{}, {"early": true}]})",
       "/steps/1: would answer before"},
      {R"({"routes": [{"match": {"json": 1}, "steps": [{"early": true}]}]})",
       "/routes/0/steps/0: would answer before"},
      {R"({"routes": [{"match": {"json": 1}, "steps": [{}]}],
           "chaos": {"draws": [{"probability": 1, "early": true}]}})",
       "/chaos/draws/0: would answer before"},
      {R"({"routes": [{"match": {}, "steps": [{}]}], "at_end": "loop"})", "/at_end: without steps"},
      {R"({"$comment": 1, "steps": [{}]})", "/$comment: expected a string"},
  };
  for (const auto& [lane, reason] : cases) {
    const Result<Script> script = ParseScript(
        R"({"schema_version": "1.0", "default_lane": )" + std::string(lane) + "}", "s.json");
    ASSERT_FALSE(script.ok()) << lane;
    EXPECT_THAT(script.error().message(),
                AllOf(HasSubstr("s.json: /default_lane"), HasSubstr(reason)));
  }
}

TEST(RouteTest, ACommentMayStandInEveryObjectOfAScript) {
  const Script script = Parse(R"({
    "schema_version": "1.0", "$comment": "c",
    "lanes": {"$comment": "c", "sk-a": {"$comment": "c", "steps": [
      {"$comment": "c", "headers": {"$comment": "c", "X": "y"}, "json": {"$comment": "kept"}},
      {"sse": [{"$comment": "c", "data": "x"}],
       "fault": {"$comment": "c", "at": "before_head", "kind": "reset"}}],
      "routes": [{"$comment": "c", "steps": [{}], "match": {"$comment": "c",
        "headers": {"$comment": "c"}, "query": {"$comment": "c"}}}],
      "chaos": {"$comment": "c", "draws": [{"$comment": "c", "probability": 0}]}}}})");
  ASSERT_EQ(script.lanes.size(), 1u);
  const Lane& lane = script.lanes.at("sk-a");
  EXPECT_EQ(lane.steps[0].headers.size(), 2u);  // X and Content-Type
  EXPECT_EQ(*lane.steps[0].body, R"({"$comment":"kept"})");
  EXPECT_TRUE(lane.routes.at(0).match.headers.empty());
}

}  // namespace
}  // namespace keywalk::mock::testing
