#include "mockupstream/credential.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>

#include "keywalk/secret.h"

namespace keywalk::mock {
namespace {

constexpr std::array<std::string_view, 3> kKeyFields{"x-api-key", "api-key", "x-goog-api-key"};

// The token of "Bearer TOKEN"; empty for another scheme.
std::string_view BearerToken(std::string_view value) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!EqualsIgnoreCase(value.substr(0, kScheme.size()), kScheme)) return {};
  return TrimWhitespace(value.substr(kScheme.size()));
}

bool HoldsCredential(std::string_view name) {
  for (const std::string_view field : kKeyFields) {
    if (EqualsIgnoreCase(name, field)) return true;
  }
  return EqualsIgnoreCase(name, "Authorization") || EqualsIgnoreCase(name, "Proxy-Authorization") ||
         EqualsIgnoreCase(name, "Cookie");
}

}  // namespace

std::string_view QueryParameter(std::string_view target, std::string_view name) {
  const std::size_t mark = target.find('?');
  if (mark == target.npos) return {};
  std::string_view query = target.substr(mark + 1);
  query = query.substr(0, query.find('#'));
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) == name) {
      return equals == pair.npos ? pair.substr(pair.size()) : pair.substr(equals + 1);
    }
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
  }
  return {};
}

std::string ShownName(std::string_view name) {
  constexpr std::size_t kShort = 12;  // no provider's key is
  constexpr std::size_t kLongWord = 32;
  const bool word = name.size() <= kLongWord && std::all_of(name.begin(), name.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || c == '_';
                    });
  const bool plain = name.size() <= kShort && name.find_first_of("/~\"\\") == name.npos;
  return word || plain ? std::string(name) : MaskKey(name);
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
  const std::string_view parameter = QueryParameter(target, "key");
  if (!parameter.empty()) {
    credentials.emplace_back(parameter);
    credentials.push_back(PercentDecode(parameter));
  }
  return credentials;
}

}  // namespace keywalk::mock
