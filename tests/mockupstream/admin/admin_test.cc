// Goal: the admin pages show and change the mock's state and never show a key.
// Method: raw HTTP to a server in process, JSON compared.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kSecond = "sk-bbbbbbbbbbbbbbbbbbbb";
constexpr std::string_view kScript = R"({
  "schema_version": "1.0",
  "lanes": {
    "sk-aaaaaaaaaaaaaaaaaaaa": {"name": "k0", "steps": [
      {"status": 429, "headers": {"Retry-After": "5"}, "times": 2, "delay_ms": 1, "early": true},
      {"sse": [{"event": "e", "data": "key sk-bbbbbbbbbbbbbbbbbbbb", "delay_ms": 1}],
       "trailers": {"T": "v"}},
      {"text": "abc", "chunked": true, "endless": true,
       "fault": {"at": "body", "body_bytes": 2, "kind": "stall"}}]},
    "sk-bbbbbbbbbbbbbbbbbbbb": {"steps": [{}], "at_end": "loop"}
  },
  "default_lane": [{"status": 500}]
})";
constexpr std::string_view kFirst = "sk-aaaaaaaaaaaaaaaaaaaa";

TEST(AdminTest, ShowsTheScriptWithItsKeysMasked) {
  const auto server = StartMock(Parse(kScript));
  Ask(*server, kSecond);
  const RawReply reply = Admin(*server, "GET", "/__mock/script");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(json::parse(reply.body), json::parse(R"({
    "lanes": [
      {"key": "sk-a...aaaa", "name": "k0", "at_end": "repeat_last", "served": 0, "steps": [
        {"status": 429, "headers": [["Retry-After", "5"]], "times": 2, "delay_ms": 1,
         "early": true},
        {"status": 200, "headers": [["Content-Type", "text/event-stream"]],
         "sse": [{"event": "e", "data": "key sk-b...bbbb", "delay_ms": 1}],
         "trailers": [["T", "v"]]},
        {"status": 200, "headers": [["Content-Type", "text/plain; charset=utf-8"]],
         "text": "abc", "body_bytes": 3, "chunked": true, "endless": true,
         "fault": {"at": "body", "body_bytes": 2, "kind": "stall"}}]},
      {"key": "sk-b...bbbb", "name": "sk-b...bbbb", "at_end": "loop", "served": 1,
       "steps": [{"status": 200}]}],
    "default_lane": {"name": "default", "at_end": "repeat_last", "served": 0,
                     "steps": [{"status": 500}]}})"))
      << reply.body;
}

TEST(AdminTest, AsksForATokenWhereThereIsOne) {
  MockServerOptions options;
  options.admin_tokens = {"admin-token-1"};
  const auto server = StartMock(Parse(kScript), options);
  const auto ask = [&server](std::string_view path, const Headers& headers) {
    RawClient client(server->port());
    client.Send(RequestText("PUT", path, headers,
                            R"({"schema_version": "1.0", "default_lane": [{"status": 418}]})"));
    return ReadReply(client);
  };
  for (const char* path : {"/__mock/script", "/__mock/journal", "/__mock/unknown", "/__mock"}) {
    const RawReply reply = ask(path, {{"Authorization", "Bearer admin-token-2"}});
    EXPECT_EQ(reply.status, 401) << path;
    EXPECT_EQ(reply.headers.Find("WWW-Authenticate"), "Bearer");
    EXPECT_EQ(ask(path, {}).status, 401);
  }
  EXPECT_EQ(Admin(*server, "GET", "/__mock/journal/tail").status, 401);
  EXPECT_EQ(Admin(*server, "GET", "/__mock/healthz").status, 200);
  EXPECT_EQ(Ask(*server, kSecond).status, 200);  // the script is as it was
  EXPECT_EQ(ask("/__mock/script", {{"Authorization", "Bearer admin-token-1"}}).status, 200);
  EXPECT_EQ(Ask(*server, kSecond).status, 418);
}

TEST(AdminTest, AKeyInAFieldsNameIsMaskedToo) {
  const auto server = StartMock(Parse(R"({"schema_version": "1.0", "lanes": {
    "sk-aaaaaaaaaaaaaaaaaaaa": [{"headers": {"X-sk-aaaaaaaaaaaaaaaaaaaa": "1"}}]}})"));
  const RawReply reply = Admin(*server, "GET", "/__mock/script");
  EXPECT_THAT(reply.body, AllOf(HasSubstr("X-sk-a...aaaa"), Not(HasSubstr(std::string(kFirst)))));
}

