// Goal: requests are answered by their key's lane and journaled completely.
// Method: a server in process, raw sockets, the journal.

#include "mockupstream/mock_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>
#include <vector>

#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kTwoKeys = R"({
  "schema_version": "1.0",
  "lanes": {
    "sk-aaaaaaaaaaaaaaaaaaaa": {"name": "k0", "steps": [{"status": 429}, {"status": 200}]},
    "sk-bbbbbbbbbbbbbbbbbbbb": {"name": "k1", "steps": [{"status": 401}], "at_end": "fail_loud"}
  }
})";
constexpr std::string_view kFirst = "sk-aaaaaaaaaaaaaaaaaaaa";
constexpr std::string_view kSecond = "sk-bbbbbbbbbbbbbbbbbbbb";

TEST(MockServerTest, EachKeyHasItsOwnSequence) {
  const auto server = StartMock(Parse(kTwoKeys));
  EXPECT_EQ(Ask(*server, kFirst).status, 429);
  EXPECT_EQ(Ask(*server, kSecond).status, 401);
  EXPECT_EQ(Ask(*server, kFirst).status, 200);
  EXPECT_EQ(Ask(*server, kFirst).status, 200);
  EXPECT_EQ(server->steps_served(std::string(kFirst)), 3u);
  EXPECT_EQ(server->steps_served(std::string(kSecond)), 1u);
  EXPECT_EQ(server->steps_served("another"), 0u);
}

TEST(MockServerTest, TheKeyIsFoundWhereverProvidersTakeIt) {
  const auto server = StartMock(Parse(kTwoKeys));
  const std::string key(kSecond);
  const std::pair<std::string, Headers> requests[] = {
      {"/v1/x", {{"Authorization", "Bearer " + key}}},
      {"/v1/x", {{"X-Api-Key", key}}},
      {"/v1/x", {{"api-key", key}}},
      {"/v1/x", {{"x-goog-api-key", key}}},
      {"/v1/x?key=" + key, {}},
  };
  for (const auto& [target, headers] : requests) {
    RawClient client(server->port());
    client.Send(RequestText("GET", target, headers));
    ReadReply(client);
  }
  const std::vector<JournalEntry> entries = server->Journal();
  ASSERT_EQ(entries.size(), std::size(requests));
  for (const JournalEntry& entry : entries) EXPECT_EQ(entry.lane, "k1");
}

TEST(MockServerTest, ALaneThatFailsLoudlySaysSo) {
  const auto server = StartMock(Parse(kTwoKeys));
  Ask(*server, kSecond);
  const RawReply reply = Ask(*server, kSecond);
  EXPECT_EQ(reply.status, 599);
  EXPECT_THAT(reply.body, HasSubstr("lane exhausted: k1"));
  EXPECT_EQ(server->Journal()[1].step, std::nullopt);
  EXPECT_EQ(server->Journal()[1].lane, "k1");
}

TEST(MockServerTest, AKeyWithoutLaneIs401AndShownMasked) {
  const auto server = StartMock(Parse(kTwoKeys));
  const std::string key = "sk-nobody-knows-this-key-9999";
  const RawReply reply = Ask(*server, key);
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.headers.Find("Content-Type"), "application/json");
  EXPECT_THAT(reply.body, HasSubstr("sk-n...9999"));
  EXPECT_THAT(reply.body, Not(HasSubstr(key)));
  RawClient client(server->port());
  client.Send(RequestText("GET", "/", {}));
  EXPECT_THAT(ReadReply(client).body, HasSubstr("a request without a key"));
  EXPECT_EQ(server->Journal()[0].lane, "");
}

TEST(MockServerTest, TheDefaultLaneServesEveryOtherKey) {
  const auto server =
      StartMock(Parse(R"({"schema_version": "1.0", "default_lane": [{"status": 418}]})"));
  EXPECT_EQ(Ask(*server, "anything").status, 418);
  EXPECT_EQ(Ask(*server, "anything-else").status, 418);
  EXPECT_EQ(server->Journal()[0].lane, "default");
  EXPECT_EQ(server->steps_served("whatever"), 2u);
}

