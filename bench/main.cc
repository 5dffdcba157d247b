// keywalk-bench: the benchmarks of this folder, with Google Benchmark's own command line.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include "bench/core_bench.h"

namespace {

// What glibc begins with. It would raise both limits to the largest block ever freed, and so let
// one benchmark decide whether the next one's memory is warm: the order is drawn at random.
void PinAllocator() {
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  mallopt(M_TRIM_THRESHOLD, 128 * 1024);
}

}  // namespace

int main(int argc, char** argv) {
  PinAllocator();
  keywalk::bench::RegisterCoreOperations();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
