// Goal: a modelled key refuses real requests as its provider does, and admits them when it said.
// Method: requests over sockets, the mock's clock advanced between them; nothing sleeps.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "keywalk/retry_after.h"
#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kOtherKey = "sk-test-other-key-1111111111";

// Three requests an hour, one each twenty minutes: real time passes far slower.
constexpr std::string_view kThreeAnHour =
    R"({"kind": "token_bucket", "count": "requests", "limit": 3, "per": "hour"})";

std::string Model(std::string_view provider, std::string_view limits) {
  return R"({"model": {"provider": ")" + std::string(provider) + R"(", "limits": [)" +
         std::string(limits) + "]}}";
}

std::string Advance(std::int64_t ms) { return R"({"advance_ms": )" + std::to_string(ms) + "}"; }

void AdvanceClock(const MockServer& server, std::int64_t ms) {
  ASSERT_EQ(Admin(server, "POST", "/__mock/clock", Advance(ms)).status, 200);
}

std::int64_t MillisecondsOf(const RawReply& reply, std::string_view field) {
  return std::stoll(std::string(reply.headers.Find(field).value_or("-1")));
}

std::vector<std::string> ModelsOf(const MockServer& server) {
  std::vector<std::string> models;
  for (const JournalEntry& entry : server.Journal()) models.push_back(entry.model);
  return models;
}

TEST(ModelTest, RefusesBeyondTheLimitAndAdmitsWhenItSaid) {
  const auto server = StartMock(OneLane(Model("openai", kThreeAnHour)));
  for (int left = 2; left >= 0; --left) {
    const RawReply reply = Ask(*server, kKey);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.headers.Find("x-ratelimit-limit-requests"), "3");
    EXPECT_EQ(reply.headers.Find("x-ratelimit-remaining-requests"), std::to_string(left));
    EXPECT_FALSE(reply.headers.Contains("retry-after"));
  }
  const RawReply refused = Ask(*server, kKey);
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(refused.body, HasSubstr("rate_limit_exceeded"));
  EXPECT_THAT(refused.body, HasSubstr("Limit 3, Used 3, Requested 1"));
  const std::int64_t wait_ms = MillisecondsOf(refused, "retry-after-ms");
  EXPECT_GT(wait_ms, 1'190'000);
  EXPECT_LE(wait_ms, 1'200'000);
  EXPECT_EQ(MillisecondsOf(refused, "retry-after"), (wait_ms + 999) / 1000);

  // Short of it by far more than the test takes, and then past it.
  AdvanceClock(*server, wait_ms - 600'000);
  EXPECT_EQ(Ask(*server, kKey).status, 429);
  AdvanceClock(*server, 600'000);
  EXPECT_EQ(Ask(*server, kKey).status, 200);
  EXPECT_THAT(ModelsOf(*server),
              ElementsAre("admitted", "admitted", "admitted", "rate_limited_requests",
                          "rate_limited_requests", "admitted"));
}

// The body is kept for the journal alone, which drops it at once: the answer must not look at it.
TEST(ModelTest, ABodyThatOnlyTheJournalKeepsIsTheJournals) {
  MockServerOptions options;
  options.journal_body_bytes = 2'000'000;
  options.max_journal_bytes = 1'000'000;
  const std::string lane = R"({"model": {"provider": "openai", "limits": [)" +
                           std::string(kThreeAnHour) + R"(]}, "steps": [{"text": "ok"}]})";
  const auto server = StartMock(OneLane(lane), options);
  EXPECT_EQ(Ask(*server, kKey, std::string(1'500'000, ' ') + "{}").status, 200);
}

TEST(ModelTest, ARefusedRequestSpendsNoStep) {
  const auto server = StartMock(OneLane(
      R"({"model": {"provider": "groq", "limits": [{"kind": "fixed_window", "count": "requests",
           "limit": 1, "per": "day"}]}, "steps": [{"text": "one"}, {"text": "two"}]})"));
  EXPECT_EQ(Ask(*server, kKey).body, "one");
  EXPECT_EQ(Ask(*server, kKey).status, 429);
  EXPECT_EQ(server->steps_served(std::string(kKey)), 1u);
  AdvanceClock(*server, 86'400'000);
  EXPECT_EQ(Ask(*server, kKey).body, "two");
  const std::vector<JournalEntry> journal = server->Journal();
  EXPECT_EQ(journal.at(1).step, std::nullopt);
  EXPECT_EQ(journal.at(2).step, 1u);
  EXPECT_EQ(ToJson(journal.at(1)).at("model"), "rate_limited_requests");
}

