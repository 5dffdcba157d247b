// Goal: bytes are due at their rate, whatever the waits between them were in fact.
// Method: a clock made of numbers.

#include <gtest/gtest.h>

#include "mockupstream/serve/pace.h"

namespace keywalk::mock {
namespace {

using std::chrono::milliseconds;

constexpr Pace::TimePoint kStart{std::chrono::hours(1)};

TEST(PaceTest, BytesAreDueAtTheRate) {
  Pace pace(100);
  EXPECT_EQ(pace.Take(5, kStart), milliseconds(50));
  EXPECT_EQ(pace.Take(1, kStart), milliseconds(60)) << "after those before";
  EXPECT_EQ(pace.Take(4, kStart + milliseconds(70)), milliseconds(30));
}

TEST(PaceTest, WhatIsOverdueIsNotWaitedForAndMadeUp) {
  Pace pace(1000);
  EXPECT_EQ(pace.Take(10, kStart), milliseconds(10));
  EXPECT_EQ(pace.Take(10, kStart + milliseconds(25)), milliseconds(0));
  EXPECT_EQ(pace.Take(10, kStart + milliseconds(25)), milliseconds(5));
}

TEST(PaceTest, NeitherLargeNorSmallNumbersOverflow) {
  Pace slow(1);
  EXPECT_EQ(slow.Take(1ull << 40, kStart), std::chrono::seconds(1ll << 40));
  Pace fast(1'000'000'000);
  EXPECT_EQ(fast.Take(1ull << 40, kStart), milliseconds(1'099'511));
}

TEST(PaceTest, PiecesAreSmallEnoughToComeEvenly) {
  EXPECT_EQ(Pace(1).piece(), 1u);
  EXPECT_EQ(Pace(1000).piece(), 20u);
  EXPECT_EQ(Pace(1'000'000'000).piece(), 64u * 1024);
}

}  // namespace
}  // namespace keywalk::mock
