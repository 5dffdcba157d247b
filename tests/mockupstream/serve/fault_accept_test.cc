// Goal: connections go wrong as they are accepted, in the script's order, and that is reported.
// Method: raw sockets, one after another; the admin page and the metrics afterwards.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "tests/mockupstream/mock_client.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_certificate.h"

namespace keywalk::mock::testing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Script WithConnections(std::string_view connections) {
  return Parse(
      R"({"schema_version": "1.0", "default_lane": [{"text": "served"}], "connections": )" +
      std::string(connections) + "}");
}

std::vector<std::uint64_t> Fired(const MockServer& server) {
  std::vector<std::uint64_t> fired;
  for (const AcceptFaultReport& report : server.AcceptFaults()) fired.push_back(report.fired);
  return fired;
}

// What a connection comes to on which a request is sent at once.
ReadEnd EndOf(const MockServer& server, std::string& received) {
  received.clear();
  std::optional<RawClient> client;
  try {
    client.emplace(server.port());
  } catch (const std::runtime_error& error) {
    // A reset may come as soon as the connection is there.
    EXPECT_THAT(error.what(), HasSubstr("Connection reset"));
    return ReadEnd::kReset;
  }
  client->TrySend(Post(kKey));
  const ReadEnd end = client->ReadToEnd();
  received = client->received();
  return end;
}

TEST(AcceptFaultTest, HappensInTheOrderOfConnections) {
  const auto server = StartMock(WithConnections(
      R"([{"fault": {"kind": "close"}}, {}, {"fault": {"at": "accept", "kind": "reset"}},
          {"fault": {"kind": "garbage", "text": "SSH-2.0-x\r\n"}}])"));
  EXPECT_THAT(Fired(*server), ElementsAre(0, 0, 0));
  const Expectation all_fired = ParseExpectation(R"({"faults": "all_fired"})", "test").value();
  EXPECT_THAT(server->Verify(all_fired).message(), HasSubstr("connections's script step 2"));
  std::string received;
  EXPECT_EQ(EndOf(*server, received), ReadEnd::kClosed);
  EXPECT_EQ(received, "");
  EXPECT_EQ(Ask(*server, kKey).body, "served");
  EXPECT_EQ(EndOf(*server, received), ReadEnd::kReset);
  EXPECT_EQ(received, "");
  EXPECT_EQ(EndOf(*server, received), ReadEnd::kClosed);
  EXPECT_EQ(received, "SSH-2.0-x\r\n");
  EXPECT_EQ(Ask(*server, kKey).body, "served") << "behind the last step";
  EXPECT_THAT(Fired(*server), ElementsAre(1, 1, 1));
  EXPECT_TRUE(server->Verify(all_fired).ok());
  EXPECT_EQ(server->Journal().size(), 2u) << "the journal is of requests";
}

TEST(AcceptFaultTest, AStallLastsUntilTheClientLeaves) {
  const auto server = StartMock(WithConnections(R"([{"fault": {"kind": "stall"}}])"));
  RawClient client(server->port());
  client.Send(Post(kKey));
  EXPECT_EQ(client.ReadToEnd(kSilence), ReadEnd::kTimeout);
  EXPECT_EQ(client.received(), "");
  EXPECT_THAT(Fired(*server), ElementsAre(1));
  client.Close();
  const auto open = [&] { return Admin(*server, "GET", "/__mock/metrics").body; };
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  // The connection that asks is the one that is left.
  while (open().find("keywalk_mock_open_connections 1\n") == std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << open();
  }
}

TEST(AcceptFaultTest, AStallEndsAtItsBound) {
  MockServerOptions options;
  options.max_stall = std::chrono::milliseconds(20);
  const auto server = StartMock(WithConnections(R"([{"fault": {"kind": "stall"}}])"), options);
  std::string received;
  EXPECT_EQ(EndOf(*server, received), ReadEnd::kClosed);
}

TEST(AcceptFaultTest, StepsRepeatOrStartOver) {
  const auto loop = StartMock(WithConnections(
      R"({"steps": [{"fault": {"kind": "reset"}, "times": 2}, {}], "at_end": "loop"})"));
  std::string received;
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(EndOf(*loop, received), ReadEnd::kReset);
    EXPECT_EQ(EndOf(*loop, received), ReadEnd::kReset);
    EXPECT_EQ(Ask(*loop, kKey).body, "served");
  }
  const auto repeat = StartMock(
      WithConnections(R"({"steps": [{}, {"fault": {"kind": "reset"}}], "at_end": "repeat_last"})"));
  EXPECT_EQ(Ask(*repeat, kKey).body, "served");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(EndOf(*repeat, received), ReadEnd::kReset);
  EXPECT_THAT(Fired(*repeat), ElementsAre(3));
}

TEST(AcceptFaultTest, IsReportedByTheAdminPages) {
  const auto server = StartMock(
      WithConnections(R"([{"fault": {"kind": "reset"}}, {}, {"fault": {"kind": "close"}}])"));
  std::string received;
  EXPECT_EQ(EndOf(*server, received), ReadEnd::kReset);
  const RawReply reply = Admin(*server, "GET", "/__mock/connections");
  EXPECT_EQ(json::parse(reply.body), json::parse(R"([
      {"step": 0, "fault": {"at": "accept", "kind": "reset"}, "fired": 1, "state": "fired"},
      {"step": 2, "fault": {"at": "accept", "kind": "close"}, "fired": 0, "state": "not_reached"}
  ])"));
  EXPECT_EQ(EndOf(*server, received), ReadEnd::kClosed);
  EXPECT_THAT(Admin(*server, "GET", "/__mock/metrics").body,
              HasSubstr("keywalk_mock_faults_total{state=\"fired\"} 2\n"));
}

TEST(AcceptFaultTest, AnotherScriptStartsWithItsFirstConnection) {
  const auto server = StartMock(WithConnections(R"([{}, {"fault": {"kind": "reset"}}])"));
  RawClient admin(server->port());  // the first connection
  admin.Send(RequestText("PUT", "/__mock/script", {}, R"({"schema_version": "1.0",
      "default_lane": [{}], "connections": [{"fault": {"kind": "close"}}]})"));
  EXPECT_EQ(ReadReply(admin).status, 200);
  std::string received;
  EXPECT_EQ(EndOf(*server, received), ReadEnd::kClosed);
  admin.Send(RequestText("POST", "/__mock/reset", {}, ""));
  EXPECT_EQ(ReadReply(admin).status, 200);
  EXPECT_THAT(Fired(*server), ElementsAre(0));
  EXPECT_EQ(EndOf(*server, received), ReadEnd::kClosed);
}

TEST(AcceptFaultTest, ComesBeforeATlsHandshake) {
  const keywalk::testing::TempDir dir;
  const auto certificate = keywalk::testing::MakeTestCertificate(dir.path());
  MockServerOptions options;
  options.tls_cert_file = certificate.cert_file;
  options.tls_key_file = certificate.key_file;
  const auto server =
      StartMock(WithConnections(R"([{"fault": {"kind": "garbage", "text": "not TLS"}}])"), options);
  RawClient plain(server->port());
  EXPECT_EQ(plain.ReadToEnd(), ReadEnd::kClosed);
  EXPECT_EQ(plain.received(), "not TLS");
  keywalk::testing::RawClientOptions trusting;
  trusting.ca_file = certificate.ca_file;
  RawClient client(server->port(), trusting);
  client.Send(Post(kKey));
  EXPECT_EQ(ReadReply(client).body, "served");
}

}  // namespace
}  // namespace keywalk::mock::testing
