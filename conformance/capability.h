// What an implementation may declare in its `hello`: one name per thing that good gateways may
// lack.
#ifndef KEYWALK_CONFORMANCE_CAPABILITY_H_
#define KEYWALK_CONFORMANCE_CAPABILITY_H_

#include <span>
#include <string_view>

namespace keywalk::conformance {

// All of them, in the order of the documentation.
std::span<const std::string_view> KnownCapabilities() noexcept;
bool IsKnownCapability(std::string_view name) noexcept;

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_CAPABILITY_H_
