#include "mockupstream/script/script_names.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "keywalk/headers.h"
#include "mockupstream/script/edit_distance.h"

namespace keywalk::mock {
namespace {

// The members of all objects of fixtures/schema/mock_script.schema.json, sorted; a test compares.
constexpr std::array<std::string_view, 61> kNames{"$comment",
                                                  "$schema",
                                                  "answer",
                                                  "at",
                                                  "at_end",
                                                  "base64",
                                                  "body_bytes",
                                                  "burst",
                                                  "bytes",
                                                  "bytes_per_second",
                                                  "chaos",
                                                  "chunked",
                                                  "clock_starts_at",
                                                  "connections",
                                                  "content_length",
                                                  "count",
                                                  "data",
                                                  "default_lane",
                                                  "delay_ms",
                                                  "draws",
                                                  "early",
                                                  "endless",
                                                  "error_event",
                                                  "event",
                                                  "fault",
                                                  "from_ms",
                                                  "headers",
                                                  "interim",
                                                  "json",
                                                  "kind",
                                                  "lanes",
                                                  "limit",
                                                  "limits",
                                                  "match",
                                                  "method",
                                                  "model",
                                                  "name",
                                                  "organisation",
                                                  "organisations",
                                                  "outages",
                                                  "path",
                                                  "per",
                                                  "per_ms",
                                                  "probability",
                                                  "provider",
                                                  "query",
                                                  "respond",
                                                  "retry_after_ms",
                                                  "revoked_at_ms",
                                                  "routes",
                                                  "schema_version",
                                                  "seed",
                                                  "sse",
                                                  "status",
                                                  "steps",
                                                  "text",
                                                  "then",
                                                  "times",
                                                  "to_ms",
                                                  "trailers",
                                                  "within"};

// Header fields that errors are about: the server sets them.
constexpr std::array<std::string_view, 2> kFields{"Content-Length", "Transfer-Encoding"};

constexpr std::size_t kMinMisspelt = 4;
constexpr std::size_t kMaxMisspelt = 24;
constexpr std::size_t kMaxDistance = 2;
// So much of a name has to be right: a short one is near to many.
constexpr std::size_t kLettersPerMistake = 3;
// As many as an index can have here; a key of digits is longer.
constexpr std::size_t kMaxIndexDigits = 7;

bool IsIndex(std::string_view parent, std::string_view name) {
  return !parent.empty() && name.size() <= kMaxIndexDigits &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsMisspelt(std::string_view name) {
  if (name.size() < kMinMisspelt || name.size() > kMaxMisspelt) return false;
  const std::size_t allowed = std::min(kMaxDistance, name.size() / kLettersPerMistake);
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view known) {
    return known.size() >= kMinMisspelt && EditDistance(name, known) <= allowed;
  });
}

}  // namespace

bool MayShowScriptName(std::string_view parent, std::string_view name) {
  if (parent == "lanes" || parent == "organisations") return name == "$comment";
  if (std::binary_search(kNames.begin(), kNames.end(), name)) return true;
  for (const std::string_view field : kFields) {
    if (EqualsIgnoreCase(name, field)) return true;
  }
  return IsIndex(parent, name) || IsMisspelt(name);
}

}  // namespace keywalk::mock
