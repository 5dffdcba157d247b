// The core's operations by name, each written once: keywalk-bench measures their time
// (core_bench.cc), keywalk-instructions counts their instructions (instructions_main.cc).
//
// Not safe for concurrent use.
#ifndef KEYWALK_BENCH_CORE_OPERATIONS_H_
#define KEYWALK_BENCH_CORE_OPERATIONS_H_

#include <benchmark/benchmark.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace keywalk::bench {

// An operation with all that it needs prepared.
class Operation {
 public:
  Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  virtual ~Operation() = default;

  // What has to be made anew before Run(times), and is not part of the operation. False if that is
  // nothing, ever.
  virtual bool Prepare(std::size_t times) {
    static_cast<void>(times);
    return false;
  }

  // Does it that often. The loop is in here, so that the call through the interface is shared.
  virtual void Run(std::size_t times) = 0;
};

struct NamedOperation {
  std::string name;  // "area/operation", which is also its name in a report
  std::function<std::unique_ptr<Operation>()> make;
};

// An operation that is a function object with its state; what it returns counts as used.
template <typename Function>
class RepeatedOperation final : public Operation {
 public:
  explicit RepeatedOperation(Function function) : function_(std::move(function)) {}

  void Run(std::size_t times) override {
    for (std::size_t i = 0; i < times; ++i) benchmark::DoNotOptimize(function_());
  }

 private:
  Function function_;
};

template <typename Function>
std::unique_ptr<Operation> Repeat(Function function) {
  return std::make_unique<RepeatedOperation<Function>>(std::move(function));
}

std::vector<NamedOperation> PoolOperations();        // asking for keys, marking them
std::vector<NamedOperation> RetryAfterOperations();  // each form of a hint
std::vector<NamedOperation> PolicyOperations();      // verdicts on responses
std::vector<NamedOperation> RequestOperations();     // headers of an attempt, whole walks

// All of these.
std::vector<NamedOperation> CoreOperations();

}  // namespace keywalk::bench

#endif  // KEYWALK_BENCH_CORE_OPERATIONS_H_
