// Goal: a step's status, headers, body, framing and time reach the client as scripted.
// Method: one lane, one step, a raw socket that shows the framing.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "mockupstream/script/script.h"
#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock::testing {
namespace {

using ::testing::HasSubstr;

RawReply AnswerOf(std::string_view lane, std::string_view method = "POST") {
  const auto server = StartMock(OneLane(lane));
  RawClient client(server->port());
  client.Send(RequestText(method, "/v1/x", {{"x-api-key", kKey}}));
  return ReadReply(client, method);
}

TEST(AnswerTest, StatusHeadersAndBody) {
  const RawReply reply = AnswerOf(
      R"([{"status": 429, "json": {"e": 1},
           "headers": {"Retry-After": "5", "X-Two": ["a", "b"]}}])");
  EXPECT_THAT(reply.head, HasSubstr("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\n"));
  EXPECT_THAT(reply.head, HasSubstr("X-Two: a\r\nX-Two: b\r\n"));
  EXPECT_EQ(reply.headers.Find("Content-Length"), "7");
  EXPECT_EQ(reply.headers.Find("Content-Type"), "application/json");
  EXPECT_TRUE(reply.headers.Contains("Date"));
  EXPECT_EQ(reply.body, R"({"e":1})");
}

TEST(AnswerTest, AnEmptyStepIsAnEmpty200) {
  const RawReply reply = AnswerOf("[{}]");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.Find("Content-Length"), "0");
}

TEST(AnswerTest, AnUnassignedStatusIsServed) {
  EXPECT_EQ(AnswerOf(R"([{"status": 799}])").status, 799);
}

TEST(AnswerTest, ALargeBodyArrivesByteForByte) {
  EXPECT_EQ(AnswerOf(R"([{"bytes": 5000000}])").body, PatternBytes(5'000'000));
}

