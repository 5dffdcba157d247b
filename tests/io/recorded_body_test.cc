// Goal: what was appended comes out in order and in full, whatever was expected.
#include "keywalk/recorded_body.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "tests/support/temp_dir.h"

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

// Else a few thousand clients that send a byte each would take all of the memory for bodies.
TEST(RecordedBodyTest, AByteOfUnknownLengthTakesLittle) {
  const auto memory = std::make_shared<BodyMemory>(BodyMemory::kUnlimited);
  RecordedBody body(0, memory);
  body.Append("x");
  EXPECT_LE(memory->used_bytes(), 4096u);
}

TEST(RecordedBodyTest, AShortBodyOfKnownLengthIsOneChunk) {
  RecordedBody body(1000);
  body.Append(std::string(600, 'a'));
  body.Append(std::string(400, 'b'));
  EXPECT_EQ(body.chunk_count(), 1u);
}

std::string Pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 256);
  return text;
}

std::string ReadBack(const RecordedBody& body) {
  RecordedBody::Reader reader(body);
  std::string all;
  while (true) {
    const auto bytes = reader.Next();
    EXPECT_TRUE(bytes.ok());
    if (!bytes || bytes->empty()) break;
    all += *bytes;
    EXPECT_EQ(reader.position(), all.size());
  }
  return all;
}

TEST(RecordedBodyTest, WhateverTheBudgetTheContentIsTheSame) {
  const std::string text = Pattern(300'000);
  for (const std::uint64_t budget : {0u, 1u, 65'536u, 131'072u, 299'999u, 300'000u, 400'000u}) {
    for (const std::uint64_t expected : {0u, 300'000u}) {
      const auto memory = std::make_shared<BodyMemory>(budget);
      RecordedBody body(expected, memory);
      for (std::size_t at = 0; at < text.size(); at += 7'777) {
        ASSERT_FALSE(body.Append(std::string_view(text).substr(at, 7'777)));
      }
      EXPECT_EQ(body.size(), text.size());
      EXPECT_LE(memory->used_bytes(), budget);
      EXPECT_TRUE(ReadBack(body) == text) << budget << " bytes, expected " << expected;
      EXPECT_TRUE(ReadBack(body) == text) << "a second time";
    }
  }
}

TEST(RecordedBodyTest, AReaderFollowsABodyThatGrowsIntoAFile) {
  RecordedBody body(0, std::make_shared<BodyMemory>(RecordedBody::kChunkBytes));
  RecordedBody::Reader reader(body);
  const std::string text = Pattern(200'000);
  std::string seen;
  for (std::size_t at = 0; at < text.size(); at += 10'000) {
    ASSERT_FALSE(body.Append(std::string_view(text).substr(at, 10'000)));
    if (at % 30'000 == 0) {  // what was just appended need not be read
      seen = text.substr(0, body.size());
      reader.Skip(body.size() - static_cast<std::size_t>(reader.position()));
    }
    for (auto bytes = reader.Next(); bytes.ok() && !bytes->empty(); bytes = reader.Next()) {
      seen += *bytes;
    }
    EXPECT_EQ(seen.size(), body.size());
  }
  EXPECT_TRUE(seen == text);
}

TEST(RecordedBodyTest, ItsFileHasNoName) {
  const testing::TempDir dir;
  RecordedBody body(0, std::make_shared<BodyMemory>(0, dir.path().string()));
  EXPECT_FALSE(body.Append(Pattern(100'000)));
  EXPECT_FALSE(body.in_memory());
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

TEST(RecordedBodyTest, AFolderThatIsMissingIsSaid) {
  RecordedBody body(10, std::make_shared<BodyMemory>(10, "/nowhere/at/all"));
  EXPECT_FALSE(body.Append("0123456789"));
  EXPECT_EQ(body.Append("x"), boost::system::errc::no_such_file_or_directory);
}

// A full disk, as far as a process can make itself one.
TEST(RecordedBodyDeathTest, AFileThatMayNotGrowIsSaid) {
  const auto append_beyond = [] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100'000, 100'000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) std::exit(2);
    RecordedBody body(0, std::make_shared<BodyMemory>(0));
    const std::string piece(60'000, 'x');
    if (body.Append(piece)) std::exit(3);
    std::exit(body.Append(piece).value() == EFBIG ? 0 : 4);
  };
  EXPECT_EXIT(append_beyond(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace keywalk
