#include "proxy/redact.h"

#include <algorithm>
#include <array>
#include <span>

#include "keywalk/headers.h"
#include "keywalk/provider.h"
#include "proxy/percent_decode.h"

namespace keywalk::proxy {
namespace {

// Beside the providers' own.
constexpr std::array<std::string_view, 6> kSecretHeaders = {"Authorization", "Proxy-Authorization",
                                                            "X-Api-Key",     "X-Amz-Security-Token",
                                                            "Cookie",        "Set-Cookie"};
constexpr std::array<std::string_view, 20> kSecretParameters = {"key",
                                                                "api_key",
                                                                "api-key",
                                                                "apikey",
                                                                "x-api-key",
                                                                "x-goog-api-key",
                                                                "subscription-key",
                                                                "access_token",
                                                                "token",
                                                                "auth",
                                                                "signature",
                                                                "sig",
                                                                "secret",
                                                                "client_secret",
                                                                "password",
                                                                "code",
                                                                "credential",
                                                                "x-amz-signature",
                                                                "x-amz-credential",
                                                                "x-amz-security-token"};

bool IsAmong(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::any_of(
      names, [name](std::string_view other) { return EqualsIgnoreCase(name, other); });
}

// One `name=value` of a query.
std::string RedactParameter(std::string_view parameter) {
  const std::size_t equals = parameter.find('=');
  if (equals == parameter.npos) return std::string(parameter);
  const std::string_view name = parameter.substr(0, equals);
  if (!IsAmong(kSecretParameters, PercentDecode(name))) return std::string(parameter);
  return std::string(name) + "=" + MaskKey(parameter.substr(equals + 1));
}

}  // namespace

std::string RedactHeader(std::string_view name, std::string_view value) {
  if (!IsAmong(kSecretHeaders, name) && !IsAmong(CredentialHeaders(), name)) {
    return std::string(value);
  }
  // `Bearer` and its like are no secret, and tell one kind of credential from another.
  const bool has_scheme =
      EqualsIgnoreCase(name, "Authorization") || EqualsIgnoreCase(name, "Proxy-Authorization");
  const std::size_t space = value.find(' ');
  if (!has_scheme || space == value.npos) return MaskKey(value);
  return std::string(value.substr(0, space + 1)) + MaskKey(TrimWhitespace(value.substr(space)));
}

std::string RedactTarget(std::string_view target) {
  const std::size_t query = target.find('?');
  if (query == target.npos) return std::string(target);
  std::string redacted(target.substr(0, query + 1));
  target.remove_prefix(query + 1);
  while (true) {
    const std::size_t end = std::min(target.find_first_of("&;"), target.size());
    redacted += RedactParameter(target.substr(0, end));
    if (end == target.size()) return redacted;
    redacted += target[end];
    target.remove_prefix(end + 1);
  }
}

std::string Redactor::MaskCutOff(std::string_view text) const {
  std::string masked = masker_.Mask(text);
  for (const std::string& secret : secrets_) {
    for (std::size_t size = std::min(secret.size(), masked.size()); size > 0; --size) {
      if (!masked.ends_with(std::string_view(secret).substr(0, size))) continue;
      masked.resize(masked.size() - size);
      break;
    }
  }
  return masked;
}

}  // namespace keywalk::proxy