TEST(MockServerTest, TheJournalHoldsTheWholeRequest) {
  const auto server = StartMock(Parse(kTwoKeys));
  RawClient client(server->port());
  const Headers headers{{"Authorization", "Bearer " + std::string(kFirst)}, {"X-Test", "value"}};
  client.Send(RequestText("PUT", "/v1/files?purpose=x", headers, "hello"));
  ReadReply(client);
  const JournalEntry entry = WaitForAnswered(*server);
  EXPECT_EQ(entry.sequence, 0u);
  EXPECT_EQ(entry.lane, "k0");
  EXPECT_EQ(entry.key_hint, "sk-a...aaaa");
  EXPECT_EQ(entry.step, 0u);
  EXPECT_EQ(entry.method, "PUT");
  EXPECT_EQ(entry.target, "/v1/files?purpose=x");
  EXPECT_EQ(entry.headers.Find("x-test"), "value");
  EXPECT_EQ(entry.headers.Find("Authorization"), "Bearer " + std::string(kFirst));
  EXPECT_EQ(entry.body_bytes, 5u);
  // printf hello | sha256sum
  EXPECT_EQ(entry.body_sha256, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  EXPECT_TRUE(entry.body_complete);
  EXPECT_EQ(entry.status, 429);
  EXPECT_EQ(entry.fault, FaultState::kNone);
}

TEST(MockServerTest, AnEntryIsThereBeforeItsAnswer) {
  const auto server = StartMock(OneLane(R"([{"delay_ms": 3600000}])"));
  RawClient client(server->port());
  client.Send(Post(kKey));
  WaitForEntries(*server, 1);
  const JournalEntry entry = server->Journal().at(0);
  EXPECT_FALSE(entry.answered);
  EXPECT_EQ(entry.status, 0);
  EXPECT_EQ(client.received(), "");
}

TEST(MockServerTest, ConnectionsServeOneLaneInOrderAndOnce) {
  constexpr std::size_t kConnections = 8;
  constexpr std::size_t kRequests = 25;
  const auto server = StartMock(OneLane(R"([{"text": "x", "times": 200}])"));
  std::vector<std::thread> clients;
  for (std::size_t i = 0; i < kConnections; ++i) {
    clients.emplace_back([&server] {
      RawClient client(server->port());
      for (std::size_t n = 0; n < kRequests; ++n) {
        client.Send(Post(kKey));
        if (ReadReply(client).status != 200) return;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  std::set<std::size_t> steps;
  std::set<std::uint64_t> connections;
  for (const JournalEntry& entry : server->Journal()) {
    steps.insert(entry.step.value());
    connections.insert(entry.connection);
  }
  EXPECT_EQ(steps.size(), kConnections * kRequests);
  EXPECT_EQ(*steps.rbegin(), kConnections * kRequests - 1);
  EXPECT_EQ(connections.size(), kConnections);
}

TEST(MockServerTest, LanesCanBeAddedAndReplacedWhileItRuns) {
  const auto server = StartMock(Parse(kTwoKeys));
  Ask(*server, kFirst);
  server->AddLanes(OneLane(R"([{"status": 503}])"));
  EXPECT_EQ(Ask(*server, kFirst).status, 200);  // goes on with its second step
  EXPECT_EQ(Ask(*server, kKey).status, 503);
  server->SetScript(Parse(kTwoKeys));
  EXPECT_EQ(Ask(*server, kFirst).status, 429);
  EXPECT_EQ(Ask(*server, kKey).status, 401);
}

TEST(MockServerTest, TheJournalIsBoundedAndCanBeCleared) {
  MockServerOptions options;
  options.max_journal_entries = 2;
  const auto server = StartMock(OneLane("[{}]"), options);
  for (int i = 0; i < 3; ++i) Ask(*server, kKey);
  EXPECT_EQ(server->Journal().size(), 2u);
  EXPECT_EQ(server->Journal()[0].sequence, 1u);
  EXPECT_EQ(server->Journal(2).size(), 1u);
  server->ClearJournal();
  EXPECT_TRUE(server->Journal().empty());
  EXPECT_EQ(server->journal_next(), 3u);
}

TEST(MockServerTest, ARequestThatTheJournalForgotIsCountedAndReported) {
  EndedRequest ended;
  MockServerOptions options;
  options.on_request = ended.hook();
  options.journal_body_bytes = 3;
  const auto server =
      StartMock(OneLane(R"([{"fault": {"at": "before_head", "kind": "stall"}}])"), options);
  {
    RawClient client(server->port());
    client.Send(Post(kKey, "12345"));
    WaitForFault(*server);
    server->ClearJournal();
  }
  const JournalEntry entry = ended.Wait();
  EXPECT_EQ(entry.lane, "k0");
  EXPECT_EQ(entry.sequence, 0u);
  EXPECT_EQ(entry.fault, FaultState::kFired);
  EXPECT_EQ(entry.body_bytes, 5u);
  EXPECT_EQ(entry.body, "123");
  EXPECT_TRUE(entry.body_truncated);
  // printf 12345 | sha256sum
  EXPECT_EQ(entry.body_sha256, "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5");
  EXPECT_TRUE(entry.ended);
  const std::string metrics = Admin(*server, "GET", "/__mock/metrics").body;
  EXPECT_NE(metrics.find("keywalk_mock_requests_total{lane=\"k0\",status=\"0\"} 1\n"),
            std::string::npos);
  EXPECT_NE(metrics.find("keywalk_mock_faults_total{state=\"fired\"} 1\n"), std::string::npos);
}

TEST(MockServerTest, StoppingEndsWhatIsBeingServed) {
  const auto server = StartMock(OneLane(R"([{"delay_ms": 3600000}])"));
  RawClient client(server->port());
  client.Send(Post(kKey));
  WaitForEntries(*server, 1);
  server->Stop();
  server->Stop();
  EXPECT_NE(client.ReadToEnd(), ReadEnd::kTimeout);
  EXPECT_EQ(client.received(), "");
  EXPECT_EQ(server->Journal().size(), 1u);
  EXPECT_THROW(RawClient(server->port()), std::runtime_error);
}

TEST(MockServerTest, StoppingEndsAStallThatNobodyWatches) {
  const auto server =
      StartMock(OneLane(R"([{"early": true, "fault": {"at": "before_head", "kind": "stall"}}])"));
  RawClient client(server->port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nx-api-key: " + std::string(kKey) +
              "\r\nContent-Length: 5\r\n\r\n");
  WaitForEntries(*server, 1);
  const auto start = std::chrono::steady_clock::now();
  server->Stop();
  // Well below the time that Stop() gives to what does not end by itself.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
}

TEST(MockServerTest, SaysWhyItCannotStart) {
  const auto server = StartMock(Parse(kTwoKeys));
  MockServerOptions taken;
  taken.listen = "127.0.0.1:" + std::to_string(server->port());
  const auto second = MockServer::Start(taken, Parse(kTwoKeys));
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message(), HasSubstr(taken.listen));
  MockServerOptions half;
  half.tls_cert_file = "cert.pem";
  EXPECT_FALSE(MockServer::Start(half, Parse(kTwoKeys)).ok());
}

}  // namespace
}  // namespace keywalk::mock::testing
