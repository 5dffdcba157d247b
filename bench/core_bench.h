#ifndef KEYWALK_BENCH_CORE_BENCH_H_
#define KEYWALK_BENCH_CORE_BENCH_H_

namespace keywalk::bench {

// Adds a benchmark for each of CoreOperations(). To be called once, before they are run.
void RegisterCoreOperations();

}  // namespace keywalk::bench

#endif  // KEYWALK_BENCH_CORE_BENCH_H_
