// Goal: the mock is a good HTTP/1.1 server between its faults, and bounded.
// Method: keep-alive, pipelining, framings and limits on raw sockets.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mockupstream/script/script.h"
#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock::testing {
namespace {

std::string ChunkedHead(std::string_view extra = "") {
  return "POST /v1/x HTTP/1.1\r\nHost: localhost\r\nx-api-key: " + std::string(kKey) + "\r\n" +
         std::string(extra) + "Transfer-Encoding: chunked\r\n\r\n";
}

TEST(ConnectionTest, IsKeptAlive) {
  const auto server = StartMock(OneLane(R"([{"text": "a"}, {"status": 429, "text": "b"}])"));
  RawClient client(server->port());
  client.Send(Post(kKey));
  EXPECT_EQ(ReadReply(client).body, "a");
  client.Send(Post(kKey));
  EXPECT_EQ(ReadReply(client).body, "b");
  EXPECT_EQ(server->Journal().at(0).connection, server->Journal().at(1).connection);
  Ask(*server, kKey);
  EXPECT_NE(server->Journal().at(1).connection, server->Journal().at(2).connection);
}

TEST(ConnectionTest, PipelinedRequestsAreAnsweredInOrder) {
  const auto server = StartMock(OneLane(
      R"([{"text": "1", "delay_ms": 5}, {"text": "2", "chunked": true}, {"sse": [{"data": "3"}]},
          {"text": "4"}])"));
  RawClient client(server->port());
  client.Send(Post(kKey) + Post(kKey, "{\"n\":2}") + Post(kKey) + Post(kKey));
  EXPECT_EQ(ReadReply(client).body, "1");
  EXPECT_EQ(ReadReply(client).body, "2");
  EXPECT_EQ(ReadReply(client).body, "data: 3\n\n");
  EXPECT_EQ(ReadReply(client).body, "4");
  EXPECT_EQ(server->Journal().at(1).body_bytes, 7u);
}

TEST(ConnectionTest, AStepMayCloseIt) {
  const auto server =
      StartMock(OneLane(R"([{"headers": {"Connection": "close"}, "text": "bye"}])"));
  RawClient client(server->port());
  client.Send(Post(kKey));
  EXPECT_EQ(ReadReply(client).body, "bye");
  EXPECT_EQ(client.ReadToEnd(), ReadEnd::kClosed);
}

TEST(ConnectionTest, AnswersExpectContinue) {
  const auto server = StartMock(OneLane(R"([{"text": "thanks"}])"));
  RawClient client(server->port());
  client.Send(ChunkedHead("Expect: 100-continue\r\n"));
  EXPECT_EQ(ReadReply(client).status, 100);
  client.Send("5\r\nhello\r\n0\r\n\r\n");
  EXPECT_EQ(ReadReply(client).body, "thanks");
  EXPECT_EQ(server->Journal().at(0).body_bytes, 5u);
}

TEST(ConnectionTest, AChunkedBodyIsJournaledUnframed) {
  const auto server = StartMock(OneLane("[{}]"));
  RawClient client(server->port());
  client.Send(ChunkedHead() + "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX-End: 1\r\n\r\n");
  EXPECT_EQ(ReadReply(client).status, 200);
  const JournalEntry entry = server->Journal().at(0);
  EXPECT_EQ(entry.body_bytes, 5u);
  EXPECT_EQ(entry.body_sha256, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
}

TEST(ConnectionTest, ALargeBodyIsDigestedWhole) {
  const auto server = StartMock(OneLane("[{}]"));
  EXPECT_EQ(Ask(*server, kKey, PatternBytes(3'000'000)).status, 200);
  const JournalEntry entry = server->Journal().at(0);
  EXPECT_EQ(entry.body_bytes, 3'000'000u);
  // python3: sha256(bytes((i * 31 + i // 256) % 256 for i in range(3000000)))
  EXPECT_EQ(entry.body_sha256, "b53f9cbde53ca52a99d03de9fe2a95b8961fdcea4d93f248fa36a30e24a5f293");
  EXPECT_TRUE(entry.body_complete);
}

TEST(ConnectionTest, ABodyBeyondTheLimitIsRefused) {
  MockServerOptions options;
  options.max_body_bytes = 100;
  const auto server = StartMock(OneLane("[{}]"), options);
  const RawReply sized = Ask(*server, kKey, std::string(101, 'x'));
  EXPECT_EQ(sized.status, 413);
  EXPECT_TRUE(sized.headers.HasToken("Connection", "close"));
  RawClient client(server->port());
  client.Send(ChunkedHead() + "65\r\n" + std::string(0x65, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(ReadReply(client).status, 413);
  EXPECT_EQ(Ask(*server, kKey, std::string(100, 'x')).status, 200);
  EXPECT_FALSE(server->Journal().at(0).body_complete);
  EXPECT_FALSE(server->Journal().at(1).body_complete);
  EXPECT_TRUE(server->Journal().at(2).body_complete);
}

TEST(ConnectionTest, AnUploadCutShortIsJournaledAndNotAnswered) {
  EndedRequest ended;
  MockServerOptions options;
  options.on_request = ended.hook();
  const auto server = StartMock(OneLane("[{}]"), options);
  RawClient client(server->port());
  client.Send(ChunkedHead() + "5\r\nhel");
  client.Close();
  const JournalEntry entry = ended.Wait();
  EXPECT_FALSE(entry.body_complete);
  EXPECT_EQ(entry.status, 0);
  EXPECT_FALSE(entry.answered);
}

TEST(ConnectionTest, GarbageIsAnsweredOrClosedAndTheServerLives) {
  const auto server = StartMock(OneLane(R"([{"text": "alive"}])"));
  const std::string broken[] = {"\r\n\r\n\r\n",
                                "GET\r\n\r\n",
                                "GET / HTTP/9.9\r\n\r\n",
                                std::string(200'000, 'A'),
                                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
                                ChunkedHead() + "zz\r\n",
                                ChunkedHead() + "fffffffffffffffff\r\n"};
  for (const std::string& text : broken) {
    RawClient client(server->port());
    client.TrySend(text);
    if (text == broken[0]) client.CloseWrite();
    EXPECT_NE(client.ReadToEnd(), ReadEnd::kTimeout) << text.substr(0, 60);
  }
  EXPECT_EQ(Ask(*server, kKey).body, "alive");
}

}  // namespace
}  // namespace keywalk::mock::testing
