// Times of the core's operations. They stand beside every upstream call, so they should cost
// nothing against it.
#include "bench/core_bench.h"

#include <benchmark/benchmark.h>

#include <memory>

#include "bench/core_operations.h"
#include "bench/measured_loop.h"

namespace keywalk::bench {
namespace {

// So many that neither the call of Run() nor the pause around Prepare() shows.
constexpr std::size_t kBatch = 1000;

void Measure(benchmark::State& state, const NamedOperation& named) {
  const std::unique_ptr<Operation> operation = named.make();
  if (operation->Prepare(kBatch)) {
    // Allocations are not reported: those of Prepare() would be among them.
    while (state.KeepRunningBatch(kBatch)) {
      operation->Run(kBatch);
      state.PauseTiming();
      operation->Prepare(kBatch);
      state.ResumeTiming();
    }
    return;
  }
  const AllocationReport allocations(state);
  while (state.KeepRunningBatch(kBatch)) operation->Run(kBatch);
}

}  // namespace

void RegisterCoreOperations() {
  for (NamedOperation& operation : CoreOperations()) {
    benchmark::RegisterBenchmark(
        operation.name.c_str(),
        [named = operation](benchmark::State& state) { Measure(state, named); });
  }
}

}  // namespace keywalk::bench
