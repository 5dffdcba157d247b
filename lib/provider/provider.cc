#include "keywalk/provider.h"

#include <array>

#include "provider/providers.h"

namespace keywalk {
namespace {

std::span<const Provider* const> Providers() noexcept {
  static const std::array<const Provider*, 3> kProviders{&OpenAiProvider(), &AnthropicProvider(),
                                                         &CopilotProvider()};
  return kProviders;
}

}  // namespace

std::span<const std::string_view> CredentialHeaders() noexcept {
  // Whatever any provider or a proxy before us may read a credential from.
  static constexpr std::array<std::string_view, 5> kNames{"Authorization", "X-Api-Key", "Api-Key",
                                                          "X-Goog-Api-Key", "Proxy-Authorization"};
  return kNames;
}

const Provider* FindProvider(std::string_view name) noexcept {
  for (const Provider* provider : Providers()) {
    if (provider->name() == name) return provider;
  }
  return nullptr;
}

std::vector<std::string_view> ProviderNames() {
  std::vector<std::string_view> names;
  for (const Provider* provider : Providers()) names.push_back(provider->name());
  return names;
}

}  // namespace keywalk