TEST(ModelTest, TokensAreOfTheBodyAndOfWhatItAllowsItself) {
  const auto server = StartMock(OneLane(Model(
      "openai", R"({"kind": "fixed_window", "count": "tokens", "limit": 1000, "per": "day"})")));
  const std::string body = R"({"model": "gpt-4o-mini", "max_tokens": 900})";  // 43 bytes: 11 tokens
  const RawReply admitted = Ask(*server, kKey, body);
  EXPECT_EQ(admitted.status, 200);
  EXPECT_EQ(admitted.headers.Find("x-ratelimit-remaining-tokens"), "89");
  const RawReply refused = Ask(*server, kKey, body);
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(refused.body, HasSubstr("tokens"));
  EXPECT_EQ(refused.headers.Find("x-ratelimit-remaining-tokens"), "89");
  // More than the limit ever holds: no wait is told.
  const RawReply impossible = Ask(*server, kKey, R"({"max_tokens": 1001})");
  EXPECT_EQ(impossible.status, 429);
  EXPECT_FALSE(impossible.headers.Contains("retry-after"));
}

TEST(ModelTest, AnthropicTellsTimesOnTheScriptsClock) {
  Script script = Parse(R"({"schema_version": "1.0", "clock_starts_at": "2026-01-01T00:00:00Z",
      "default_lane": )" +
                        Model("anthropic", R"({"kind": "fixed_window", "count": "requests",
                                               "limit": 1, "per": "hour"})") +
                        "}");
  const auto server = StartMock(std::move(script));
  const RawReply first = Ask(*server, kKey);
  EXPECT_EQ(first.headers.Find("anthropic-ratelimit-requests-reset"), "2026-01-01T01:00:00Z");
  const RawReply refused = Ask(*server, kKey);
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(refused.body, HasSubstr("rate_limit_error"));
  EXPECT_GT(MillisecondsOf(refused, "retry-after"), 3500);
  AdvanceClock(*server, 3'600'000);
  EXPECT_EQ(Ask(*server, kKey).headers.Find("anthropic-ratelimit-requests-reset"),
            "2026-01-01T02:00:00Z");
}

TEST(ModelTest, KeysOfAnOrganisationShareItsDailyQuotaUntilMidnight) {
  const std::string lane =
      R"({"model": {"provider": "openai", "organisation": "org-a"}, "steps": [{"text": "ok"}]})";
  const auto server = StartMock(Parse(
      R"({"schema_version": "1.0", "clock_starts_at": "2026-01-01T12:00:00Z",
          "organisations": {"org-a": {"limits": [
            {"kind": "daily_quota", "count": "requests", "limit": 2}]}},
          "lanes": {")" +
      std::string(kKey) + "\": " + lane + ", \"" + std::string(kOtherKey) + "\": " + lane + "}}"));
  EXPECT_EQ(Ask(*server, kKey).status, 200);
  EXPECT_EQ(Ask(*server, kOtherKey).status, 200);
  for (const std::string_view key : {kKey, kOtherKey}) {
    const RawReply refused = Ask(*server, key);
    EXPECT_EQ(refused.status, 429);
    EXPECT_THAT(refused.body, HasSubstr("insufficient_quota"));
    EXPECT_FALSE(refused.headers.Contains("retry-after"));
  }
  AdvanceClock(*server, 11 * 3'600'000);
  EXPECT_EQ(Ask(*server, kKey).status, 429);
  AdvanceClock(*server, 3'600'000);
  EXPECT_EQ(Ask(*server, kOtherKey).status, 200);
}

TEST(ModelTest, AnOutageBeginsAndEndsAndARevocationDoesNot) {
  const auto server = StartMock(OneLane(
      R"({"model": {"provider": "openai", "revoked_at_ms": 9000000,
           "outages": [{"from_ms": 3600000, "to_ms": 7200000, "status": 401}]}})"));
  EXPECT_EQ(Ask(*server, kKey).status, 200);
  AdvanceClock(*server, 3'600'000);
  const RawReply out = Ask(*server, kKey);
  EXPECT_EQ(out.status, 401);
  EXPECT_THAT(out.body, HasSubstr("invalid_api_key"));
  AdvanceClock(*server, 3'600'000);
  EXPECT_EQ(Ask(*server, kKey).status, 200);
  AdvanceClock(*server, 3'600'000);
  EXPECT_EQ(Ask(*server, kKey).status, 401);
  AdvanceClock(*server, 3'600'000);
  EXPECT_EQ(Ask(*server, kKey).status, 401);
  EXPECT_THAT(ModelsOf(*server),
              ElementsAre("admitted", "outage", "admitted", "revoked", "revoked"));
}

