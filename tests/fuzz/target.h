// The fuzz targets: functions that take any bytes, and end the program if a property is broken.
#ifndef KEYWALK_TESTS_FUZZ_TARGET_H_
#define KEYWALK_TESTS_FUZZ_TARGET_H_

#include <span>
#include <string_view>

namespace keywalk::fuzz {

// Deterministic: the same bytes take the same way. Not safe for concurrent use.
using TargetFunction = void (*)(std::string_view input);

void FuzzRetryAfter(std::string_view input);
void FuzzPolicy(std::string_view input);
void FuzzProxyConfig(std::string_view input);
void FuzzMockScript(std::string_view input);
void FuzzFixture(std::string_view input);
void FuzzAdapterReply(std::string_view input);
void FuzzProxyClient(std::string_view input);
void FuzzMockClient(std::string_view input);
void FuzzUpstream(std::string_view input);

struct Target {
  std::string_view name;
  TargetFunction function;
};
std::span<const Target> Targets();
// Null if there is none of that name.
const Target* FindTarget(std::string_view name);

}  // namespace keywalk::fuzz

#endif  // KEYWALK_TESTS_FUZZ_TARGET_H_
