// Goal: SPEC pool/6 and concurrency/: any number of threads share a pool without a lock.
// Method: threads released by one barrier work on the same keys, round after round; what must hold
// in every interleaving is asserted. Run it with KEYWALK_SANITIZE=thread, too.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <functional>
#include <thread>

#include "keywalk/key_pool.h"

namespace keywalk {
namespace {

using namespace std::chrono_literals;

constexpr int kThreads = 8;
constexpr int kRounds = 200;

// Runs `body(thread, round)` in all threads at once, with `between(round)` before every round.
void RunRounds(const std::function<void(int)>& between, const std::function<void(int, int)>& body) {
  std::barrier gate(kThreads + 1);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&gate, &body, thread] {
      for (int round = 0; round < kRounds; ++round) {
        gate.arrive_and_wait();
        body(thread, round);
        gate.arrive_and_wait();
      }
    });
  }
  for (int round = 0; round < kRounds; ++round) {
    between(round);
    gate.arrive_and_wait();
    gate.arrive_and_wait();
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(KeyPoolConcurrencyTest, Pool6ManyTemporaryMarksMakeOneTransition) {
  const auto pool = KeyPool::Create({"k0"}).value();
  std::vector<std::atomic<int>> transitions(kRounds);
  RunRounds([](int) {},
            [&](int thread, int round) {
              // Each round begins after the last one's cooldowns ended.
              const Instant now{std::chrono::hours(round)};
              const Duration cooldown = std::chrono::seconds(1 + thread);
              transitions[round] += pool->MarkTemporary(0, cooldown, MarkReason::kRateLimited, now);
            });
  for (int round = 0; round < kRounds; ++round) {
    ASSERT_EQ(transitions[round], 1) << "round " << round;
  }
  const Instant last{std::chrono::hours(kRounds - 1)};
  EXPECT_EQ(pool->cooldown_left(0, last), std::chrono::seconds(kThreads)) << "the latest deadline";
}

TEST(KeyPoolConcurrencyTest, Pool6ManyPermanentMarksMakeOneTransition) {
  std::shared_ptr<KeyPool> pool;
  std::atomic<int> transitions = 0;
  RunRounds([&](int) { pool = KeyPool::Create({"k0"}).value(); },
            [&](int, int) {
              pool->MarkTemporary(0, 5s, MarkReason::kRateLimited, Instant());
              transitions += pool->MarkPermanent(0);
              EXPECT_EQ(pool->state(0, Instant()), KeyState::kPermanent) << "terminal at once";
            });
  EXPECT_EQ(transitions, kRounds);
}

TEST(KeyPoolConcurrencyTest, Pool6WalksAndMarksInterleaveFreely) {
  constexpr std::size_t kKeys = 16;
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < kKeys; ++i) keys.push_back("k" + std::to_string(i));
  std::shared_ptr<KeyPool> pool;
  std::vector<std::atomic<int>> transitions(kKeys);
  RunRounds(
      [&](int round) {
        for (std::atomic<int>& count : transitions) {
          ASSERT_EQ(count.exchange(0), round == 0 ? 0 : 1) << "every key cooled exactly once";
        }
        pool = KeyPool::Create(keys).value();
      },
      [&](int, int) {
        Walk walk(*pool);
        std::optional<KeyIndex> before;
        while (const std::optional<KeyIndex> key = walk.Next(Instant())) {
          EXPECT_TRUE(!before || *before < *key) << "a walk only moves forward";
          before = key;
          transitions[*key] += pool->MarkTemporary(*key, 3s, MarkReason::kRateLimited, Instant());
        }
        const Exhaustion exhaustion = pool->exhaustion(Instant());
        EXPECT_EQ(exhaustion.kind, Exhaustion::Kind::kRateLimited);
        EXPECT_EQ(exhaustion.retry_after, 3s) << "all keys were seen or marked by someone";
      });
}

}  // namespace
}  // namespace keywalk