TEST(AdminTest, ReplacesTheScript) {
  const auto server = StartMock(Parse(kScript));
  const RawReply reply = Admin(*server, "PUT", "/__mock/script",
                               R"({"schema_version": "1.0", "default_lane": [{"status": 418}]})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(json::parse(reply.body), json::parse(R"({"ok": true, "lanes": 1})"));
  EXPECT_EQ(Ask(*server, kFirst).status, 418);
}

TEST(AdminTest, RefusesABadScriptAndKeepsTheOldOne) {
  const auto server = StartMock(Parse(kScript));
  const RawReply reply =
      Admin(*server, "PUT", "/__mock/script",
            R"({"schema_version": "1.0", "lanes": {"sk-cccccccccccccccccccc": [{"status": 1}]}})");
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.body, AllOf(HasSubstr("script: /lanes/sk-c...cccc/0/status: must be between"),
                                Not(HasSubstr("sk-cccccccccccccccccccc"))));
  EXPECT_EQ(Ask(*server, kFirst).status, 429);
}

TEST(AdminTest, ShowsTheJournalWithoutKeys) {
  const auto server = StartMock(Parse(kScript));
  Ask(*server, kFirst);
  Ask(*server, kSecond);
  RawClient client(server->port());  // one that sends another lane's key where none belongs
  const Headers headers{
      {"x-api-key", "sk-somebody-elses-key-7777"}, {"X-Debug", kSecond}, {kSecond, "x"}};
  client.Send(RequestText(kSecond, "/v1/x", headers));
  ReadReply(client);
  const RawReply reply = Admin(*server, "GET", "/__mock/journal");
  const json entries = json::parse(reply.body);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0]["lane"], "k0");
  EXPECT_EQ(entries[2]["lane"], "default");
  EXPECT_EQ(entries[2]["key"], "sk-s...7777");
  for (const std::string_view key : {kFirst, kSecond, std::string_view("somebody")}) {
    EXPECT_THAT(reply.body, Not(HasSubstr(std::string(key))));
  }
}

