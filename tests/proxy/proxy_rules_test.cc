// What the proxy answers itself, and what it changes on the way: refusals, limits, joined paths,
// forwarded headers, several routes, TLS on either side.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/proxy/proxy_harness.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_certificate.h"

namespace keywalk::proxy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MakeTestCertificate;
using testing::RawClient;
using testing::RawReply;
using testing::ReadReply;
using testing::TempDir;
using testing::TestCertificate;

constexpr const char* kAnswersAll = R"({"default": {"steps": [{"text": "ok"}]}})";

HarnessOptions With(std::function<void(ProxyConfig&)> adjust, std::string lanes = kAnswersAll) {
  HarnessOptions options;
  options.lanes = std::move(lanes);
  options.adjust = std::move(adjust);
  return options;
}

TEST(ProxyRulesTest, PathIsJoinedAndTheQueryStays) {
  ProxyHarness harness(With([](ProxyConfig& config) {
    config.routes[0].base_url += "/base/v1/";
    config.routes[0].prefix = "/openai";
  }));
  EXPECT_EQ(harness.Send("GET", "/openai/models?limit=2&q=%2e%2E/..").body, "ok");
  EXPECT_EQ(harness.mock().Journal().at(0).target, "/base/v1/models?limit=2&q=%2e%2E/..");
  const RawReply elsewhere = harness.Send("GET", "/models");
  EXPECT_EQ(elsewhere.status, 404);
  EXPECT_EQ(elsewhere.headers.Find("Content-Type"), "application/json");
  EXPECT_THAT(elsewhere.body, HasSubstr(R"({"error":{"message":)"));
}

TEST(ProxyRulesTest, LongestPrefixWins) {
  ProxyHarness harness(With([](ProxyConfig& config) {
    RouteConfig inner = config.routes[0];
    inner.prefix = "/a/b";
    inner.base_url += "/inner";
    config.routes[0].base_url += "/outer";
    config.routes.push_back(inner);
  }));
  harness.Send("GET", "/a/b/c");
  harness.Send("GET", "/a/bc");
  EXPECT_EQ(harness.mock().Journal().at(0).target, "/inner/c");
  EXPECT_EQ(harness.mock().Journal().at(1).target, "/outer/a/bc");
}

TEST(ProxyRulesTest, EscapingTargetsAreRefused) {
  ProxyHarness harness(With({}));
  for (const char* target : {"/../x", "/v1/%2e%2e/%2e%2e/x", "http://evil.example/x",
                             "http://u@127.0.0.1/x", "//evil.example/x", "*"}) {
    EXPECT_EQ(harness.Send("GET", target).status, 400) << target;
  }
  EXPECT_THAT(harness.Attempts(), IsEmpty());
}

TEST(ProxyRulesTest, AbsoluteFormOfThisProxyIsItsOriginForm) {
  ProxyHarness harness(With({}));
  EXPECT_EQ(harness.Send("GET", "http://" + harness.proxy().listen_address() + "/v1/x").body, "ok");
  EXPECT_EQ(harness.mock().Journal().at(0).target, "/v1/x");
}

TEST(ProxyRulesTest, UpstreamSeesForwardedHeaders) {
  ProxyHarness harness(With({}));
  harness.Post({{"X-Forwarded-For", "203.0.113.9"}, {"Connection", "X-Hop"}, {"X-Hop", "1"}});
  const mock::JournalEntry entry = harness.mock().Journal().at(0);
  EXPECT_EQ(entry.headers.Find("X-Forwarded-For"), "203.0.113.9, 127.0.0.1");
  EXPECT_EQ(entry.headers.Find("X-Forwarded-Proto"), "http");
  EXPECT_EQ(entry.headers.Find("Host"), "127.0.0.1:" + std::to_string(harness.mock().port()));
  EXPECT_THAT(std::string(entry.headers.Find("User-Agent").value_or("")),
              HasSubstr("keywalk-proxy/"));
  EXPECT_FALSE(entry.headers.Contains("X-Hop"));
  EXPECT_FALSE(entry.headers.Contains("Connection"));
}