TEST(AnswerTest, ChunksAndTrailers) {
  const RawReply reply =
      AnswerOf(R"([{"bytes": 40000, "chunked": true, "trailers": {"X-Checksum": "abc"}}])");
  EXPECT_FALSE(reply.headers.Contains("Content-Length"));
  EXPECT_EQ(reply.chunks.size(), 3u);
  EXPECT_EQ(reply.body, PatternBytes(40'000));
  EXPECT_EQ(reply.trailers.Find("X-Checksum"), "abc");
  EXPECT_TRUE(reply.complete);
}

TEST(AnswerTest, AnEmptyChunkedBodyEndsAtOnce) {
  const RawReply reply = AnswerOf(R"([{"chunked": true}])");
  EXPECT_TRUE(reply.headers.HasToken("Transfer-Encoding", "chunked"));
  EXPECT_TRUE(reply.chunks.empty());
  EXPECT_TRUE(reply.complete);
}

TEST(AnswerTest, HeadHasTheHeadersOfTheBodyOnly) {
  const auto server = StartMock(OneLane(
      R"([{"text": "hello"}, {"text": "hello", "chunked": true}, {"text": "x", "endless": true},
          {"sse": [{"data": "x"}]}, {"text": "the end"}])"));
  RawClient client(server->port());
  const std::string request = RequestText("HEAD", "/v1/x", {{"x-api-key", kKey}});
  client.Send(request);
  EXPECT_EQ(ReadReply(client, "HEAD").headers.Find("Content-Length"), "5");
  // Whatever wrote a body here would be read as the next head.
  for (int i = 0; i < 3; ++i) {
    client.Send(request);
    EXPECT_EQ(ReadReply(client, "HEAD").status, 200);
  }
  client.Send(RequestText("GET", "/v1/x", {{"x-api-key", kKey}}));
  EXPECT_EQ(ReadReply(client).body, "the end");
}

TEST(AnswerTest, NoContentAndNotModifiedHaveNoBody) {
  const auto server = StartMock(OneLane(
      R"([{"status": 204}, {"status": 204, "chunked": true}, {"status": 304}, {"text": "end"}])"));
  RawClient client(server->port());
  for (const int status : {204, 204, 304}) {
    client.Send(Post(kKey));
    const RawReply reply = ReadReply(client);
    EXPECT_EQ(reply.status, status);
    EXPECT_FALSE(reply.headers.Contains("Transfer-Encoding"));
  }
  client.Send(Post(kKey));
  EXPECT_EQ(ReadReply(client).body, "end");
}

TEST(AnswerTest, ADelayComesBeforeTheHead) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(AnswerOf(R"([{"delay_ms": 40}])").status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(40));
}

TEST(AnswerTest, ADelayEndsWithTheClient) {
  EndedRequest ended;
  MockServerOptions options;
  options.on_request = ended.hook();
  const auto server = StartMock(OneLane(R"([{"delay_ms": 3600000}])"), options);
  RawClient client(server->port());
  client.Send(Post(kKey));
  WaitForEntries(*server, 1);
  client.Close();
  const JournalEntry entry = ended.Wait();
  EXPECT_EQ(entry.status, 0);
  EXPECT_FALSE(entry.answered);
}

TEST(AnswerTest, EveryEventIsAChunkOfItsOwn) {
  const RawReply reply = AnswerOf(
      R"([{"sse": [{"data": {"n": 1}}, {"event": "e", "data": "b"}, {"data": "[DONE]"}]}])");
  EXPECT_EQ(reply.headers.Find("Content-Type"), "text/event-stream");
  EXPECT_EQ(reply.chunks, (std::vector<std::string>{"data: {\"n\":1}\n\n", "event: e\ndata: b\n\n",
                                                    "data: [DONE]\n\n"}));
}

TEST(AnswerTest, AnEventArrivesBeforeTheNextIsSent) {
  EndedRequest ended;
  MockServerOptions options;
  options.on_request = ended.hook();
  const auto server = StartMock(
      OneLane(R"([{"sse": [{"data": "one"}, {"data": "two", "delay_ms": 3600000}]}])"), options);
  RawClient client(server->port());
  client.Send(Post(kKey));
  EXPECT_EQ(client.ReadUntil("data: one\n\n"), ReadEnd::kDone);
  EXPECT_FALSE(server->Journal().at(0).answered);
  client.Close();
  EXPECT_EQ(ended.Wait().status, 200);
}

TEST(AnswerTest, AnEndlessBodyGoesOnUntilTheClientGoes) {
  EndedRequest ended;
  MockServerOptions options;
  options.on_request = ended.hook();
  const auto server =
      StartMock(OneLane(R"([{"status": 429, "text": "no", "endless": true}])"), options);
  RawClient client(server->port());
  client.Send(Post(kKey));
  EXPECT_EQ(client.ReadAtLeast(3'000'000), ReadEnd::kDone);
  EXPECT_THAT(client.received(), HasSubstr("nononono"));
  client.Reset();
  const JournalEntry entry = ended.Wait();
  EXPECT_EQ(entry.status, 429);
  EXPECT_FALSE(entry.answered);
}

// What a client got of a chunked answer so far, without its framing.
std::string Unchunked(std::string_view received) {
  std::string body;
  std::string_view rest = received.substr(received.find("\r\n\r\n") + 4);
  while (!rest.empty() && rest.find("\r\n") != rest.npos) {
    const std::size_t size =
        std::stoul(std::string(rest.substr(0, rest.find("\r\n"))), nullptr, 16);
    rest.remove_prefix(rest.find("\r\n") + 2);
    body += rest.substr(0, size);
    rest.remove_prefix(std::min(rest.size(), size + 2));
  }
  return body;
}

// Large ones are sent from where they are held, small ones repeated in memory first.
TEST(AnswerTest, AnEndlessBodyIsThatBodyAgainAndAgain) {
  for (const char* step :
       {R"("endless": true)", R"("fault": {"at": "after_head", "kind": "endless"})",
        R"("fault": {"at": "body", "body_bytes": 13000, "kind": "endless"})",
        R"("fault": {"at": "body", "body_bytes": 5, "kind": "endless"})"}) {
    for (const std::size_t size : {13'001u, 16'384u, 50'000u}) {
      const auto server =
          StartMock(OneLane(R"([{"bytes": )" + std::to_string(size) + ", " + step + "}]"));
      RawClient client(server->port());
      client.Send(Post(kKey));
      ASSERT_EQ(client.ReadAtLeast(200'000), ReadEnd::kDone);
      const std::string body = Unchunked(client.received());
      std::string expected;
      while (expected.size() < body.size()) expected += PatternBytes(size);
      expected.resize(body.size());
      EXPECT_TRUE(body == expected) << step << " of " << size << " bytes";
    }
  }
}

}  // namespace
}  // namespace keywalk::mock::testing
