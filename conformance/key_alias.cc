#include "conformance/key_alias.h"

#include <cstddef>
#include <nlohmann/json.hpp>

#include "keywalk/provider.h"
#include "keywalk/secret.h"

namespace keywalk::conformance {
namespace {

using nlohmann::json;

// A hint shows four bytes in a row; so many are no chance.
constexpr std::size_t kLeakBytes = 8;

void ReplaceAll(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos;) {
    text.replace(at, what.size(), by);
    at += by.size();
  }
}

void SubstituteText(std::string& text, const Secrets& secrets) {
  for (const auto& [alias, secret] : secrets) {
    ReplaceAll(text, "{" + alias + "}", secret);
    ReplaceAll(text, "{" + alias + ":hint}", MaskKey(secret));
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
  for (const std::string& token : test_case.setup.client_tokens) secrets[token] = token;
  return secrets;
}

void SubstituteSecrets(json& value, const Secrets& secrets) {
  if (value.is_string()) {
    SubstituteText(value.get_ref<std::string&>(), secrets);
  } else if (value.is_structured()) {
    for (json& member : value) SubstituteSecrets(member, secrets);
  }
}

std::string FindLeak(std::string_view text, const Secrets& secrets) {
  for (const auto& [alias, secret] : secrets) {
    if (secret.size() >= kLeakBytes && text.find(secret) != std::string_view::npos) return alias;
  }
  for (const auto& [alias, secret] : secrets) {
    for (std::size_t at = 0; at + kLeakBytes <= secret.size(); ++at) {
      const std::string_view part = std::string_view(secret).substr(at, kLeakBytes);
      if (text.find(part) != std::string_view::npos) return alias;
    }
  }
  return "";
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
