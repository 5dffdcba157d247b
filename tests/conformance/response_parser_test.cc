// Goal: the suite's own client understands any response that HTTP/1.1 allows, however it is cut
// into pieces, and calls a response incomplete if it is. Method: whole texts, each pushed at once
// and byte by byte.
#include "conformance/response_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace keywalk::conformance {
namespace {

// The parser after all of `text`, given in pieces of `piece` bytes.
ResponseParser Parsed(std::string_view text, std::size_t piece, bool is_head = false) {
  ResponseParser parser(is_head);
  for (; !text.empty() && !parser.done() && !parser.failed();
       text.remove_prefix(std::min(piece, text.size()))) {
    parser.Push(text.substr(0, piece));
  }
  return parser;
}

class ResponseParserTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(ResponseParserTest, ContentLengthEndsTheBody) {
  auto parser = Parsed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello", GetParam());
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(parser.response().status, 200);
  EXPECT_EQ(parser.response().body, "hello");
  EXPECT_EQ(parser.response().headers.Find("x-a"), "b");
  EXPECT_TRUE(parser.response().complete);
}

TEST_P(ResponseParserTest, ChunksAndTrailersAreRead) {
  auto parser = Parsed(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;name=value\r\nhello\r\nA\r\n, world!!!\r\n0\r\nX-Trailer: t\r\n\r\n",
      GetParam());
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(parser.response().body, "hello, world!!!");
  EXPECT_EQ(parser.response().trailers.Find("X-Trailer"), "t");
}

TEST_P(ResponseParserTest, InterimResponsesAreSkipped) {
  auto parser = Parsed(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
      "HTTP/1.1 204 No Content\r\n\r\n",
      GetParam());
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(parser.response().status, 204);
  EXPECT_FALSE(parser.response().headers.Contains("Link"));
}

TEST_P(ResponseParserTest, HeadHasNoBody) {
  auto parser = Parsed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", GetParam(), true);
  EXPECT_TRUE(parser.done());
}

TEST_P(ResponseParserTest, WithoutFramingTheConnectionEndsTheBody) {
  auto parser = Parsed("HTTP/1.1 200 OK\r\n\r\nhello", GetParam());
  EXPECT_FALSE(parser.done());
  parser.PushEnd();
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(parser.response().body, "hello");
}

TEST_P(ResponseParserTest, AnEarlyEndIsIncomplete) {
  for (const std::string_view text :
       {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
    auto parser = Parsed(text, GetParam());
    parser.PushEnd();
    EXPECT_FALSE(parser.done()) << text;
    EXPECT_TRUE(parser.failed()) << text;
    EXPECT_FALSE(parser.response().complete) << text;
    EXPECT_EQ(parser.response().body, "hello") << text;
  }
}

TEST_P(ResponseParserTest, NonsenseIsAnError) {
  for (const std::string_view text :
       {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"}) {
    EXPECT_TRUE(Parsed(text, GetParam()).failed()) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Pieces, ResponseParserTest, ::testing::Values(1, 7, 100'000));

}  // namespace
}  // namespace keywalk::conformance
