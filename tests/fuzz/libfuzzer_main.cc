// What libFuzzer calls. keywalk-fuzz --target=NAME [LIBFUZZER OPTIONS] CORPUS...
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/fuzz/target.h"

namespace {

const keywalk::fuzz::Target* target = nullptr;

}  // namespace

// libFuzzer's own names and types. It leaves options that begin with "--" to us.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view kOption = "--target=";
  for (int i = 1; i < *argc; ++i) {
    const std::string_view argument = (*argv)[i];
    if (!argument.starts_with(kOption)) continue;
    target = keywalk::fuzz::FindTarget(argument.substr(kOption.size()));
  }
  if (target != nullptr) return 0;
  std::fputs("keywalk-fuzz: say --target=NAME, one of:", stderr);
  for (const keywalk::fuzz::Target& known : keywalk::fuzz::Targets()) {
    std::fprintf(stderr, " %s", known.name.data());
  }
  std::fputs("\n", stderr);
  std::exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  target->function({reinterpret_cast<const char*>(data), size});
  return 0;
}
