// The files of fixtures/policies/ as they were when this library was built.
#ifndef KEYWALK_CONFIG_BUILTIN_POLICIES_H_
#define KEYWALK_CONFIG_BUILTIN_POLICIES_H_

#include <span>
#include <string_view>

namespace keywalk::config {

struct BuiltinPolicy {
  std::string_view name;
  std::string_view json;
};

// In the order of lib/config/CMakeLists.txt; the first is the default. Immutable, never destroyed.
std::span<const BuiltinPolicy> BuiltinPolicies() noexcept;

}  // namespace keywalk::config

#endif  // KEYWALK_CONFIG_BUILTIN_POLICIES_H_
