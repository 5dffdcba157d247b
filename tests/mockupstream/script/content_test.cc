// Goal: the four contents give the bytes that fixtures/README.md promises.
// Method: scripts with one step; the strict base64 decoder by the vectors of RFC 4648 section 10.

#include <gtest/gtest.h>

#include <string>

#include "mockupstream/script/base64.h"
#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock {
namespace {

std::string BodyOf(const std::string& content) {
  const Script script =
      testing::Parse(R"({"schema_version": "1.0", "default_lane": [{)" + content + "}]}");
  return *script.default_lane.value().steps.at(0).body;
}

TEST(ContentTest, JsonIsCompact) {
  EXPECT_EQ(BodyOf(R"("json": {"b": [1, 2.5], "a": null})"), R"({"a":null,"b":[1,2.5]})");
}

TEST(ContentTest, TextIsItself) { EXPECT_EQ(BodyOf(R"("text": "a\nb\u00e9")"), "a\nb\xc3\xa9"); }

TEST(ContentTest, Base64IsDecoded) {
  EXPECT_EQ(BodyOf(R"("base64": "AP9hDQo=")"), std::string("\0\xff\x61\r\n", 5));
}

TEST(ContentTest, BytesFollowThePattern) {
  const std::string bytes = BodyOf(R"("bytes": 1000)");
  ASSERT_EQ(bytes.size(), 1000u);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    ASSERT_EQ(static_cast<unsigned char>(bytes[i]), (i * 31 + i / 256) % 256) << i;
  }
}

TEST(Base64Test, DecodesTheStandardsVectors) {
  EXPECT_EQ(DecodeBase64(""), "");
  EXPECT_EQ(DecodeBase64("Zg=="), "f");
  EXPECT_EQ(DecodeBase64("Zm8="), "fo");
  EXPECT_EQ(DecodeBase64("Zm9v"), "foo");
  EXPECT_EQ(DecodeBase64("Zm9vYg=="), "foob");
  EXPECT_EQ(DecodeBase64("Zm9vYmE="), "fooba");
  EXPECT_EQ(DecodeBase64("Zm9vYmFy"), "foobar");
}

TEST(Base64Test, EncodesWhatItDecodes) {
  for (const char* text : {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "AP9hDQo=", "//79+w=="}) {
    EXPECT_EQ(EncodeBase64(DecodeBase64(text).value()), text);
  }
}

TEST(Base64Test, RefusesEverythingElse) {
  for (const char* text :
       {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zm 9", "Zm9v\n", "Zm-_", "Zg==Zg=="}) {
    EXPECT_EQ(DecodeBase64(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace keywalk::mock
