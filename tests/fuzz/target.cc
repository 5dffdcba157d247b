#include "tests/fuzz/target.h"

#include <algorithm>

namespace keywalk::fuzz {

std::span<const Target> Targets() {
  static constexpr Target kTargets[] = {
      {"retry_after", &FuzzRetryAfter},   {"policy", &FuzzPolicy},
      {"proxy_config", &FuzzProxyConfig}, {"mock_script", &FuzzMockScript},
      {"fixture", &FuzzFixture},          {"adapter_reply", &FuzzAdapterReply},
      {"proxy_client", &FuzzProxyClient}, {"mock_client", &FuzzMockClient},
      {"upstream", &FuzzUpstream},
  };
  return kTargets;
}

const Target* FindTarget(std::string_view name) {
  const std::span<const Target> targets = Targets();
  const auto found = std::ranges::find(targets, name, &Target::name);
  return found == targets.end() ? nullptr : &*found;
}

}  // namespace keywalk::fuzz
