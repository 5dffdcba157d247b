// Goal: the budget holds whoever takes when, and what is given back is used again.
// Method: blocks taken one by one, and by several threads at once (TSan looks on).
#include "keywalk/body_memory.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace keywalk {
namespace {

constexpr std::size_t kBlock = BodyMemory::kBlockBytes;

TEST(BodyMemoryTest, NothingIsGivenBeyondTheBudget) {
  BodyMemory memory(2 * kBlock);
  std::optional<BodyMemory::Block> first = memory.Take(kBlock);
  const BodyMemory::Block second = memory.Take(kBlock - 1);
  EXPECT_TRUE(*first && second);
  EXPECT_EQ(first->capacity(), kBlock);
  EXPECT_EQ(memory.used_bytes(), 2 * kBlock - 1);
  EXPECT_FALSE(memory.Take(2));
  const BodyMemory::Block last = memory.Take(1);
  EXPECT_TRUE(last);
  first.reset();
  EXPECT_EQ(memory.used_bytes(), kBlock);
  EXPECT_TRUE(memory.Take(kBlock));
}

TEST(BodyMemoryTest, WithoutABudgetNothingIsGiven) { EXPECT_FALSE(BodyMemory(0).Take(1)); }

TEST(BodyMemoryTest, WholeBlocksAreUsedAgain) {
  BodyMemory memory(BodyMemory::kUnlimited);
  const char* where = nullptr;
  {
    const BodyMemory::Block block = memory.Take(kBlock);
    where = block.data();
  }
  const auto other = std::make_unique<char[]>(kBlock);  // would get it, had it been freed
  EXPECT_EQ(memory.Take(kBlock).data(), where);
}

TEST(BodyMemoryTest, ABlockIsReturnedOnceWhereverItIsMoved) {
  BodyMemory memory(BodyMemory::kUnlimited);
  BodyMemory::Block block = memory.Take(10);
  BodyMemory::Block other = std::move(block);
  block = memory.Take(20);
  EXPECT_EQ(memory.used_bytes(), 30u);
  other = std::move(block);
  block = {};
  EXPECT_EQ(other.capacity(), 20u);
  EXPECT_EQ(memory.used_bytes(), 20u) << "the one that was replaced is given back";
}

TEST(BodyMemoryTest, ThreadsShareTheBudget) {
  BodyMemory memory(8 * kBlock);
  std::atomic<bool> beyond{false};
  const auto work = [&memory, &beyond](char mark) {
    for (int round = 0; round < 500; ++round) {
      std::vector<BodyMemory::Block> held;
      for (int i = 0; i < 4; ++i) {
        BodyMemory::Block block = memory.Take(i % 2 == 0 ? kBlock : 100);
        if (!block) break;
        std::memset(block.data(), mark, 100);
        held.push_back(std::move(block));
      }
      for (const BodyMemory::Block& block : held) {
        if (block.data()[0] != mark || block.data()[99] != mark) beyond = true;
      }
    }
  };
  std::vector<std::thread> threads;
  for (char mark = 'a'; mark < 'e'; ++mark) threads.emplace_back(work, mark);
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(beyond) << "two held one block";
  EXPECT_EQ(memory.used_bytes(), 0u);
}

}  // namespace
}  // namespace keywalk
