// Goal: tests that share a server see lanes, journal and clock of their own scope.
// Method: requests that name scopes by field and by path; the admin pages.

#include "mockupstream/lanes/scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr std::string_view kTwoSteps = R"([{"status": 429}, {"status": 200}])";

RawReply Get(const MockServer& server, std::string_view target, std::string_view scope = "") {
  RawClient client(server.port());
  Headers headers{{"x-api-key", kKey}};
  if (!scope.empty()) headers.Add("X-Keywalk-Scope", scope);
  client.Send(RequestText("GET", target, headers));
  return ReadReply(client);
}

TEST(ScopeTest, NamesAreShortAndPlain) {
  EXPECT_TRUE(IsScopeId("aZ0._-"));
  EXPECT_TRUE(IsScopeId(std::string(64, 'a')));
  EXPECT_FALSE(IsScopeId(std::string(65, 'a')));
  EXPECT_FALSE(IsScopeId(""));
  EXPECT_FALSE(IsScopeId("a b"));
  EXPECT_FALSE(IsScopeId("\xc3\xa4"));
}

TEST(ScopeTest, EachHasItsOwnLanes) {
  const auto server = StartMock(OneLane(kTwoSteps));
  EXPECT_EQ(Get(*server, "/", "a").status, 429);
  EXPECT_EQ(Get(*server, "/", "a").status, 200);
  EXPECT_EQ(Get(*server, "/__scope/b/v1/models?x=1").status, 429);
  EXPECT_EQ(Get(*server, "/__scope/a").status, 200);
  EXPECT_EQ(Get(*server, "/").status, 429);
  const std::vector<JournalEntry> journal = server->Journal();
  EXPECT_EQ(journal[0].scope, "a");
  EXPECT_EQ(journal[0].headers.Find("X-Keywalk-Scope"), "a");
  EXPECT_EQ(journal[2].scope, "b");
  EXPECT_EQ(journal[2].target, "/v1/models?x=1");
  EXPECT_EQ(journal[3].target, "/");
  EXPECT_EQ(server->JournalOf("a").size(), 3u);
  EXPECT_EQ(server->JournalOf("").size(), 1u);
}

TEST(ScopeTest, ATargetWithoutAPathKeepsItsQuery) {
  const ScopedTarget target("/__scope/a?key=k&x", Headers());
  EXPECT_EQ(target.scope(), "a");
  EXPECT_EQ(target.target(), "/?key=k&x");
  const auto server = StartMock(OneLane(kTwoSteps));
  RawClient client(server->port());
  client.Send(RequestText("GET", "/__scope/a?key=" + std::string(kKey), {}));
  EXPECT_EQ(ReadReply(client).status, 429);
  EXPECT_EQ(server->Journal().at(0).lane, "k0");
}

TEST(ScopeTest, AWrongNameIsRefused) {
  const auto server = StartMock(OneLane(kTwoSteps));
  EXPECT_EQ(Get(*server, "/", "a b").status, 400);
  EXPECT_EQ(Get(*server, "/__scope//v1").status, 400);
  EXPECT_EQ(Get(*server, "/__scope/a%20b/v1").status, 400);
  EXPECT_EQ(Get(*server, "/__scope/a/v1", "b").status, 400);
  EXPECT_EQ(Get(*server, "/__scope/a/v1", "a").status, 429);
  EXPECT_EQ(server->Journal()[0].step, std::nullopt);
}

TEST(ScopeTest, TheirNumberIsBounded) {
  MockServerOptions options;
  options.max_scopes = 2;
  const auto server = StartMock(OneLane(kTwoSteps), options);
  EXPECT_EQ(Get(*server, "/", "a").status, 429);
  EXPECT_EQ(Get(*server, "/", "b").status, 429);
  const RawReply refused = Get(*server, "/", "c");
  EXPECT_EQ(refused.status, 599);
  EXPECT_THAT(refused.body, HasSubstr("DELETE /__mock/scopes?scope=ID"));
  EXPECT_FALSE(server->SetScript("c", OneLane("[{}]")));
  EXPECT_EQ(Get(*server, "/", "a").status, 200);
  EXPECT_EQ(Admin(*server, "DELETE", "/__mock/scopes?scope=a").status, 200);
  EXPECT_EQ(Get(*server, "/", "c").status, 429);
  EXPECT_TRUE(server->JournalOf("a").empty());
}

