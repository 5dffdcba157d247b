// Goal: an early answer comes before the request's body, which is then read, bounded and journaled.
// Method: a client that sends half a body and waits.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock::testing {
namespace {

constexpr std::string_view kEarly = R"([{"status": 413, "text": "too large", "early": true}])";

std::string HeadOf(std::size_t length, std::string_view extra = "") {
  return "POST /v1/x HTTP/1.1\r\nHost: localhost\r\nx-api-key: " + std::string(kKey) +
         "\r\nContent-Length: " + std::to_string(length) + "\r\n" + std::string(extra) + "\r\n";
}

TEST(EarlyTest, TheAnswerComesBeforeTheBody) {
  const auto server = StartMock(OneLane(kEarly));
  RawClient client(server->port());
  client.Send(HeadOf(10));
  EXPECT_EQ(ReadReply(client).status, 413);
  client.Send("0123456789");
  EXPECT_TRUE(server->WaitForJournal(
      [](const std::vector<JournalEntry>& entries) {
        return entries.size() == 1 && entries[0].body_complete;
      },
      kLimit));
  const JournalEntry entry = server->Journal().at(0);
  EXPECT_EQ(entry.body_bytes, 10u);
  // printf 0123456789 | sha256sum
  EXPECT_EQ(entry.body_sha256, "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882");
  EXPECT_TRUE(entry.answered);
}

TEST(EarlyTest, AClientThatSendsItsWholeBodyFirstIsNotBlocked) {
  const auto server = StartMock(OneLane(kEarly));
  RawClient client(server->port());
  client.Send(HeadOf(4'000'000) + std::string(4'000'000, 'x'));
  EXPECT_EQ(ReadReply(client).body, "too large");
}

TEST(EarlyTest, AnUploadThatEndsInTheMiddleIsJournaledAsIncomplete) {
  EndedRequest ended;
  MockServerOptions options;
  options.on_request = ended.hook();
  const auto server = StartMock(OneLane(kEarly), options);
  RawClient client(server->port());
  client.Send(HeadOf(1000) + "half");
  EXPECT_EQ(ReadReply(client).status, 413);
  client.Close();
  const JournalEntry entry = ended.Wait();
  EXPECT_FALSE(entry.body_complete);
  EXPECT_TRUE(entry.answered);
}

TEST(EarlyTest, AnswersInsteadOf100Continue) {
  const auto server = StartMock(OneLane(kEarly));
  RawClient client(server->port());
  client.Send(HeadOf(10, "Expect: 100-continue\r\n"));
  const RawReply reply = ReadReply(client);
  EXPECT_EQ(reply.status, 413);
  EXPECT_TRUE(reply.headers.HasToken("Connection", "close"));
  EXPECT_EQ(client.ReadToEnd(), ReadEnd::kClosed);
  EXPECT_EQ(client.received(), "") << "100 (Continue) after the answer";
}

TEST(EarlyTest, ARequestWithoutBodyIsServedAsAnyOther) {
  const auto server = StartMock(OneLane(kEarly));
  RawClient client(server->port());
  client.Send(RequestText("GET", "/v1/x", {{"x-api-key", kKey}}));
  EXPECT_EQ(ReadReply(client).status, 413);
  client.Send(RequestText("GET", "/v1/x", {{"x-api-key", kKey}}));
  EXPECT_EQ(ReadReply(client).status, 413);
  EXPECT_EQ(server->Journal().at(0).connection, server->Journal().at(1).connection);
}

TEST(EarlyTest, AFaultMayComeBeforeTheBodyToo) {
  const auto server =
      StartMock(OneLane(R"([{"early": true, "fault": {"at": "before_head", "kind": "reset"}}])"));
  RawClient client(server->port());
  client.Send(HeadOf(10));
  EXPECT_EQ(client.ReadToEnd(), ReadEnd::kReset);
  EXPECT_EQ(WaitForFault(*server).fault, FaultState::kFired);
}

}  // namespace
}  // namespace keywalk::mock::testing
