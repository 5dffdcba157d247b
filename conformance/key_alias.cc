#include "conformance/key_alias.h"

#include <cstddef>
#include <nlohmann/json.hpp>

#include "keywalk/provider.h"

namespace keywalk::conformance {
namespace {

using nlohmann::json;

void SubstituteText(std::string& text, const Secrets& secrets) {
  for (const auto& [alias, secret] : secrets) {
    const std::string placeholder = "{" + alias + "}";
    for (std::size_t at = 0; (at = text.find(placeholder, at)) != std::string::npos;) {
      text.replace(at, placeholder.size(), secret);
      at += secret.size();
    }
  }
}

}  // namespace

Secrets AliasesAsSecrets(const Case& test_case) {
  Secrets secrets;
  for (const std::string& key : test_case.keys) secrets[key] = key;
  for (const auto& [alias, lane] : test_case.lanes) {
    if (alias != "default") secrets[alias] = alias;
  }
  for (const CaseRequest& request : test_case.requests) {
    if (!request.byok.empty()) secrets[request.byok] = request.byok;
  }
  return secrets;
}

void SubstituteSecrets(json& value, const Secrets& secrets) {
  if (value.is_string()) {
    SubstituteText(value.get_ref<std::string&>(), secrets);
  } else if (value.is_structured()) {
    for (json& member : value) SubstituteSecrets(member, secrets);
  }
}

void AddClientKey(Headers& headers, std::string_view provider, std::string_view secret) {
  if (provider == "anthropic") {
    headers.Add("X-Api-Key", secret);
  } else {
    headers.Add("Authorization", "Bearer " + std::string(secret));
  }
}

std::string ClientAlias(const CaseRequest& request, const Secrets& secrets) {
  if (!request.byok.empty()) return request.byok;
  for (const std::string_view name : CredentialHeaders()) {
    const std::string_view value = request.headers.Find(name).value_or("");
    for (const auto& [alias, secret] : secrets) {
      if (value.ends_with(secret)) return alias;
    }
  }
  return "";
}

}  // namespace keywalk::conformance
