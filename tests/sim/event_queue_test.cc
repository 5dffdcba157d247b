// Goal: events come by time, tie-break and age, whatever the order in which they were pushed.
// Method: small hand-made queues, and a long drawn one beside a stable sort.
#include "sim/engine/event_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/random/uniform_int_distribution.hpp>
#include <vector>

#include "sim/engine/random.h"

namespace keywalk::sim {
namespace {

using ::testing::ElementsAre;

Instant At(int ms) { return Instant(std::chrono::milliseconds(ms)); }

std::vector<int> PopAll(EventQueue<int>& queue) {
  std::vector<int> popped;
  while (!queue.empty()) popped.push_back(queue.Pop().payload);
  return popped;
}

TEST(EventQueueTest, EarlierComesFirst) {
  EventQueue<int> queue;
  queue.Push(At(3), 3);
  queue.Push(At(1), 1);
  queue.Push(At(2), 2);
  EXPECT_EQ(queue.Peek().at, At(1));
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_THAT(PopAll(queue), ElementsAre(1, 2, 3));
}

TEST(EventQueueTest, AtOneInstantTheOlderComesFirst) {
  EventQueue<int> queue;
  for (int i = 0; i < 10; ++i) queue.Push(At(5), i);
  EXPECT_THAT(PopAll(queue), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST(EventQueueTest, ATieBreakGoesBeforeAge) {
  EventQueue<int> queue;
  queue.Push(At(5), 1, 9);
  queue.Push(At(5), 2, 3);
  queue.Push(At(5), 3, 3);
  EXPECT_THAT(PopAll(queue), ElementsAre(2, 3, 1));
}

TEST(EventQueueTest, ALongRunIsAStableSort) {
  struct Pushed {
    Instant at;
    int number;
  };
  EventQueue<int> queue;
  std::vector<Pushed> pushed;
  std::vector<int> popped;
  RandomEngine engine(7);
  boost::random::uniform_int_distribution<int> times(0, 50);
  for (int i = 0; i < 2000; ++i) {
    pushed.push_back({At(times(engine)), i});
    queue.Push(pushed.back().at, i);
  }
  std::ranges::stable_sort(pushed, {}, &Pushed::at);
  std::vector<int> expected;
  for (const Pushed& event : pushed) expected.push_back(event.number);
  EXPECT_EQ(PopAll(queue), expected);
}

TEST(RandomEngineTest, StreamsDifferAndRepeat) {
  RandomEngine a = EngineFor(1, Stream::kAttempt, 5, 0);
  RandomEngine b = EngineFor(1, Stream::kAttempt, 5, 1);
  RandomEngine c = EngineFor(2, Stream::kAttempt, 5, 0);
  RandomEngine d = EngineFor(1, Stream::kRequest, 5, 0);
  const std::uint64_t first = a();
  EXPECT_NE(first, b());
  EXPECT_NE(first, c());
  EXPECT_NE(first, d());
  EXPECT_EQ(first, EngineFor(1, Stream::kAttempt, 5, 0)());
}

}  // namespace
}  // namespace keywalk::sim
