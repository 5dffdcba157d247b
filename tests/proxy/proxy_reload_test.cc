// A configuration put in force while the proxy runs: what keys and clients see of it, what requests
// in flight do not, and what is left alone when it is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/proxy/proxy_harness.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_certificate.h"

namespace keywalk::proxy {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::RawClient;
using testing::RawReply;
using Change = std::function<void(ProxyConfig&)>;

constexpr const char* kKey2 = "sk-two-QQQQRRRRSSSSTTTTUU-w4w4";

// The first key is limited, the second refused for good; all others are good.
constexpr const char* kTwoBad = R"({
  "k0": {"steps": [{"status": 429, "headers": {"Retry-After": "50"}}]},
  "k1": {"steps": [{"status": 401}]},
  "default": {"steps": [{"text": "fine"}]}
})";
constexpr const char* kAllGood = R"({"k0": {"steps": [{}]}, "k1": {"steps": [{}]},
                                     "default": {"steps": [{}]}})";

HarnessOptions Answering(std::string lanes, Change adjust = {}) {
  HarnessOptions options;
  options.lanes = std::move(lanes);
  options.adjust = std::move(adjust);
  return options;
}

Change Keys(std::vector<std::string> keys) {
  return [keys = std::move(keys)](ProxyConfig& config) { config.routes[0].keys = keys; };
}

TEST(ProxyReloadTest, KeysThatStayKeepTheirStateWhereverTheyStand) {
  ProxyHarness harness(Answering(kTwoBad));
  EXPECT_EQ(harness.Post().status, 429);
  EXPECT_THAT(harness.States(), ElementsAre("temporary", "permanent"));
  harness.clock().Advance(std::chrono::seconds(10));

  ASSERT_TRUE(harness.Reload(Keys({kKey1, kKey2, kKey0})));
  EXPECT_THAT(harness.States(), ElementsAre("permanent", "valid", "temporary"));
  const auto pool = harness.proxy().pool("");
  EXPECT_EQ(pool->cooldown_left(2, harness.clock().now()), std::chrono::seconds(40));
  EXPECT_EQ(pool->reason(0, harness.clock().now()), MarkReason::kUnauthorized);
  EXPECT_EQ(harness.Post().body, "fine");
  EXPECT_THAT(harness.Attempts(), ElementsAre("k0", "k1", "default"));
  EXPECT_TRUE(harness.WaitForLog("reloaded: openai: 2 keys kept, 1 added, 0 removed"));
}

TEST(ProxyReloadTest, TheSameConfigurationChangesNothing) {
  ProxyHarness harness(Answering(kTwoBad));
  harness.Post();
  const auto before = harness.proxy().pool("");
  ASSERT_TRUE(harness.Reload([](ProxyConfig&) {}));
  EXPECT_EQ(harness.proxy().pool(""), before);
  EXPECT_THAT(harness.States(), ElementsAre("temporary", "permanent"));
  EXPECT_TRUE(harness.WaitForLog("configuration reloaded: nothing has changed"));
}

TEST(ProxyReloadTest, UpstreamConnectionsThatStillFitAreUsedOn) {
  ProxyHarness harness(Answering(kAllGood));
  harness.Post();
  ASSERT_TRUE(harness.Reload(Keys({kKey1})));
  harness.Post();
  ASSERT_TRUE(harness.Reload([](ProxyConfig& c) { c.limits.idle = std::chrono::seconds(5); }));
  harness.Post();
  const std::vector<mock::JournalEntry> journal = harness.mock().Journal();
  ASSERT_EQ(journal.size(), 3u);
  EXPECT_EQ(journal[0].connection, journal[1].connection);
  EXPECT_NE(journal[1].connection, journal[2].connection);
}

