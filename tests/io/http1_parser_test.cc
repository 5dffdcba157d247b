// Goal: heads, bodies and trailers come out as sent, however the bytes are cut; what could be read
// in two ways is refused. Method: whole messages fed in one piece and byte by byte.
#include "io/http1_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace keywalk::io {
namespace {

struct Parsed {
  error_code code;
  std::string body;
  std::size_t consumed = 0;
};

// Feeds `input` in pieces of `step` bytes, as a reader with one buffer would.
Parsed Feed(Http1Parser& parser, std::string_view input, std::size_t step) {
  Parsed parsed;
  std::string buffer;
  std::size_t given = 0;
  while (!parser.done()) {
    const Http1Parser::Progress progress = parser.Put(buffer);
    parsed.body.append(progress.body);
    parsed.consumed += progress.consumed;
    buffer.erase(0, progress.consumed);
    if (progress.code) {
      parsed.code = progress.code;
      break;
    }
    if (!progress.need_more && !buffer.empty()) continue;
    if (parser.done() || given == input.size()) break;
    const std::string_view piece = input.substr(given, step);
    buffer.append(piece);
    given += piece.size();
  }
  return parsed;
}

class Http1ParserTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(Http1ParserTest, RequestWithLength) {
  Http1Parser parser(Http1Parser::Role::kRequest, 8192);
  const std::string text =
      "POST /v1/chat?x=1 HTTP/1.1\r\nHost: a\r\nX-Two: 1\r\nX-Two: 2\r\nContent-Length: "
      "5\r\n\r\nhello";
  const Parsed parsed = Feed(parser, text + "GET ", GetParam());
  EXPECT_FALSE(parsed.code) << parsed.code.message();
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(parsed.body, "hello");
  EXPECT_EQ(parsed.consumed, text.size()) << "what follows belongs to the next message";
  EXPECT_EQ(parser.head().method, "POST");
  EXPECT_EQ(parser.head().target, "/v1/chat?x=1");
  EXPECT_EQ(parser.head().headers.size(), 4u);
  EXPECT_EQ(parser.head().content_length, 5u);
}

TEST_P(Http1ParserTest, ChunkedResponseWithTrailers) {
  Http1Parser parser(Http1Parser::Role::kResponse, 8192);
  const Parsed parsed = Feed(parser,
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "3;ext=1\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n",
                             GetParam());
  EXPECT_FALSE(parsed.code) << parsed.code.message();
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(parsed.body, "abcdefg");
  EXPECT_EQ(parser.trailers().Find("X-Sum"), "7");
  EXPECT_FALSE(parser.head().headers.Contains("X-Sum"));
}

// Byte by byte its last chunk once ended the process.
TEST_P(Http1ParserTest, EmptyChunkedBody) {
  for (const std::string last :
       {"0\r\n\r\n", "0\r\nX-Sum: 7\r\n\r\n", "00\r\n\r\n", "0;a\r\n\r\n"}) {
    Http1Parser parser(Http1Parser::Role::kRequest, 8192);
    const std::string text =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + last;
    const Parsed parsed = Feed(parser, text + "GET ", GetParam());
    EXPECT_FALSE(parsed.code) << parsed.code.message();
    EXPECT_TRUE(parser.done()) << last;
    EXPECT_EQ(parsed.body, "");
    EXPECT_EQ(parsed.consumed, text.size());
  }
}

TEST_P(Http1ParserTest, ChunksThatLookLikeTheLastOne) {
  Http1Parser parser(Http1Parser::Role::kResponse, 8192);
  const Parsed parsed = Feed(parser,
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "4\r\n0\r\nx\r\n0\r\n\r\n",
                             GetParam());
  EXPECT_FALSE(parsed.code) << parsed.code.message();
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(parsed.body, "0\r\nx");
}

TEST_P(Http1ParserTest, ResponseUntilClose) {
  Http1Parser parser(Http1Parser::Role::kResponse, 8192);
  const Parsed parsed = Feed(parser, "HTTP/1.0 200 OK\r\n\r\nall of it", GetParam());
  EXPECT_EQ(parsed.body, "all of it");
  EXPECT_FALSE(parser.done());
  EXPECT_TRUE(parser.needs_eof());
  EXPECT_FALSE(parser.PutEof().code);
  EXPECT_TRUE(parser.done());
}

TEST_P(Http1ParserTest, HeadOverTheLimitIsRefusedHoweverItComes) {
  Http1Parser parser(Http1Parser::Role::kRequest, 4096);
  std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
  while (text.size() < 6000) text += "X-Pad: 0123456789\r\n";
  const Parsed parsed = Feed(parser, text, GetParam());
  EXPECT_TRUE(IsHeaderLimit(parsed.code)) << parsed.code.message();
}

TEST_P(Http1ParserTest, AmbiguousFramingIsRefused) {
  for (const char* fields : {
           "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
           "Content-Length: 5\r\nContent-Length: 6\r\n",
           "Content-Length: 5\r\nContent-Length: 5\r\n",
           "Content-Length: +5\r\n",
           "Content-Length: 5, 5\r\n",
           "Transfer-Encoding: gzip, chunked\r\n",
           "Transfer-Encoding: identity\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "X : space before the colon\r\n",
           "Bare: line feed\n",
           "Folded: line\r\n with more\r\n",
       }) {
    Http1Parser parser(Http1Parser::Role::kRequest, 8192);
    const Parsed parsed = Feed(
        parser, std::string("POST / HTTP/1.1\r\nHost: a\r\n") + fields + "\r\nhello", GetParam());
    // Cut into pieces, a bare line feed may also look like a head that has not ended yet.
    EXPECT_TRUE(parsed.code || !parser.head_done()) << fields;
  }
}

TEST_P(Http1ParserTest, AmbiguousChunksAreRefused) {
  for (const char* body : {
           "5;a=\"\nb\"\r\nhello\r\n0\r\n\r\n",
           "5\r\nhello\r\n0\r\nA: b\nC: d\r\n\r\n",
           "5\r\nhello\r\n0\r\nA: b\r\n c\r\n\r\n",
       }) {
    Http1Parser parser(Http1Parser::Role::kRequest, 8192);
    const Parsed parsed =
        Feed(parser,
             std::string("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n") + body,
             GetParam());
    EXPECT_TRUE(parsed.code) << body;
  }
}

TEST_P(Http1ParserTest, ChunksThatAreMostlyExtensionAreRefused) {
  Http1Parser parser(Http1Parser::Role::kRequest, 4096);
  std::string text = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  while (text.size() < 8000) text += "1;extension=" + std::string(500, 'x') + "\r\na\r\n";
  EXPECT_TRUE(Feed(parser, text + "0\r\n\r\n", GetParam()).code);
}

TEST_P(Http1ParserTest, ManySmallChunksAreRead) {
  Http1Parser parser(Http1Parser::Role::kRequest, 4096);
  std::string text = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 3000; ++i) text += "1\r\na\r\n";
  const Parsed parsed = Feed(parser, text + "0\r\n\r\n", GetParam());
  EXPECT_FALSE(parsed.code) << parsed.code.message();
  EXPECT_EQ(parsed.body, std::string(3000, 'a'));
}

