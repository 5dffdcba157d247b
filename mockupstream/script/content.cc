// Content: the bytes of a body, as scripts and fixtures write them (fixtures/README.md).

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "mockupstream/script/base64.h"
#include "mockupstream/script/script.h"

namespace keywalk::mock {
namespace {

// More would be a mistake: a script is held in memory, and so is every body in it.
constexpr std::int64_t kMaxPatternBytes = std::int64_t{1024} * 1024 * 1024;

}  // namespace

std::string PatternBytes(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 31 + i / 256) % 256);
  return bytes;
}

std::optional<std::string> ReadContent(config::ObjectReader& object) {
  constexpr std::array<std::string_view, 4> kKinds{"json", "text", "base64", "bytes"};
  std::string_view first;
  for (const std::string_view kind : kKinds) {
    if (!object.Has(kind)) continue;
    if (first.empty()) {
      first = kind;
    } else {
      object.Problem(
          kind, "a body has one content only, and \"" + std::string(first) + "\" is given already");
    }
  }
  // Every kind is asked for, so that none counts as unknown.
  const nlohmann::json* json = object.Value("json");
  std::string text = object.String("text");
  const std::string base64 = object.String("base64");
  const std::int64_t bytes = object.Integer("bytes", 0, {0, kMaxPatternBytes});

  if (first.empty()) return std::nullopt;
  if (first == "json") return json->dump();
  if (first == "text") return text;
  if (first == "bytes") return PatternBytes(static_cast<std::size_t>(bytes));
  std::optional<std::string> decoded = DecodeBase64(base64);
  if (!decoded) object.Problem("base64", "expected base64 (RFC 4648 section 4, with padding)");
  return decoded;
}

}  // namespace keywalk::mock
