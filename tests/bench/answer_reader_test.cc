// Goal: the load generator knows where an answer ends, whatever its framing and however it arrives.
// Method: answers byte by byte and at once; what is no answer has to be noticed.

#include "bench/peers/answer_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace keywalk::bench {
namespace {

using State = AnswerReader::State;

// Byte by byte: complete at the last one, and not before.
void ExpectCompleteAtLastByte(AnswerReader& reader, std::string_view answer) {
  for (std::size_t i = 0; i < answer.size(); ++i) {
    const State expected = i + 1 < answer.size() ? State::kMore : State::kComplete;
    ASSERT_EQ(reader.Feed(answer.substr(i, 1)), expected) << "after " << answer.substr(0, i + 1);
  }
}

TEST(AnswerReaderTest, EndsWithItsContentLength) {
  AnswerReader reader;
  ExpectCompleteAtLastByte(reader, "HTTP/1.1 403 Forbidden\r\ncontent-LENGTH: 5\r\n\r\nabcde");
  EXPECT_EQ(reader.status(), 403);
  EXPECT_EQ(reader.body_bytes(), 5u);
  EXPECT_FALSE(reader.closes());
}

TEST(AnswerReaderTest, EndsWithItsHeadIfThereIsNoBody) {
  for (const char* answer : {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                             "HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n"}) {
    AnswerReader reader;
    ExpectCompleteAtLastByte(reader, answer);
    EXPECT_EQ(reader.body_bytes(), 0u);
  }
}

TEST(AnswerReaderTest, EndsWithItsLastChunkAndTrailers) {
  AnswerReader reader;
  ExpectCompleteAtLastByte(reader,
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "3\r\nabc\r\nA;name=value\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n");
  EXPECT_EQ(reader.body_bytes(), 13u);
}

TEST(AnswerReaderTest, TakesAllAtOnce) {
  AnswerReader reader;
  EXPECT_EQ(reader.Feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"),
            State::kComplete);
  reader.Reset();
  EXPECT_EQ(reader.Feed("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nab"), State::kComplete);
  EXPECT_EQ(reader.status(), 201);
  EXPECT_EQ(reader.body_bytes(), 2u);
}

TEST(AnswerReaderTest, TakesOneOfSeveralAnswersAndItsBody) {
  const std::string first =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
  const std::string second = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nbc";
  const std::string both = first + second;
  std::string body;
  const auto on_body = [&body](std::string_view piece) { body.append(piece); };
  AnswerReader reader;
  std::string_view bytes = both;
  EXPECT_EQ(reader.Take(bytes, on_body), State::kComplete);
  EXPECT_EQ(bytes, second);
  reader.Reset();
  EXPECT_EQ(reader.Take(bytes, on_body), State::kComplete);
  EXPECT_EQ(bytes, "");
  EXPECT_EQ(body, "abc");
  reader.Reset();
  EXPECT_EQ(reader.Feed(both), State::kBroken) << "what was not asked for";
}

TEST(AnswerReaderTest, PassesOverInterimAnswers) {
  AnswerReader reader;
  ExpectCompleteAtLastByte(
      reader, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
  EXPECT_EQ(reader.status(), 200);
}

TEST(AnswerReaderTest, EndsWithTheConnectionIfNothingElseSaysSo) {
  AnswerReader reader;
  EXPECT_EQ(reader.Feed("HTTP/1.1 200 OK\r\n\r\nabc"), State::kMore);
  EXPECT_TRUE(reader.closes());
  EXPECT_EQ(reader.End(), State::kComplete);
  EXPECT_EQ(reader.body_bytes(), 3u);
}

TEST(AnswerReaderTest, NoticesAnEndThatComesTooEarly) {
  AnswerReader reader;
  EXPECT_EQ(reader.End(), State::kBroken);
  EXPECT_EQ(reader.Feed("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"), State::kMore);
  EXPECT_EQ(reader.End(), State::kBroken);
}

TEST(AnswerReaderTest, NoticesThatTheServerCloses) {
  AnswerReader reader;
  EXPECT_EQ(reader.Feed("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
            State::kComplete);
  EXPECT_TRUE(reader.closes());
}

TEST(AnswerReaderTest, RefusesWhatIsNoAnswer) {
  for (const char* bytes :
       {"SSH-2.0-x\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nno field\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        // Nobody asked for a second one.
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1"}) {
    AnswerReader reader;
    EXPECT_EQ(reader.Feed(bytes), State::kBroken) << bytes;
  }
}

}  // namespace
}  // namespace keywalk::bench
