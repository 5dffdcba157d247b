// keywalk-instructions: every operation of the core, once warm and once inside MeasureOperation(),
// for Callgrind to count the instructions of the latter. Repeatable where times are not.
//
//   keywalk-instructions            runs them; prints "NAME TIMES" for each call, in order
//   keywalk-instructions --build    prints what the counts depend on, beside the source
//
// See instructions.py, which runs this program and compares the counts.
#include <gnu/libc-version.h>

#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include "bench/core_operations.h"

namespace {

// Enough to make what a loop costs once invisible, and few enough to be quick under Callgrind.
constexpr std::size_t kTimes = 200;

std::string BuildName() {
#if defined(__clang__)
  const std::string compiler = "clang " + std::to_string(__clang_major__);
#else
  const std::string compiler = "gcc " + std::to_string(__GNUC__);
#endif
#if defined(__x86_64__)
  // The C library copies and compares by what the processor has.
  const std::string architecture =
      __builtin_cpu_supports("avx2") != 0 ? "x86_64 with avx2" : "x86_64";
#elif defined(__aarch64__)
  const std::string architecture = "aarch64";
#else
  const std::string architecture = "another architecture";
#endif
  return compiler + ", glibc " + gnu_get_libc_version() + ", " + architecture + ", " +
         KEYWALK_BUILD_FLAGS;
}

}  // namespace

// Callgrind collects while this runs. No parameter but these, and C linkage: it is named in the
// command line of instructions.py.
extern "C" [[gnu::noinline]] void MeasureOperation(keywalk::bench::Operation* operation,
                                                   std::size_t times) {
  operation->Run(times);
}

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--build") {
    std::cout << BuildName() << '\n';
    return 0;
  }
  if (argc != 1) {
    std::cerr << "usage: keywalk-instructions [--build]\n";
    return 2;
  }
  for (const keywalk::bench::NamedOperation& named : keywalk::bench::CoreOperations()) {
    const std::unique_ptr<keywalk::bench::Operation> operation = named.make();
    // The first run resolves symbols and fills the allocator's lists.
    operation->Prepare(kTimes);
    operation->Run(kTimes);
    operation->Prepare(kTimes);
    MeasureOperation(operation.get(), kTimes);
    std::cout << named.name << ' ' << kTimes << '\n';
  }
  return 0;
}