TEST(ProxyRulesTest, WebSocketIsNotSupported) {
  ProxyHarness harness(With({}));
  const RawReply reply =
      harness.Send("GET", "/v1/realtime", {{"Connection", "Upgrade"}, {"Upgrade", "websocket"}});
  EXPECT_EQ(reply.status, 501);
  EXPECT_THAT(harness.Attempts(), IsEmpty());
}

TEST(ProxyRulesTest, MethodsThatShowOrLeaveTheProxyAreNotSupported) {
  ProxyHarness harness(With({}));
  EXPECT_EQ(harness.Send("TRACE", "/v1/x").status, 501);
  EXPECT_EQ(harness.Send("CONNECT", "api.example.com:443").status, 501);
  EXPECT_THAT(harness.Attempts(), IsEmpty());
}

TEST(ProxyRulesTest, TooLargeBodyIsRefusedBeforeAnyAttempt) {
  ProxyHarness harness(With([](ProxyConfig& config) { config.limits.max_body_bytes = 1000; }));
  EXPECT_EQ(harness.Post({}, std::string(1001, 'x')).status, 413);
  const Headers chunked = {{"Transfer-Encoding", "chunked"}};
  RawClient client(harness.proxy().port());
  client.Send(testing::RequestText("POST", "/v1/x", chunked) + "3e9\r\n" + std::string(1001, 'x') +
              "\r\n0\r\n\r\n");
  EXPECT_EQ(ReadReply(client).status, 413);
  EXPECT_THAT(harness.Attempts(), IsEmpty());
  EXPECT_EQ(harness.Post({}, std::string(1000, 'x')).status, 200);
}

TEST(ProxyRulesTest, OwnKeysBodiesAreBoundedToo) {
  ProxyHarness harness(With([](ProxyConfig& config) { config.limits.max_body_bytes = 1000; }));
  const Headers headers = {{"Transfer-Encoding", "chunked"},
                           {"Authorization", "Bearer " + std::string(kOwnKey)}};
  RawClient client(harness.proxy().port());
  client.Send(testing::RequestText("POST", "/v1/x", headers) + "3e9\r\n" + std::string(1001, 'x') +
              "\r\n0\r\n\r\n");
  EXPECT_EQ(ReadReply(client).status, 413);
  // One that says so is refused before it comes.
  RawClient stated(harness.proxy().port());
  stated.Send("POST /v1/x HTTP/1.1\r\nHost: p\r\nContent-Length: 1001\r\nAuthorization: Bearer " +
              std::string(kOwnKey) + "\r\n\r\n");
  EXPECT_EQ(ReadReply(stated).status, 413);
}