TEST(AdminTest, ShowsAPartOfTheJournalAndLines) {
  const auto server = StartMock(Parse(kScript));
  EXPECT_EQ(Admin(*server, "GET", "/__mock/journal").body, "[]\n");
  EXPECT_EQ(Admin(*server, "GET", "/__mock/journal?format=ndjson").body, "");
  for (int i = 0; i < 3; ++i) Ask(*server, kSecond);
  EXPECT_EQ(json::parse(Admin(*server, "GET", "/__mock/journal?from=2").body)[0]["sequence"], 2);
  const RawReply lines = Admin(*server, "GET", "/__mock/journal?format=ndjson&from=1");
  EXPECT_EQ(lines.headers.Find("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(std::count(lines.body.begin(), lines.body.end(), '\n'), 2);
  EXPECT_EQ(json::parse(lines.body.substr(0, lines.body.find('\n')))["sequence"], 1);
  EXPECT_EQ(Admin(*server, "GET", "/__mock/journal?from=x").status, 400);
  EXPECT_EQ(Admin(*server, "GET", "/__mock/journal?format=xml").status, 400);
}

TEST(AdminTest, ClearsTheJournalAndResetsLanes) {
  const auto server = StartMock(
      Parse(R"({"schema_version": "1.0", "default_lane": [{"status": 429}, {"status": 200}]})"));
  EXPECT_EQ(Ask(*server, kFirst).status, 429);
  EXPECT_EQ(Admin(*server, "DELETE", "/__mock/journal").status, 200);
  EXPECT_TRUE(server->Journal().empty());
  EXPECT_EQ(Ask(*server, kFirst).status, 200);
  EXPECT_EQ(Admin(*server, "POST", "/__mock/reset").status, 200);
  EXPECT_TRUE(server->Journal().empty());
  EXPECT_EQ(Ask(*server, kFirst).status, 429);
}

TEST(AdminTest, VerifiesTheOrderOfLanes) {
  const auto server = StartMock(Parse(kScript));
  Ask(*server, kFirst);
  Ask(*server, "other");
  const RawReply good =
      Admin(*server, "POST", "/__mock/verify", R"({"sequence": ["k0", "default"]})");
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(json::parse(good.body), json::parse(R"({"ok": true})"));
  const RawReply bad =
      Admin(*server, "POST", "/__mock/verify", R"({"sequence": ["k0", "k1", "default"]})");
  EXPECT_EQ(bad.status, 409);
  const json answer = json::parse(bad.body);
  EXPECT_EQ(answer["first_difference"], 1);
  EXPECT_EQ(answer["expected"], json::parse(R"(["k0", "k1", "default"])"));
  EXPECT_EQ(answer["actual"], json::parse(R"(["k0", "default"])"));
  EXPECT_EQ(answer["message"],
            "expected k1 second; the nearest request (#1, default) differs in lane: expected "
            "\"k1\", got \"default\"");
  EXPECT_EQ(Admin(*server, "POST", "/__mock/verify", R"({"seq": []})").status, 400);
  EXPECT_EQ(Admin(*server, "POST", "/__mock/verify", "[").status, 400);
}

TEST(AdminTest, VerifiesAPartOfTheJournal) {
  const auto server = StartMock(Parse(kScript));
  Ask(*server, kFirst);
  Ask(*server, "other");
  const std::string_view later = R"({"sequence": ["default"]})";
  EXPECT_EQ(Admin(*server, "POST", "/__mock/verify?from=1", later).status, 200);
  EXPECT_EQ(Admin(*server, "POST", "/__mock/verify?from=0", later).status, 409);
  EXPECT_EQ(Admin(*server, "POST", "/__mock/verify?from=1&scope=x", later).status, 409);
  EXPECT_EQ(Admin(*server, "POST", "/__mock/verify?form=1", later).status, 400);
}

TEST(AdminTest, VerifiesThatFaultsFired) {
  const auto server = StartMock(OneLane(R"([{"times": 2}, {"text": "a long body",
      "fault": {"at": "body", "body_bytes": 3, "kind": "close"}}])"));
  const std::string_view fired = R"({"faults": "all_fired"})";
  EXPECT_THAT(Admin(*server, "POST", "/__mock/verify", fired).body,
              HasSubstr("no request was given k0's script step 1"));
  for (int i = 0; i < 3; ++i) Ask(*server, kKey);
  EXPECT_EQ(Admin(*server, "POST", "/__mock/verify", fired).status, 200);
  EXPECT_TRUE(server->Verify(ExpectSequence({"k0", "k0", "k0"})).ok());
}

// What verify says of faults.
std::string FaultsOf(const MockServer& server, std::string_view query = "") {
  return Admin(server, "POST", "/__mock/verify" + std::string(query), R"({"faults": "all_fired"})")
      .body;
}

constexpr std::string_view kFaulty =
    R"({"text": "body", "fault": {"at": "body", "body_bytes": 1, "kind": "close"}})";

TEST(AdminTest, ARoutesTurnsAreNotThoseOfTheLane) {
  const std::string route = R"({"match": {"method": "POST"}, "name": "chat", "steps": [{}, )" +
                            std::string(kFaulty) + "]}";
  const auto server = StartMock(
      OneLane(R"({"routes": [)" + route + R"(], "steps": [)" + std::string(kFaulty) + "]}"));
  Ask(*server, kKey);
  EXPECT_THAT(FaultsOf(*server), HasSubstr("k0's script step 0"));
  EXPECT_THAT(FaultsOf(*server), HasSubstr("k0's route chat, script step 1"));
  Ask(*server, kKey);
  EXPECT_THAT(FaultsOf(*server), Not(HasSubstr("route")));
}

TEST(AdminTest, AFaultThatChaosReplacedHasNotFired) {
  const auto start = [](const char* probability) {
    return StartMock(OneLane(R"({"at_end": "loop", "steps": [{}, )" + std::string(kFaulty) +
                             R"(], "chaos": {"draws": [{"probability": )" + probability + "}]}}"));
  };
  const auto never = start("0");
  const auto always = start("1");
  for (int i = 0; i < 4; ++i) {
    Ask(*never, kKey);
    Ask(*always, kKey);
  }
  EXPECT_EQ(FaultsOf(*never), "{\"ok\":true}\n");
  EXPECT_THAT(FaultsOf(*always), HasSubstr("no request was given k0's script step 1"));
}

TEST(AdminTest, OfAScopeThatNobodyUsedNoFaultHasFired) {
  const auto server = StartMock(OneLane("[" + std::string(kFaulty) + "]"));
  Ask(*server, kKey);
  EXPECT_EQ(FaultsOf(*server), "{\"ok\":true}\n");
  EXPECT_THAT(FaultsOf(*server, "?scope=typo"), HasSubstr("k0's script step 0"));
  EXPECT_EQ(json::parse(Admin(*server, "GET", "/__mock/scopes").body)["scopes"], json::array());
}

TEST(AdminTest, AScopesNameIsCheckedEverywhere) {
  const auto server = StartMock(Parse(kScript));
  const std::pair<const char*, const char*> pages[] = {
      {"POST", "verify"}, {"GET", "journal"}, {"GET", "journal/tail"}, {"DELETE", "journal"}};
  for (const auto& [method, page] : pages) {
    const std::string path = "/__mock/" + std::string(page) + "?scope=a/b";
    const RawReply reply = Admin(*server, method, path, R"({"sequence": []})");
    EXPECT_EQ(reply.status, 400) << path;
    EXPECT_THAT(reply.body, HasSubstr("a scope's name is"));
  }
}

TEST(AdminTest, WhatIsRefusedMakesNoScope) {
  const auto server = StartMock(Parse(kScript));
  const std::string_view connections =
      R"({"schema_version": "1.0", "default_lane": [{}],
          "connections": [{"fault": {"kind": "close"}}]})";
  const RawReply refused = Admin(*server, "PUT", "/__mock/script?scope=a", connections);
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("/connections: belongs to the server"));
  EXPECT_EQ(Admin(*server, "POST", "/__mock/reset?scope=b").status, 200) << "it is at its start";
  EXPECT_EQ(Admin(*server, "POST", "/__mock/reset?scope=b&x=1").status, 400);
  EXPECT_EQ(json::parse(Admin(*server, "GET", "/__mock/scopes").body)["scopes"], json::array());
}

