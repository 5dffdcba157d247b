// Goal: what an adapter prints is answered for in words, however it is nested or misspelt.
// Method: lines by hand; what many of them have in common is tests/fuzz/adapter_reply_target.cc's.
#include "conformance/adapter_reply.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace keywalk::conformance {
namespace {

std::string Nested(std::size_t levels) {
  return R"({"seq": 7, "pools": {"p0": {"base_url": "x", "body": )" + std::string(levels, '[') +
         std::string(levels, ']') + "}}}";
}

TEST(AdapterReplyTest, ADocumentNestedWithoutEndIsRefusedBeforeItIsCopied) {
  const Result<nlohmann::json> reply = ParseReply(Nested(200'000), 7);
  ASSERT_FALSE(reply.ok());
  EXPECT_NE(reply.error().message().find("levels deep"), std::string::npos)
      << reply.error().message();
  EXPECT_TRUE(ParseReply(Nested(20), 7).ok());
}

TEST(AdapterReplyTest, OnlyTheReplyToThisCommandIsTaken) {
  EXPECT_TRUE(ParseReply(R"({"seq": 7})", 7).ok());
  for (const char* line : {R"({"seq": 8})", R"({"seq": "7"})", R"({"seq": 7.5})", "{}", "[7]", "7",
                           "", "Traceback (most recent call last):"}) {
    EXPECT_FALSE(ParseReply(line, 7).ok()) << line;
  }
}

TEST(AdapterReplyTest, ADuplicateMemberIsNamed) {
  const Result<nlohmann::json> reply = ParseReply(R"({"seq": 7, "states": [], "states": []})", 7);
  ASSERT_FALSE(reply.ok());
  EXPECT_NE(reply.error().message().find("/states: duplicate"), std::string::npos)
      << reply.error().message();
}

}  // namespace
}  // namespace keywalk::conformance
