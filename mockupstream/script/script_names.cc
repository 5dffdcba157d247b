#include "mockupstream/script/script_names.h"

#include <array>

#include "keywalk/headers.h"
#include "mockupstream/script/known_names.h"

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

}  // namespace

bool MayShowScriptName(std::string_view parent, std::string_view name) {
  if (parent == "lanes" || parent == "organisations") return name == "$comment";
  for (const std::string_view field : kFields) {
    if (EqualsIgnoreCase(name, field)) return true;
  }
  return IsArrayIndex(parent, name) || IsNearName(name, kNames);
}

}  // namespace keywalk::mock
