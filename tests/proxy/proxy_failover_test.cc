// Requests through the proxy to a scripted upstream: which keys are tried, what the client gets,
// and what the pool, the metrics and the log show of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/proxy/proxy_harness.h"

namespace keywalk::proxy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::RawReply;

constexpr const char* kFirstLimited = R"({
  "k0": {"steps": [{"status": 429, "headers": {"Retry-After": "5", "X-Of": "k0"},
                    "text": "slow down"}]},
  "k1": {"steps": [{"status": 200, "headers": {"X-Of": "k1"}, "json": {"ok": true}}]},
  "own": {"steps": [{"status": 429, "headers": {"Retry-After": "7"}, "text": "yours"}]}
})";

HarnessOptions With(std::string lanes) {
  HarnessOptions options;
  options.lanes = std::move(lanes);
  return options;
}

TEST(ProxyFailoverTest, NextKeyAnswersAndNothingOfTheFirstIsSeen) {
  ProxyHarness harness(With(kFirstLimited));
  const RawReply reply = harness.Post();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.Find("X-Of"), "k1");
  EXPECT_FALSE(reply.headers.Contains("Retry-After"));
  EXPECT_EQ(nlohmann::json::parse(reply.body), nlohmann::json({{"ok", true}}));
  EXPECT_THAT(harness.Attempts(), ElementsAre("k0", "k1"));
  EXPECT_THAT(harness.States(), ElementsAre("temporary", "valid"));
}

TEST(ProxyFailoverTest, KeyStatePersistsAcrossRequestsUntilTheCooldownEnds) {
  ProxyHarness harness(With(kFirstLimited));
  harness.Post();
  harness.Post();
  harness.clock().Advance(std::chrono::seconds(5));
  harness.Post();
  EXPECT_THAT(harness.Attempts(), ElementsAre("k0", "k1", "k1", "k0", "k1"));
}

TEST(ProxyFailoverTest, EveryAttemptCarriesTheWholeBody) {
  ProxyHarness harness(With(kFirstLimited));
  const std::string body = mock::PatternBytes(300'000);
  EXPECT_EQ(harness.Post({}, body).status, 200);
  const std::vector<mock::JournalEntry> journal = harness.mock().Journal();
  ASSERT_EQ(journal.size(), 2u);
  EXPECT_EQ(journal[0].body_bytes, body.size());
  EXPECT_EQ(journal[1].body_bytes, body.size());
  EXPECT_EQ(journal[0].body_sha256, journal[1].body_sha256);
  EXPECT_EQ(journal[1].headers.Find("Content-Length"), "300000");
  EXPECT_EQ(journal[1].headers.Find("Authorization"), "Bearer " + std::string(kKey1));
}

TEST(ProxyFailoverTest, ExhaustionIsTheProvidersError) {
  ProxyHarness harness(With(R"({
    "k0": {"steps": [{"status": 429, "headers": {"Retry-After": "5"}}]},
    "k1": {"steps": [{"status": 429, "headers": {"Retry-After": "3"}}]}})"));
  const RawReply reply = harness.Post();
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.headers.Find("Retry-After"), "3");
  EXPECT_THAT(reply.body, HasSubstr("rate_limit_exceeded"));
  EXPECT_TRUE(harness.WaitForLog("no key is left (rate_limited, next in 3000 ms)"));
}

TEST(ProxyFailoverTest, AllUnauthorizedIs502) {
  ProxyHarness harness(With(R"({"k0": {"steps": [{"status": 401}]},
                                "k1": {"steps": [{"status": 403}]}})"));
  const RawReply reply = harness.Post();
  EXPECT_EQ(reply.status, 502);
  EXPECT_FALSE(reply.headers.Contains("Retry-After"));
  EXPECT_THAT(harness.States(), ElementsAre("permanent", "permanent"));
  EXPECT_EQ(harness.Post().status, 502);
  EXPECT_THAT(harness.Attempts(), ElementsAre("k0", "k1"));
}