INSTANTIATE_TEST_SUITE_P(Steps, Http1ParserTest, ::testing::Values(1, 7, 100'000));

TEST(Http1ParserTest, LastChunkThatIsCutMayBeSeenTwice) {
  const std::string_view head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string_view end : {"0\r\n\r\n", "00\r\n\r\n", "0\r\nA: b\r\n\r\n"}) {
    Http1Parser parser(Http1Parser::Role::kRequest, 8192);
    EXPECT_EQ(parser.Put(head).consumed, head.size());
    for (std::size_t size = 0; size < end.size(); ++size) {
      for (int time = 0; time < 2; ++time) {
        const Http1Parser::Progress progress = parser.Put(end.substr(0, size));
        EXPECT_TRUE(progress.need_more && !progress.code) << end << size;
      }
    }
    EXPECT_EQ(parser.Put(end).consumed, end.size());
    EXPECT_TRUE(parser.done());
  }
}

TEST(Http1ParserTest, ResponseToHeadHasNoBody) {
  Http1Parser parser(Http1Parser::Role::kResponse, 8192);
  parser.Start(true);
  const Parsed parsed = Feed(parser, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", 100);
  EXPECT_FALSE(parsed.code);
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(parser.head().content_length, 99u);
}

}  // namespace
}  // namespace keywalk::io