TEST(ProxyReloadTest, KeyThatWentAndCameBackStartsFresh) {
  ProxyHarness harness(Answering(kTwoBad));
  harness.Post();
  ASSERT_TRUE(harness.Reload(Keys({kKey2})));
  EXPECT_EQ(harness.Post().status, 200);
  EXPECT_THAT(harness.Attempts(), ElementsAre("k0", "k1", "default"));
  ASSERT_TRUE(harness.Reload(Keys({kKey0, kKey1})));
  EXPECT_THAT(harness.States(), ElementsAre("valid", "valid"));
}

TEST(ProxyReloadTest, AnotherUpstreamSaysNothingOfAKey) {
  ProxyHarness harness(Answering(kTwoBad));
  harness.Post();
  ASSERT_TRUE(harness.Reload([](ProxyConfig& c) { c.routes[0].base_url += "/other"; }));
  EXPECT_THAT(harness.States(), ElementsAre("valid", "valid"));
  EXPECT_TRUE(harness.WaitForLog("openai: another upstream, with 2 fresh keys"));
}

TEST(ProxyReloadTest, RequestInFlightEndsWithTheKeysItBeganWith) {
  ProxyHarness harness(Answering(R"({"k0": {"steps": [{"status": 429}]}, "k1": {"steps": [{}]},
                                "default": {"steps": [{}]}})"));
  RawClient client(harness.proxy().port());
  harness.Begin(client);
  ASSERT_TRUE(harness.Reload(Keys({kKey2})));
  EXPECT_EQ(harness.Post().status, 200);
  client.Send("{}");
  EXPECT_EQ(ReadReply(client).status, 200);
  EXPECT_THAT(harness.Attempts(), ElementsAre("default", "k0", "k1"));
  EXPECT_THAT(harness.States(), ElementsAre("valid"));
  // The next request on that connection is a new one.
  client.Send(testing::RequestText("GET", "/v1/x", {}));
  EXPECT_EQ(ReadReply(client).status, 200);
  EXPECT_EQ(harness.Attempts().back(), "default");
}

TEST(ProxyReloadTest, WhatARequestInFlightFindsOutReachesEveryLaterPool) {
  ProxyHarness harness(Answering(kTwoBad));
  RawClient client(harness.proxy().port());
  harness.Begin(client);
  ASSERT_TRUE(harness.Reload(Keys({kKey2, kKey0, kKey1})));
  ASSERT_TRUE(harness.Reload([](ProxyConfig& config) {
    config.routes[0].keys = {kKey2, kKey0, kKey1};
    config.no_byok = true;
  }));
  ASSERT_TRUE(harness.Reload(Keys({kKey1, kKey0})));
  client.Send("{}");
  EXPECT_EQ(ReadReply(client).status, 429);
  EXPECT_THAT(harness.States(), ElementsAre("permanent", "temporary"));
  // Each is told of once.
  EXPECT_TRUE(harness.WaitForLog("credential=pool"));
  EXPECT_FALSE(harness.Log().find("was refused") == std::string::npos);
  const std::string log = harness.Log();
  EXPECT_EQ(log.find("rests for"), log.rfind("rests for"));
}

TEST(ProxyReloadTest, RefusedConfigurationLeavesEverythingAsItWas) {
  ProxyHarness harness(Answering(kTwoBad));
  harness.Post();
  const std::vector<std::pair<std::string, Change>> bad = {
      {"provider openai: duplicate key (key 2 of 2)", Keys({kKey0, kKey0})},
      {"no provider is configured", [](ProxyConfig& c) { c.routes.clear(); }},
      {"/nonexistent/ca.pem: not a file of PEM certificates",
       [](ProxyConfig& c) {
         c.routes[0].base_url = "https://localhost";
         c.routes[0].ca_file = "/nonexistent/ca.pem";
         c.client_tokens = {kToken};
       }},
      {"/nonexistent/cert.pem: not a PEM certificate chain", [](ProxyConfig& c) {
         c.tls_cert_file = "/nonexistent/cert.pem";
         c.tls_key_file = "/nonexistent/key.pem";
         c.client_tokens = {kToken};
       }}};
  for (const auto& [reason, change] : bad) {
    EXPECT_FALSE(harness.Reload(change)) << reason;
    EXPECT_TRUE(harness.WaitForLog("configuration not reloaded, the old one stays: " + reason));
    EXPECT_THAT(harness.States(), ElementsAre("temporary", "permanent"));
    EXPECT_THAT(harness.Admin("/metrics").body,
                HasSubstr("keywalk_config_last_reload_successful 0\n"));
  }
  EXPECT_FALSE(harness.proxy().Reload(Error("file: /member: reason\nand a second line")));
  EXPECT_TRUE(harness.WaitForLog("file: /member: reason\\u000aand a second line"));
  EXPECT_EQ(harness.Post().status, 429);  // no client token is asked for
}

