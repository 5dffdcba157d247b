// Goal: what a walk costs and how it treats marks made while it is under way (SPEC walk/).
// Method: marks between two calls of Next; operator new is counted (see allocation_counter.h).
#include <gtest/gtest.h>

#include "keywalk/key_pool.h"
#include "tests/core/allocation_counter.h"

namespace keywalk {
namespace {

using namespace std::chrono_literals;

constexpr Instant At(Duration since_zero) { return Instant(since_zero); }

std::shared_ptr<KeyPool> PoolOf(std::size_t count) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < count; ++i) keys.push_back("k" + std::to_string(i));
  return KeyPool::Create(std::move(keys)).value();
}

TEST(WalkTest, AskingForTheNextKeyAllocatesNothing) {
  const auto pool = PoolOf(1000);
  for (KeyIndex key = 0; key < 999; ++key) {
    pool->MarkTemporary(key, 5s, MarkReason::kRateLimited, At(0s));
  }
  const std::size_t before = testing::AllocationCount();
  Walk walk(*pool);
  const std::optional<KeyIndex> last = walk.Next(At(1s));
  const std::optional<KeyIndex> none = walk.Next(At(1s));
  const Exhaustion exhaustion = pool->exhaustion(At(1s));
  pool->MarkTemporary(0, 9s, MarkReason::kRateLimited, At(1s));
  pool->MarkPermanent(1);
  EXPECT_EQ(testing::AllocationCount(), before);
  EXPECT_EQ(last, KeyIndex{999});
  EXPECT_EQ(none, std::nullopt);
  EXPECT_EQ(exhaustion.kind, Exhaustion::Kind::kRateLimited);
}

TEST(WalkTest, TheAllocationCounterCounts) {
  const std::size_t before = testing::AllocationCount();
  const auto pool = PoolOf(2);
  EXPECT_GT(testing::AllocationCount(), before);
}

TEST(WalkTest, AnotherWalksMarkIsSeenAtOnce) {
  const auto pool = PoolOf(3);
  Walk first(*pool);
  Walk second(*pool);
  EXPECT_EQ(first.Next(At(0s)), KeyIndex{0});
  EXPECT_EQ(second.Next(At(0s)), KeyIndex{0});
  pool->MarkTemporary(1, 5s, MarkReason::kRateLimited, At(0s));
  EXPECT_EQ(first.Next(At(0s)), KeyIndex{2});
  EXPECT_EQ(second.Next(At(0s)), KeyIndex{2});
}

TEST(WalkTest, AKeyAheadThatRecoversIsUsedOneBehindIsNot) {
  const auto pool = PoolOf(3);
  pool->MarkTemporary(0, 1s, MarkReason::kRateLimited, At(0s));
  pool->MarkTemporary(2, 1s, MarkReason::kRateLimited, At(0s));
  Walk walk(*pool);
  EXPECT_EQ(walk.Next(At(0s)), KeyIndex{1});
  EXPECT_EQ(walk.Next(At(1s)), KeyIndex{2});
  EXPECT_EQ(walk.Next(At(1s)), std::nullopt) << "k0 is valid again but behind";
  EXPECT_EQ(pool->exhaustion(At(1s)).retry_after, 0s);
  EXPECT_EQ(walk.attempts(), 2u);
}

TEST(WalkTest, AFinishedWalkStaysFinished) {
  const auto pool = PoolOf(1);
  pool->MarkTemporary(0, 1s, MarkReason::kRateLimited, At(0s));
  Walk walk(*pool);
  EXPECT_EQ(walk.Next(At(0s)), std::nullopt);
  EXPECT_EQ(walk.Next(At(5s)), std::nullopt);
  EXPECT_EQ(walk.attempts(), 0u);
}

}  // namespace
}  // namespace keywalk
