// What every benchmark's report has beside the time: how often an operation allocates.
#ifndef KEYWALK_BENCH_MEASURED_LOOP_H_
#define KEYWALK_BENCH_MEASURED_LOOP_H_

#include <benchmark/benchmark.h>

#include "tests/core/allocation_counter.h"

namespace keywalk::bench {

// From its construction to its end, counts the calling thread's allocations (operator new) and
// reports them for one iteration, as the counter "allocs". Construct it after the preparation.
class AllocationReport {
 public:
  explicit AllocationReport(benchmark::State& state) noexcept : state_(state) {}
  ~AllocationReport() {
    const auto count = static_cast<double>(testing::AllocationCount() - before_);
    state_.counters["allocs"] = benchmark::Counter(count, benchmark::Counter::kAvgIterations);
  }
  AllocationReport(const AllocationReport&) = delete;
  AllocationReport& operator=(const AllocationReport&) = delete;

 private:
  benchmark::State& state_;
  const std::size_t before_ = testing::AllocationCount();
};

}  // namespace keywalk::bench

#endif  // KEYWALK_BENCH_MEASURED_LOOP_H_