TEST(ProxyReloadTest, MetricsShowTheLastReadingAndThePoolsInForce) {
  ProxyHarness harness(Answering(kTwoBad));
  harness.Post();
  harness.clock().Advance(std::chrono::seconds(20));
  EXPECT_FALSE(harness.Reload(Keys({""})));
  EXPECT_THAT(harness.Admin("/metrics").body,
              AllOf(HasSubstr("keywalk_config_last_reload_successful 0\n"),
                    HasSubstr("keywalk_config_last_reload_success_timestamp_seconds 0\n")));
  ASSERT_TRUE(harness.Reload(Keys({kKey1, kKey2})));
  EXPECT_THAT(
      harness.Admin("/metrics").body,
      AllOf(HasSubstr("keywalk_config_last_reload_successful 1\n"),
            HasSubstr("keywalk_config_last_reload_success_timestamp_seconds 20\n"),
            HasSubstr(R"(keywalk_keys{provider="openai",state="valid"} 1)"),
            HasSubstr(R"(keywalk_keys{provider="openai",state="temporary"} 0)"),
            HasSubstr(R"(keywalk_keys{provider="openai",state="permanent"} 1)"),
            HasSubstr(R"(keywalk_failovers_total{provider="openai",reason="rate_limited"} 1)")));
  EXPECT_THAT(harness.Admin("/pool").body, AllOf(HasSubstr("w4w4"), Not(HasSubstr("w0w0"))));
}

TEST(ProxyReloadTest, TokensRoutesPoliciesAndLimitsHoldForTheNextRequest) {
  ProxyHarness harness(Answering(kAllGood));
  RawClient client(harness.proxy().port());
  client.Send(testing::RequestText("GET", "/v1/x", {}));
  EXPECT_EQ(ReadReply(client).status, 200);
  ASSERT_TRUE(harness.Reload([](ProxyConfig& config) {
    config.client_tokens = {kToken};
    config.routes[0].prefix = "/a";
    config.limits.max_body_bytes = 3;
  }));
  client.Send(testing::RequestText("GET", "/v1/x", {}));
  EXPECT_EQ(ReadReply(client).status, 404);
  client.Send(testing::RequestText("GET", "/a/x", {}));
  EXPECT_EQ(ReadReply(client).status, 401);
  const Headers token = {{"Authorization", "Bearer " + std::string(kToken)}};
  client.Send(testing::RequestText("POST", "/a/x", token, "1234"));
  EXPECT_EQ(ReadReply(client).status, 413);
  EXPECT_TRUE(
      harness.WaitForLog("openai /a: added, with 2 keys; openai: removed; client tokens; "
                         "limits"));
}

TEST(ProxyReloadTest, WhatNeedsARestartIsSaidAndStays) {
  ProxyHarness harness(Answering(kAllGood));
  for (int reload = 0; reload < 2; ++reload) {
    ASSERT_TRUE(harness.Reload([](ProxyConfig& config) {
      config.listen = "127.0.0.1:1";
      config.threads = 3;
      config.dump_dir = "/nonexistent/dump";
      config.body.memory_bytes = 5;
      config.log_level = LogLevel::kInfo;
    }));
  }
  EXPECT_TRUE(
      harness.WaitForLog("only a restart changes: listen; threads; dump_dir; "
                         "body.memory_bytes",
                         2));
  EXPECT_EQ(harness.Post().status, 200);
}

