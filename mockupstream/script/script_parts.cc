#include "mockupstream/script/script_parts.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace keywalk::mock {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr IntegerRange kDelayRange{0, 1'000'000'000'000};

// The server writes these itself, by the step's other members.
constexpr std::array<std::string_view, 2> kFramingFields{"Content-Length", "Transfer-Encoding"};

void AddField(Headers& headers, std::string_view name, const json& value,
              const std::string& pointer, JsonProblems& problems) {
  if (!value.is_string()) {
    problems.Add(pointer, "expected a string, or an array of strings");
  } else if (!IsValidHeaderValue(value.get_ref<const std::string&>())) {
    problems.Add(pointer, "a header value holds no CR, LF or NUL");
  } else {
    headers.Add(name, value.get_ref<const std::string&>());
  }
}

}  // namespace

std::chrono::milliseconds ReadDelay(ObjectReader& object) {
  return std::chrono::milliseconds(object.Integer("delay_ms", 0, kDelayRange));
}

Headers ReadHeaders(ObjectReader& step, std::string_view key, JsonProblems& problems) {
  Headers headers;
  const json* object = step.Object(key);
  if (object == nullptr) return headers;
  for (const auto& [name, value] : object->items()) {
    if (problems.IsComment(name, value)) continue;
    const std::string pointer = JoinPointer(step.PointerTo(key), name);
    if (!IsValidHeaderName(name)) {
      problems.Add(pointer, "is not a header name (RFC 9110 section 5.6.2)");
      continue;
    }
    for (const std::string_view framing : kFramingFields) {
      if (EqualsIgnoreCase(name, framing)) problems.Add(pointer, "is set by the server");
    }
    if (!value.is_array()) {
      AddField(headers, name, value, pointer, problems);
      continue;
    }
    for (std::size_t i = 0; i < value.size(); ++i) {
      AddField(headers, name, value[i], JoinPointer(pointer, i), problems);
    }
  }
  return headers;
}

SseEvent ReadSseEvent(const json& value, std::string pointer, JsonProblems& problems,
                      std::string_view default_name) {
  SseEvent event;
  ObjectReader object(value, std::move(pointer), problems);
  event.event = object.String("event", default_name);
  if (event.event.find_first_of("\r\n") != std::string::npos) {
    object.Problem("event", "is one line");
  }
  const json* data = object.Value("data");  // a string as it is, any other value as JSON
  if (data == nullptr) {
    if (value.is_object()) object.Problem("data", "is required");
  } else {
    event.data = data->is_string() ? data->get<std::string>() : data->dump();
  }
  if (event.data.find('\r') != std::string::npos) {
    object.Problem("data", "holds a carriage return, which would end a line");
  }
  event.delay = ReadDelay(object);
  object.Finish();
  return event;
}

}  // namespace keywalk::mock