TEST(ModelTest, EachScopeHasItsOwnQuota) {
  const auto server = StartMock(OneLane(Model("openai", kThreeAnHour)));
  const auto ask_in = [&server](std::string_view scope) {
    RawClient client(server->port());
    client.Send(RequestText("POST", "/__scope/" + std::string(scope) + "/v1/chat/completions",
                            {{"Authorization", "Bearer " + std::string(kKey)}}, "{}"));
    return ReadReply(client).status;
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask_in("a"), 200);
  EXPECT_EQ(ask_in("a"), 429);
  EXPECT_EQ(ask_in("b"), 200);
  EXPECT_EQ(Ask(*server, kKey).status, 200);
}

TEST(ModelTest, AResetFillsTheLimitsAgain) {
  const auto server = StartMock(OneLane(Model("openai", kThreeAnHour)));
  for (int i = 0; i < 3; ++i) Ask(*server, kKey);
  EXPECT_EQ(Ask(*server, kKey).status, 429);
  EXPECT_EQ(Admin(*server, "POST", "/__mock/reset").status, 200);
  EXPECT_EQ(Ask(*server, kKey).status, 200);
}

TEST(ModelTest, ConnectionsTogetherGetExactlyTheLimit) {
  constexpr int kConnections = 8;
  constexpr int kRequests = 20;
  const auto server = StartMock(OneLane(Model(
      "openai", R"({"kind": "fixed_window", "count": "requests", "limit": 100, "per": "day"})")));
  std::vector<std::thread> clients;
  for (int i = 0; i < kConnections; ++i) {
    clients.emplace_back([&server] {
      RawClient client(server->port());
      for (int n = 0; n < kRequests; ++n) {
        client.Send(Post(kKey));
        if (ReadReply(client).status == 0) return;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  int admitted = 0;
  for (const JournalEntry& entry : server->Journal()) admitted += entry.status == 200 ? 1 : 0;
  EXPECT_EQ(admitted, 100);
  EXPECT_EQ(server->Journal().size(), static_cast<std::size_t>(kConnections * kRequests));
}

// Three requests a day: what is admitted goes on to the routes and to chaos, what is refused to
// none.
TEST(ModelTest, RoutesAndChaosAreForWhatIsAdmitted) {
  const auto server = StartMock(OneLane(R"({
      "model": {"provider": "openai", "limits": [
        {"kind": "fixed_window", "count": "requests", "limit": 3, "per": "day"}]},
      "routes": [{"name": "small", "match": {"json": {"model": "small"}},
                  "steps": [{"text": "one"}, {"text": "two"}]}],
      "chaos": {"seed": 1, "draws": [{"probability": 1, "status": 503, "text": "drawn"}]}})"));
  const std::string small = R"({"model": "small"})";
  for (const std::string& body : {small, std::string("{}"), small}) {
    const RawReply reply = Ask(*server, kKey, body);
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.body, "drawn");
    EXPECT_EQ(reply.headers.Find("x-ratelimit-limit-requests"), "3");
  }
  EXPECT_EQ(Ask(*server, kKey, small).status, 429);
  const std::vector<JournalEntry> journal = server->Journal();
  ASSERT_EQ(journal.size(), 4u);
  EXPECT_EQ(journal[0].route, "small");
  EXPECT_EQ(journal[1].route, "");
  EXPECT_EQ(journal[2].route, "small");
  EXPECT_EQ(journal[2].step, 1u);
  EXPECT_EQ(journal[2].chaos, 0u);
  EXPECT_EQ(journal[3].route, "");
  EXPECT_EQ(journal[3].step, std::nullopt);
  EXPECT_EQ(journal[3].chaos, std::nullopt);
  EXPECT_EQ(server->steps_served(std::string(kKey)), 3u);
}

TEST(ModelTest, WithoutStepsWhatMatchesNoRouteIsTheProvidersSuccess) {
  const auto server = StartMock(OneLane(R"({"model": {"provider": "openai"},
      "routes": [{"match": {"json": {"model": "small"}}, "steps": [{"text": "a"}]}]})"));
  EXPECT_EQ(Ask(*server, kKey, R"({"model": "small"})").body, "a");
  EXPECT_THAT(Ask(*server, kKey, R"({"model": "large"})").body, HasSubstr(R"("model":"large")"));
}

TEST(ModelTest, TheScriptPageShowsTheModel) {
  const auto server = StartMock(OneLane(Model("openai", kThreeAnHour)));
  const auto page = nlohmann::json::parse(Admin(*server, "GET", "/__mock/script").body);
  EXPECT_EQ(page.at("lanes").at(0).at("model").at("provider"), "openai");
  EXPECT_EQ(page.at("lanes").at(0).at("model").at("limits").at(0).at("limit"), 3);
}

}  // namespace
}  // namespace keywalk::mock::testing