TEST(ProxyFailoverTest, OtherErrorsPassAsTheyAre) {
  ProxyHarness harness(With(R"({"k0": {"steps": [{"status": 500, "text": "broken"}]}})"));
  const RawReply reply = harness.Post();
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.body, "broken");
  EXPECT_THAT(harness.Attempts(), ElementsAre("k0"));
  EXPECT_THAT(harness.States(), ElementsAre("valid", "valid"));
}

TEST(ProxyFailoverTest, OwnKeyIsOneAttemptAndMarksNothing) {
  ProxyHarness harness(With(kFirstLimited));
  const RawReply reply = harness.Post({{"Authorization", "Bearer " + std::string(kOwnKey)}});
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.headers.Find("Retry-After"), "7");
  EXPECT_EQ(reply.body, "yours");
  EXPECT_THAT(harness.Attempts(), ElementsAre("own"));
  EXPECT_THAT(harness.States(), ElementsAre("valid", "valid"));
}

TEST(ProxyFailoverTest, OwnKeysAttemptIsLoggedAlsoWhenItFails) {
  ProxyHarness harness(
      With(R"({"own": {"steps": [{"fault": {"at": "before_head", "kind": "close"}}]}})"));
  EXPECT_EQ(harness.Post({{"Authorization", "Bearer " + std::string(kOwnKey)}}).status, 502);
  EXPECT_TRUE(harness.WaitForLog(" 502 provider=openai credential=own attempts=1"))
      << harness.Log();
}

TEST(ProxyFailoverTest, ClientTokenOpensThePoolAndStaysHere) {
  HarnessOptions options = With(kFirstLimited);
  options.adjust = [](ProxyConfig& config) { config.client_tokens = {kToken}; };
  ProxyHarness harness(options);
  const Headers token = {{"Authorization", "Bearer " + std::string(kToken)}};
  EXPECT_EQ(harness.Post(token).status, 200);
  const Headers token_as_key = {{"x-api-key", kToken}};
  EXPECT_EQ(harness.Post(token_as_key).status, 200);
  const Headers own = {{"Authorization", "Bearer " + std::string(kOwnKey)}};
  EXPECT_EQ(harness.Post(own).status, 429);
  const RawReply nobody = harness.Post();
  EXPECT_EQ(nobody.status, 401);
  EXPECT_EQ(nobody.headers.Find("WWW-Authenticate"), "Bearer");
  EXPECT_THAT(harness.Attempts(), ElementsAre("k0", "k1", "k1", "own"));
  for (const mock::JournalEntry& entry : harness.mock().Journal()) {
    for (const Headers::Field field : entry.headers) {
      EXPECT_EQ(field.value.find(kToken), field.value.npos);
    }
  }
}

TEST(ProxyFailoverTest, CredentialOfAnotherKindDoesNotOpenThePool) {
  HarnessOptions options = With(R"({"k0": {"steps": [{}]}, "own": {"steps": [{"text": "own"}]}})");
  options.adjust = [](ProxyConfig& config) { config.client_tokens = {kToken}; };
  ProxyHarness harness(options);
  EXPECT_EQ(harness.Post({{"X-Api-Key", kOwnKey}}).body, "own");
  // Connection may not be used to take the credential away between judging and sending.
  const RawReply stripped = harness.Post(
      {{"Connection", "Authorization"}, {"Authorization", "Bearer " + std::string(kOwnKey)}});
  EXPECT_EQ(stripped.status, 401);
  EXPECT_THAT(harness.Attempts(), ElementsAre("own"));
}

TEST(ProxyFailoverTest, WithoutKeysRequestsPassThrough) {
  HarnessOptions options = With(R"({"default": {"steps": [{"status": 401, "text": "no key"}]}})");
  options.keys.clear();
  ProxyHarness harness(options);
  EXPECT_EQ(harness.Post().body, "no key");
  EXPECT_FALSE(harness.mock().Journal().at(0).headers.Contains("Authorization"));
  EXPECT_EQ(harness.proxy().pool(""), nullptr);
}

