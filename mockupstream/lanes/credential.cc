#include "mockupstream/lanes/credential.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>

namespace keywalk::mock {
namespace {

constexpr std::array<std::string_view, 3> kKeyFields{"x-api-key", "api-key", "x-goog-api-key"};

// The token of "Bearer TOKEN"; empty for another scheme.
std::string_view BearerToken(std::string_view value) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!EqualsIgnoreCase(value.substr(0, kScheme.size()), kScheme)) return {};
  return TrimWhitespace(value.substr(kScheme.size()));
}

// How the names of fields end that hold a credential, of whatever provider.
constexpr std::array<std::string_view, 6> kSecretEndings{
    "authorization", "api-key", "subscription-key", "-token", "-secret", "cookie"};
constexpr std::array<std::string_view, 4> kSecretParameters{"key", "api_key", "access_token",
                                                            "token"};

bool HoldsCredential(std::string_view name) {
  return std::any_of(kSecretEndings.begin(), kSecretEndings.end(), [name](std::string_view ending) {
    return name.size() >= ending.size() &&
           EqualsIgnoreCase(name.substr(name.size() - ending.size()), ending);
  });
}

bool IsSecretParameter(std::string_view name) {
  return std::any_of(kSecretParameters.begin(), kSecretParameters.end(),
                     [name](std::string_view known) { return EqualsIgnoreCase(name, known); });
}

// Calls `see(name, value)` with each parameter of the target's query, as it stands there, until
// that returns true.
template <typename See>
void ForEachParameter(std::string_view target, See see) {
  const std::size_t mark = target.find('?');
  if (mark == target.npos) return;
  std::string_view query = target.substr(mark + 1);
  query = query.substr(0, query.find('#'));
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    const std::size_t equals = pair.find('=');
    const std::string_view value = pair.substr(equals == pair.npos ? pair.size() : equals + 1);
    if (see(pair.substr(0, equals), value)) return;
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
  }
}

}  // namespace

std::string_view QueryParameter(std::string_view target, std::string_view name) {
  std::string_view found;
  ForEachParameter(target, [&](std::string_view each, std::string_view value) {
    if (each == name) found = value;
    return each == name;
  });
  return found;
}

std::string PercentDecode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    if (text[i] == '%' && text.size() - i > 2) {
      const char* const digits = text.data() + i + 1;
      if (std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
        decoded += static_cast<char>(byte);
        i += 2;
        continue;
      }
    }
    decoded += text[i];
  }
  return decoded;
}

std::string FindCredential(const Headers& headers, std::string_view target) {
  if (const std::optional<std::string_view> value = headers.Find("Authorization")) {
    const std::string_view token = BearerToken(*value);
    if (!token.empty()) return std::string(token);
  }
  for (const std::string_view field : kKeyFields) {
    const std::optional<std::string_view> value = headers.Find(field);
    if (value && !value->empty()) return std::string(*value);
  }
  return PercentDecode(QueryParameter(target, "key"));
}

std::vector<std::string> AllCredentials(const Headers& headers, std::string_view target) {
  std::vector<std::string> credentials;
  for (const Headers::Field field : headers) {
    if (!HoldsCredential(field.name)) continue;
    // Of "Bearer KEY" the key is the secret; of anything else, all of it.
    const std::string_view token = BearerToken(field.value);
    credentials.emplace_back(token.empty() ? field.value : token);
  }
  ForEachParameter(target, [&](std::string_view name, std::string_view value) {
    if (value.empty() || !IsSecretParameter(PercentDecode(name))) return false;
    credentials.emplace_back(value);
    credentials.push_back(PercentDecode(value));
    return false;
  });
  return credentials;
}

}  // namespace keywalk::mock
