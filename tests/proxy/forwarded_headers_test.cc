// The headers of a request on their way upstream (SPEC proxy/2-4). Pure functions, whole results.
#include "proxy/forwarded_headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace keywalk::proxy {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::StartsWith;

ClientSide Client(std::string address = "192.0.2.7", bool tls = false) {
  ClientSide client;
  client.address = std::move(address);
  client.tls = tls;
  return client;
}

std::vector<std::string> Lines(const Headers& headers) {
  std::vector<std::string> lines;
  for (const Headers::Field field : headers) {
    lines.push_back(std::string(field.name) + ": " + std::string(field.value));
  }
  return lines;
}

TEST(ForwardedHeadersTest, EndToEndFieldsKeepOrderCaseAndRepetition) {
  const Headers received = {
      {"Host", "proxy:8080"}, {"User-Agent", "sdk/1"}, {"X-b", "1"}, {"x-a", "2"}, {"X-b", "3"}};
  EXPECT_THAT(Lines(ForwardedHeaders(received, Client(), "api.example.com")),
              ElementsAre("Host: api.example.com", "User-Agent: sdk/1", "X-b: 1", "x-a: 2",
                          "X-b: 3", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-Host: proxy:8080",
                          "X-Forwarded-Proto: http"));
}

TEST(ForwardedHeadersTest, HopByHopAndFramingFieldsStay) {
  const Headers received = {{"Host", "p"},
                            {"Connection", "keep-alive, X-Mine"},
                            {"connection", "x-too"},
                            {"X-Mine", "1"},
                            {"X-Too", "2"},
                            {"Keep-Alive", "timeout=5"},
                            {"Proxy-Connection", "keep-alive"},
                            {"Proxy-Authorization", "Basic eA=="},
                            {"Proxy-Authenticate", "Basic"},
                            {"TE", "trailers"},
                            {"Trailer", "X-Sum"},
                            {"Transfer-Encoding", "chunked"},
                            {"Content-Length", "5"},
                            {"Upgrade", "h2c"},
                            {"Expect", "100-continue"},
                            {"User-Agent", "u"},
                            {"X-Yours", "3"}};
  EXPECT_THAT(Lines(ForwardedHeaders(received, Client(), "h")),
              ElementsAre("Host: h", "User-Agent: u", "X-Yours: 3", "X-Forwarded-For: 192.0.2.7",
                          "X-Forwarded-Host: p", "X-Forwarded-Proto: http"));
}

TEST(ForwardedHeadersTest, PeerIsAppendedToTheChain) {
  const Headers received = {{"Host", "p"},
                            {"X-Forwarded-For", "203.0.113.1, 198.51.100.2"},
                            {"x-forwarded-for", "198.51.100.3"},
                            {"X-Forwarded-Proto", "gopher"},
                            {"X-Forwarded-Host", "forged.example"}};
  const Headers sent = ForwardedHeaders(received, Client("2001:db8::1", true), "h");
  EXPECT_EQ(sent.Find("X-Forwarded-For"), "203.0.113.1, 198.51.100.2, 198.51.100.3, 2001:db8::1");
  EXPECT_EQ(sent.Find("X-Forwarded-Proto"), "https");
  EXPECT_EQ(sent.Find("X-Forwarded-Host"), "p");
}

TEST(ForwardedHeadersTest, UserAgentIsAddedOnlyWhereThereIsNone) {
  const Headers without = {{"Host", "p"}};
  EXPECT_THAT(Lines(ForwardedHeaders(without, Client(), "h")),
              Contains(StartsWith("User-Agent: keywalk-proxy/")));
  const Headers empty = {{"Host", "p"}, {"User-Agent", ""}};
  EXPECT_THAT(Lines(ForwardedHeaders(empty, Client(), "h")),
              Not(Contains(StartsWith("User-Agent: keywalk"))));
}

TEST(ForwardedHeadersTest, WebSocketUpgradeIsRecognised) {
  EXPECT_TRUE(
      IsWebSocketUpgrade({{"Connection", "keep-alive, Upgrade"}, {"Upgrade", "WebSocket"}}));
  EXPECT_FALSE(IsWebSocketUpgrade({{"Connection", "Upgrade"}, {"Upgrade", "h2c"}}));
  EXPECT_FALSE(IsWebSocketUpgrade({{"Upgrade", "websocket"}}));
}

}  // namespace
}  // namespace keywalk::proxy