TEST(ProxyFailoverTest, AccessLineNamesTheKeyThatWasUsed) {
  ProxyHarness harness(With(kFirstLimited));
  harness.Send("POST", "/v1/x?key=" + std::string(kOwnKey) + "&n=1", {}, "{}");
  ASSERT_TRUE(harness.WaitForLog("POST /v1/x?key=sk-m...w2w2&n=1 200"));
  EXPECT_THAT(harness.Log(), HasSubstr("credential=pool key=sk-o...w1w1 attempts=2"));
  EXPECT_THAT(harness.Log(), HasSubstr("key sk-z...w0w0 was refused with 429 (rate_limited) and "
                                       "rests for 5000 ms"));
}

TEST(ProxyFailoverTest, MetricsCount) {
  ProxyHarness harness(With(kFirstLimited));
  harness.Post();
  harness.Post({{"Authorization", "Bearer " + std::string(kOwnKey)}});
  ASSERT_TRUE(harness.WaitForLog(" attempts=", 2));
  const RawReply page = harness.Admin("/metrics");
  EXPECT_EQ(page.status, 200);
  for (const char* line : {R"(keywalk_keys{provider="openai",state="valid"} 1)",
                           R"(keywalk_keys{provider="openai",state="temporary"} 1)",
                           R"(keywalk_keys{provider="openai",state="permanent"} 0)",
                           R"(keywalk_requests_total{provider="openai",status="200"} 1)",
                           R"(keywalk_requests_total{provider="openai",status="429"} 1)",
                           R"(keywalk_failovers_total{provider="openai",reason="rate_limited"} 1)",
                           R"(keywalk_failovers_total{provider="openai",reason="unauthorized"} 0)",
                           R"(keywalk_exhaustions_total{kind="permanent",provider="openai"} 0)",
                           R"(keywalk_attempts_per_request_count{provider="openai"} 1)",
                           R"(keywalk_attempts_per_request_sum{provider="openai"} 2)"}) {
    EXPECT_THAT(page.body, HasSubstr(line));
  }
  EXPECT_THAT(page.body, Not(HasSubstr("AAAA")));
}

TEST(ProxyFailoverTest, PoolPageShowsStatesAndHintsOnly) {
  ProxyHarness harness(With(kFirstLimited));
  harness.Post();
  const RawReply page = harness.Admin("/pool");
  const nlohmann::json keys = nlohmann::json::parse(page.body)["routes"][0]["keys"];
  const nlohmann::json expected = {{{"hint", "sk-z...w0w0"},
                                    {"state", "temporary"},
                                    {"reason", "rate_limited"},
                                    {"cooldown_left_ms", 5000}},
                                   {{"hint", "sk-o...w1w1"}, {"state", "valid"}}};
  EXPECT_EQ(keys, expected);
  EXPECT_EQ(harness.Admin("/healthz").body, "ok\n");
  EXPECT_EQ(harness.Admin("/other").status, 404);
  EXPECT_EQ(harness.Admin("/pool", "DELETE").status, 405);
}

// Several threads behind one port, one pool: run under TSan too.
TEST(ProxyFailoverTest, ConcurrentRequestsMakeOneTransition) {
  HarnessOptions options = With(kFirstLimited);
  options.adjust = [](ProxyConfig& config) { config.threads = 2; };
  ProxyHarness harness(options);
  constexpr int kClients = 8;
  constexpr int kRequests = 10;
  std::vector<std::thread> clients;
  for (int c = 0; c < kClients; ++c) {
    clients.emplace_back([&harness] {
      for (int i = 0; i < kRequests; ++i) EXPECT_EQ(harness.Post().status, 200);
    });
  }
  for (std::thread& client : clients) client.join();
  std::size_t on_first = 0;
  for (const std::string& lane : harness.Attempts()) on_first += lane == "k0" ? 1 : 0;
  EXPECT_GE(on_first, 1u);
  EXPECT_LE(on_first, static_cast<std::size_t>(kClients));
  EXPECT_EQ(harness.Attempts().size(), kClients * kRequests + on_first);
  ASSERT_TRUE(harness.WaitForLog(" 200 provider=", kClients * kRequests));
  EXPECT_THAT(harness.Admin("/metrics").body,
              HasSubstr("keywalk_requests_total{provider=\"openai\",status=\"200\"} 80"));
}

}  // namespace
}  // namespace keywalk::proxy
