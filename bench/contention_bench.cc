// What threads that share a pool cost each other. Asking only reads, so that two threads should
// answer twice as often as one; marks of one key have to take turns.
//
// Real time, because a thread that waits for a cache line burns its own processor time.
#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>

#include "bench/bench_samples.h"
#include "keywalk/key_pool.h"

namespace keywalk::bench {
namespace {

using namespace std::chrono_literals;

void ContendedNextKey(benchmark::State& state) {
  static const std::shared_ptr<KeyPool> kPool = PoolOf(10);
  for (auto _ : state) {
    Walk walk(*kPool);
    benchmark::DoNotOptimize(walk.Next(kNow));
  }
  state.SetItemsProcessed(state.iterations());
}

// The usual mixture: everyone asks, and now and then someone is refused.
void ContendedNextKeyWithMarks(benchmark::State& state) {
  static const std::shared_ptr<KeyPool> kPool = PoolOf(10);
  Instant now = kNow;
  int requests = 0;
  for (auto _ : state) {
    now += 1us;
    Walk walk(*kPool);
    const auto key = walk.Next(now);
    if (++requests % 100 == 0 && key) {
      kPool->MarkTemporary(*key, 2us, MarkReason::kRateLimited, now);
    }
    benchmark::DoNotOptimize(key);
  }
  state.SetItemsProcessed(state.iterations());
}

// The worst: all threads extend the cooldown of one key, at every turn.
void ContendedMarkTemporary(benchmark::State& state) {
  static const std::shared_ptr<KeyPool> kPool = PoolOf(1);
  Instant now = kNow + kPool->cooldown_left(0, kNow);  // later than any run before
  for (auto _ : state) {
    now += 1us;
    benchmark::DoNotOptimize(kPool->MarkTemporary(0, 60s, MarkReason::kRateLimited, now));
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(ContendedNextKey)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(ContendedNextKeyWithMarks)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(ContendedMarkTemporary)->Threads(1)->Threads(2)->UseRealTime();

}  // namespace
}  // namespace keywalk::bench