TEST(ProxyRulesTest, BrokenBodySpendsNoKey) {
  ProxyHarness harness(With({}));
  RawClient client(harness.proxy().port());
  client.Send("POST /v1/x HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  EXPECT_EQ(ReadReply(client).status, 400);
  RawClient short_one(harness.proxy().port());
  short_one.Send("POST /v1/x HTTP/1.1\r\nHost: p\r\nContent-Length: 10\r\n\r\nabc");
  short_one.CloseWrite();
  EXPECT_EQ(ReadReply(short_one).status, 400);
  RawClient leaving(harness.proxy().port());
  leaving.Send("POST /v1/x HTTP/1.1\r\nHost: p\r\nContent-Length: 10\r\n\r\nabc");
  leaving.Reset();
  EXPECT_TRUE(harness.WaitForLog(" 499 ")) << harness.Log();
  EXPECT_THAT(harness.Attempts(), IsEmpty());
  EXPECT_THAT(harness.States(), ElementsAre("valid", "valid"));
}

TEST(ProxyRulesTest, UnreachableUpstreamIs502) {
  ProxyHarness harness(With({}));
  harness.mock().Stop();
  const RawReply reply = harness.Post();
  EXPECT_EQ(reply.status, 502);
  EXPECT_THAT(reply.body, HasSubstr("upstream proxy error"));
  EXPECT_TRUE(harness.WaitForLog("upstream proxy error (connect)"));
  EXPECT_THAT(harness.Admin("/metrics").body,
              HasSubstr("keywalk_upstream_errors_total{kind=\"connect\",provider=\"openai\"} 1"));
  EXPECT_THAT(harness.States(), ElementsAre("valid", "valid"));
}

TEST(ProxyRulesTest, BaseUrlThatCannotBeParsedIs502) {
  ProxyHarness harness(With([](ProxyConfig& config) { config.routes[0].base_url = "no url"; }));
  const RawReply reply = harness.Post();
  EXPECT_EQ(reply.status, 502);
  EXPECT_THAT(reply.body, HasSubstr("invalid provider base URL"));
}

TEST(ProxyRulesTest, NoByokRefusesOwnKeys) {
  ProxyHarness harness(With([](ProxyConfig& config) { config.no_byok = true; }));
  EXPECT_EQ(harness.Post({{"Authorization", "Bearer " + std::string(kOwnKey)}}).status, 401);
  EXPECT_EQ(harness.Post().status, 200);
}

TEST(ProxyRulesTest, ExpectContinueIsAnsweredHere) {
  ProxyHarness harness(With({}));
  RawClient client(harness.proxy().port());
  client.Send(
      "POST /v1/x HTTP/1.1\r\nHost: p\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(ReadReply(client).status, 100);
  client.Send("abc");
  EXPECT_EQ(ReadReply(client).status, 200);
  EXPECT_FALSE(harness.mock().Journal().at(0).headers.Contains("Expect"));
}

TEST(ProxyRulesTest, UpstreamConnectionIsReused) {
  ProxyHarness harness(With({}));
  harness.Post();
  harness.Post();
  const std::vector<mock::JournalEntry> journal = harness.mock().Journal();
  EXPECT_EQ(journal.at(0).connection, journal.at(1).connection);
}

TEST(ProxyRulesTest, TlsIsServedAndTheUpstreamVerified) {
  const TempDir dir;
  const TestCertificate mine = MakeTestCertificate(dir.path());
  testing::TestCertificateOptions named;
  named.name = "other";
  const TestCertificate other = MakeTestCertificate(dir.path(), named);
  mock::MockServerOptions tls;
  tls.tls_cert_file = mine.cert_file;
  tls.tls_key_file = mine.key_file;
  const auto upstream = mock::MockServer::Start(
      tls, *mock::ParseScript(R"({"schema_version":"1.0","default_lane":{"steps":[{}]}})", "test"));
  ASSERT_TRUE(upstream.ok());
  ProxyHarness harness(With([&](ProxyConfig& config) {
    config.tls_cert_file = mine.cert_file;
    config.tls_key_file = mine.key_file;
    config.routes[0].base_url = (*upstream)->url();
    config.routes[0].ca_file = mine.ca_file;
    RouteConfig distrusting = config.routes[0];
    distrusting.prefix = "/distrusting";
    distrusting.ca_file = other.ca_file;
    config.routes.push_back(distrusting);
  }));
  testing::RawClientOptions options;
  options.ca_file = mine.ca_file;
  RawClient client(harness.proxy().port(), options);
  client.Send(testing::RequestText("GET", "/v1/x", {}));
  EXPECT_EQ(ReadReply(client).status, 200);
  EXPECT_EQ((*upstream)->Journal().at(0).headers.Find("X-Forwarded-Proto"), "https");
  client.Send(testing::RequestText("GET", "/distrusting/x", {}));
  EXPECT_EQ(ReadReply(client).status, 502);
  EXPECT_TRUE(harness.WaitForLog("upstream proxy error (tls)"));
}

}  // namespace
}  // namespace keywalk::proxy
