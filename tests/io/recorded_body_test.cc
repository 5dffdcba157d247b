// Goal: what was appended comes out in order and in full, whatever was expected.
#include "keywalk/recorded_body.h"

#include <gtest/gtest.h>

#include <string>

namespace keywalk {
namespace {

std::string Joined(const RecordedBody& body) {
  std::string all;
  for (std::size_t i = 0; i < body.chunk_count(); ++i) {
    EXPECT_FALSE(body.chunk(i).empty());
    all += body.chunk(i);
  }
  return all;
}

TEST(RecordedBodyTest, KeepsEveryByteWhateverWasExpected) {
  std::string text(200'000, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 31 + i / 256);
  for (const std::uint64_t expected : {0u, 10u, 200'000u, 900'000u}) {
    RecordedBody body(expected);
    for (std::size_t at = 0; at < text.size(); at += 7'777) {
      body.Append(std::string_view(text).substr(at, 7'777));
    }
    EXPECT_EQ(body.size(), text.size());
    EXPECT_TRUE(Joined(body) == text) << "expected " << expected;
  }
}

TEST(RecordedBodyTest, EmptyHasNoChunks) {
  RecordedBody body;
  body.Append("");
  EXPECT_EQ(body.size(), 0u);
  EXPECT_EQ(body.chunk_count(), 0u);
}

TEST(RecordedBodyTest, AShortBodyOfKnownLengthIsOneChunk) {
  RecordedBody body(1000);
  body.Append(std::string(600, 'a'));
  body.Append(std::string(400, 'b'));
  EXPECT_EQ(body.chunk_count(), 1u);
}

}  // namespace
}  // namespace keywalk