// The address that is listened on counts, not the one that a file now names.
TEST(ProxyReloadTest, AnOpenListenerDoesNotLoseItsTokens) {
  ProxyHarness harness(Answering(kAllGood, [](ProxyConfig& config) {
    config.listen = "0.0.0.0:0";
    config.client_tokens = {kToken};
  }));
  EXPECT_FALSE(harness.Reload([](ProxyConfig& config) {
    config.listen = "127.0.0.1:0";
    config.client_tokens = {};
  }));
  EXPECT_EQ(harness.Post().status, 401);
  EXPECT_TRUE(harness.WaitForLog("is beyond loopback"));
}

TEST(ProxyReloadTest, NewConnectionsGetTheNewCertificate) {
  const testing::TempDir dir;
  const testing::TestCertificate first = testing::MakeTestCertificate(dir.path());
  testing::TestCertificateOptions named;
  named.name = "second";
  const testing::TestCertificate second = testing::MakeTestCertificate(dir.path(), named);
  ProxyHarness harness(Answering(kAllGood, [&](ProxyConfig& config) {
    config.tls_cert_file = first.cert_file;
    config.tls_key_file = first.key_file;
  }));
  testing::RawClientOptions trusts_first;
  trusts_first.ca_file = first.ca_file;
  RawClient before(harness.proxy().port(), trusts_first);
  ASSERT_TRUE(harness.Reload([&](ProxyConfig& config) {
    config.tls_cert_file = second.cert_file;
    config.tls_key_file = second.key_file;
  }));
  testing::RawClientOptions trusts_second;
  trusts_second.ca_file = second.ca_file;
  RawClient after(harness.proxy().port(), trusts_second);
  for (RawClient* client : {&before, &after}) {
    client->Send(testing::RequestText("GET", "/v1/x", {}));
    EXPECT_EQ(ReadReply(*client).status, 200);
  }
}

TEST(ProxyReloadTest, NothingIsReloadedWhileItStops) {
  ProxyHarness harness(Answering(kAllGood));
  harness.proxy().Drain();
  EXPECT_FALSE(harness.Reload(Keys({kKey2})));
  EXPECT_TRUE(harness.WaitForLog("the proxy is stopping"));
}

// Many times, on several threads, with requests all the while: each is answered, by a key that was
// in force at some time. Run under AddressSanitizer and ThreadSanitizer too.
TEST(ProxyReloadTest, ManyTimesUnderLoad) {
  ProxyHarness harness(
      Answering(R"({"k0": {"steps": [{"status": 429, "headers": {"Retry-After": "1"}}]},
                                "k1": {"steps": [{}]}, "default": {"steps": [{}]}})",
                [](ProxyConfig& config) {
                  config.threads = 2;
                  config.log_level = LogLevel::kWarn;
                }));
  std::atomic<bool> done{false};
  std::atomic<int> answered{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      RawClient client(harness.proxy().port());
      while (!done) {
        client.Send(testing::RequestText("POST", "/v1/x", {}, "{}"));
        if (ReadReply(client).status != 200) ++wrong;
        ++answered;
      }
    });
  }
  const std::vector<std::vector<std::string>> lists = {
      {kKey0, kKey1}, {kKey0, kKey2}, {kKey2}, {kKey1, kKey0, kKey2}};
  for (std::size_t reload = 0; reload < 100; ++reload) {
    EXPECT_TRUE(harness.Reload([&](ProxyConfig& config) {
      config.routes[0].keys = lists[reload % lists.size()];
      config.limits.connect = std::chrono::milliseconds(1000 + reload % 2);
    }));
    const int before = answered;
    while (answered == before) std::this_thread::yield();
  }
  done = true;
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace keywalk::proxy