TEST(AdminTest, AWrongClockShowsNoKey) {
  const auto server = StartMock(Parse(kScript));
  const RawReply refused =
      Admin(*server, "POST", "/__mock/clock", R"({"advance_ms": 1, "sk-somebodys-key-7777": 1})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("/sk-s...7777: unknown key"));
}

TEST(AdminTest, OfAJournalWithAGapNothingIsVerified) {
  MockServerOptions options;
  options.max_journal_entries = 2;
  const auto server = StartMock(Parse(kScript), options);
  for (int i = 0; i < 5; ++i) Ask(*server, kSecond);
  const std::string_view two = R"({"sequence": ["sk-b...bbbb", "sk-b...bbbb"]})";
  const RawReply reply = Admin(*server, "POST", "/__mock/verify", two);
  EXPECT_EQ(reply.status, 409);
  const json answer = json::parse(reply.body);
  EXPECT_EQ(answer["ok"], false);
  EXPECT_EQ(answer["dropped"], 3);
  EXPECT_THAT(std::string(answer["message"]), HasSubstr("the journal has dropped 3 of these"));
  EXPECT_EQ(Admin(*server, "POST", "/__mock/verify?from=3", two).status, 200);
  EXPECT_EQ(Admin(*server, "POST", "/__mock/verify?scope=other", R"({"sequence": []})").status,
            200);
}

TEST(AdminTest, ReportsHealthMetricsAndClock) {
  const auto server = StartMock(Parse(kScript));
  Ask(*server, kFirst);
  Ask(*server, kSecond);
  EXPECT_EQ(json::parse(Admin(*server, "GET", "/__mock/healthz").body)["ok"], true);
  EXPECT_GE(json::parse(Admin(*server, "GET", "/__mock/clock").body)["now_ms"], 0);
  const RawReply metrics = Admin(*server, "GET", "/__mock/metrics");
  EXPECT_EQ(metrics.headers.Find("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(metrics.body,
              HasSubstr("keywalk_mock_requests_total{lane=\"sk-b...bbbb\",status=\"200\"} 1\n"));
}

TEST(AdminTest, ListsItsPagesToWhoeverIsLost) {
  const auto server = StartMock(Parse(kScript));
  for (const char* path : {"/__mock", "/__mock/", "/__mock/jurnal"}) {
    const RawReply reply = Admin(*server, "GET", path);
    EXPECT_EQ(reply.status, 404) << path;
    EXPECT_THAT(reply.body, HasSubstr("GET /__mock/journal"));
  }
  const RawReply wrong = Admin(*server, "PATCH", "/__mock/journal");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.Find("Allow"), "GET, DELETE");
  EXPECT_EQ(Admin(*server, "HEAD", "/__mock/healthz").status, 200);
  EXPECT_TRUE(server->Journal().empty()) << "admin requests are not journaled";
}

TEST(AdminTest, CanBeSwitchedOff) {
  MockServerOptions options;
  options.serve_admin = false;
  const auto server = StartMock(Parse(kScript), options);
  EXPECT_EQ(Admin(*server, "GET", "/__mock/journal").status, 500);  // the default lane
}

TEST(AdminTest, OwnsItsPrefixOnly) {
  const auto server = StartMock(Parse(kScript));
  EXPECT_EQ(Admin(*server, "GET", "/__mockery").status, 500);
}

}  // namespace
}  // namespace keywalk::mock::testing
