// Which targets a client may name, and what the upstream is then asked for (SPEC proxy/1, 11).
// Tables of targets; the pure functions only.
#include "proxy/path_join.h"

#include <gtest/gtest.h>

#include <string>

namespace keywalk::proxy {
namespace {

class ConfinedTargetTest : public ::testing::TestWithParam<const char*> {};

TEST_P(ConfinedTargetTest, IsRefused) {
  const Result<RequestTarget> parsed = ParseTarget(GetParam());
  EXPECT_FALSE(parsed.ok()) << "path " << parsed->path;
}

INSTANTIATE_TEST_SUITE_P(
    PathJoinTest, ConfinedTargetTest,
    ::testing::Values("/..", "/../x", "/a/../../x", "/a/..", "/a/../b",           // plain
                      "/%2e%2e/x", "/%2E%2e/x", "/.%2e/x", "/%2e./x",             // encoded dots
                      "/a%2f..%2fb", "/a%2F%2e%2e", "/a/..%2fb",                  // encoded slash
                      "/a\\..\\b", "/a/..\\b", "/a%5c..%5cb", "/a/%2e%2e%5Cb",    // backslash
                      "/%252e%252e/x", "/a%252f%252e%252e", "/%25252e%25252e/x",  // encoded again
                      "/..;/x", "/a/..;v=1/x", "/%2e%2e;/x",                      // parameters
                      "*", "", "api.example.com:443", "x/y",                      // other forms
                      "http://user@example.com/x", "http://u:p@example.com/x",    // userinfo
                      "http://example.com/../x", "http://example.com",            // absolute
                      "ftp://example.com/x", "http:///x", "javascript:alert(1)", "/a b", "/a\tb",
                      "/a\r\nX: y", "/a#fragment", "/a\x7f", "/\xc3\xa9"));

class FreeTargetTest : public ::testing::TestWithParam<const char*> {};

TEST_P(FreeTargetTest, IsKeptAsItIs) {
  const std::string target = GetParam();
  const Result<RequestTarget> parsed = ParseTarget(target);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message();
  EXPECT_EQ(std::string(parsed->path) + std::string(parsed->query), target);
  EXPECT_TRUE(parsed->authority.empty());
}

INSTANTIATE_TEST_SUITE_P(PathJoinTest, FreeTargetTest,
                         ::testing::Values("/", "/v1/chat/completions", "/v1/a.b..c/...", "/a/./b",
                                           "/models/gpt%2D4", "/a%2fb", "/a?x=../..", "/a?",
                                           "/a//b", "/a%zz", "/a%", "/a?b?c=%2e%2e&d=\"e\"",
                                           "/v1beta/models/m:generateContent"));

TEST(PathJoinTest, AbsoluteFormGivesItsAuthority) {
  const Result<RequestTarget> parsed = ParseTarget("http://api.example.com:8080/v1/x?y=1");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->authority, "api.example.com:8080");
  EXPECT_EQ(parsed->path, "/v1/x");
  EXPECT_EQ(parsed->query, "?y=1");
}

TEST(PathJoinTest, PrefixEndsAtASegment) {
  EXPECT_EQ(StripPrefix("/openai/v1", "/openai"), "/v1");
  EXPECT_EQ(StripPrefix("/openai", "/openai"), "");
  EXPECT_EQ(StripPrefix("/anything", ""), "/anything");
  EXPECT_EQ(StripPrefix("/openai2/v1", "/openai"), std::nullopt);
  EXPECT_EQ(StripPrefix("/OpenAI/v1", "/openai"), std::nullopt);
}

std::string Joined(std::string_view base, std::string_view rest, std::string_view query = "") {
  const Result<std::string> joined = JoinTarget(base, rest, query);
  return joined ? *joined : "refused";
}

TEST(PathJoinTest, BasePathComesFirstAndTheQueryStays) {
  EXPECT_EQ(Joined("/v1", "/chat/completions"), "/v1/chat/completions");
  EXPECT_EQ(Joined("", "/chat"), "/chat");
  EXPECT_EQ(Joined("/v1", ""), "/v1");
  EXPECT_EQ(Joined("/v1", "/"), "/v1/");
  EXPECT_EQ(Joined("", ""), "/");
  EXPECT_EQ(Joined("", "", "?a=1"), "/?a=1");
  EXPECT_EQ(Joined("/v1", "/x", "?a=%20&b=c/d?"), "/v1/x?a=%20&b=c/d?");
}

TEST(PathJoinTest, NothingThatReadsAsAHostIsSent) {
  EXPECT_EQ(Joined("", "//evil.example/x"), "refused");
  EXPECT_EQ(Joined("", "/\\evil.example/x"), "refused");
  EXPECT_EQ(Joined("/v1", "//evil.example/x"), "/v1//evil.example/x");
}

}  // namespace
}  // namespace keywalk::proxy