TEST(ScopeTest, MayHaveAScriptOfItsOwn) {
  const auto server = StartMock(OneLane(kTwoSteps));
  EXPECT_EQ(Admin(*server, "PUT", "/__mock/script?scope=a",
                  R"({"schema_version": "1.0", "default_lane": [{"status": 418}]})")
                .status,
            200);
  EXPECT_TRUE(server->SetScript("b", OneLane(R"([{"status": 500}])")));
  EXPECT_EQ(Get(*server, "/", "a").status, 418);
  EXPECT_EQ(Get(*server, "/", "b").status, 500);
  EXPECT_EQ(Get(*server, "/").status, 429);
  const json shown = json::parse(Admin(*server, "GET", "/__mock/script?scope=a").body);
  EXPECT_EQ(shown["default_lane"]["served"], 1);
  EXPECT_EQ(Admin(*server, "GET", "/__mock/script?scope=none").status, 404);
  EXPECT_EQ(Admin(*server, "GET", "/__mock/script?scope=a+b").status, 400);
  const json scopes = json::parse(Admin(*server, "GET", "/__mock/scopes").body);
  EXPECT_EQ(scopes["scopes"][1]["scope"], "b");
  EXPECT_EQ(scopes["scopes"][1]["served"], 1);
}

TEST(ScopeTest, ResettingOneLeavesTheOthers) {
  const auto server = StartMock(OneLane(kTwoSteps));
  Get(*server, "/", "a");
  Get(*server, "/", "b");
  EXPECT_EQ(Admin(*server, "POST", "/__mock/reset?scope=a").status, 200);
  EXPECT_TRUE(server->JournalOf("a").empty());
  EXPECT_EQ(server->JournalOf("b").size(), 1u);
  EXPECT_EQ(Get(*server, "/", "a").status, 429);
  EXPECT_EQ(Get(*server, "/", "b").status, 200);
  EXPECT_EQ(Admin(*server, "POST", "/__mock/reset").status, 200);
  EXPECT_EQ(Get(*server, "/", "b").status, 429);
}

TEST(ScopeTest, TheMaskerKnowsTheKeysOfAllScopes) {
  ScopeTable scopes(OneLane("[{}]"), 10);
  const std::string other = "sk-another-key-of-a-scope-22";
  for (const char* id : {"a", "b", "c"}) scopes.Use(id);
  scopes.Find("b")->lanes().Replace(
      Parse(R"({"schema_version": "1.0", "lanes": {")" + other + R"(": [{}]}})"));
  EXPECT_EQ(scopes.masker().Mask(std::string(kKey) + " " + other), "sk-t...0000 sk-a...e-22");
}

std::int64_t NowOf(const RawReply& reply) { return json::parse(reply.body)["now_ms"]; }

TEST(ScopeTest, ClocksAreAdvancedOneByOne) {
  constexpr std::int64_t kDay = 86'400'000;
  const auto server = StartMock(OneLane(kTwoSteps));
  const std::string day = R"({"advance_ms": 86400000})";
  EXPECT_GE(NowOf(Admin(*server, "POST", "/__mock/clock?scope=a", day)), kDay);
  EXPECT_TRUE(server->AdvanceClock("b", std::chrono::milliseconds(2 * kDay)));
  EXPECT_LT(NowOf(Admin(*server, "GET", "/__mock/clock")), kDay);
  EXPECT_GE(NowOf(Admin(*server, "GET", "/__mock/clock?scope=b")), 2 * kDay);
  Get(*server, "/", "a");
  EXPECT_GE(server->JournalOf("a").at(0).time_ms, kDay);
  EXPECT_EQ(Admin(*server, "POST", "/__mock/clock", R"({"advance_ms": -1})").status, 400);
  EXPECT_EQ(Admin(*server, "POST", "/__mock/clock", R"({})").status, 400);
  const std::string most = R"({"advance_ms": 1000000000000000})";
  EXPECT_EQ(Admin(*server, "POST", "/__mock/clock", most).status, 200);
  EXPECT_EQ(Admin(*server, "POST", "/__mock/clock", most).status, 400);
}

}  // namespace
}  // namespace keywalk::mock::testing
