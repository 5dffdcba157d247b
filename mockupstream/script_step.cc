#include "mockupstream/script_step.h"

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "mockupstream/provider_answers.h"
#include "mockupstream/script_fault.h"

namespace keywalk::mock {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr IntegerRange kStatusRange{200, 999};
constexpr IntegerRange kDelayRange{0, 1'000'000'000'000};
constexpr IntegerRange kTimesRange{1, 1'000'000'000};

// The server writes these itself, by the step's other members.
constexpr std::array<std::string_view, 2> kFramingFields{"Content-Length", "Transfer-Encoding"};

std::chrono::milliseconds ReadDelay(ObjectReader& object) {
  return std::chrono::milliseconds(object.Integer("delay_ms", 0, kDelayRange));
}

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

// `key`: an object of name to value, or to an array of values for a repeated field.
Headers ReadHeaders(ObjectReader& step, std::string_view key, JsonProblems& problems) {
  Headers headers;
  const json* object = step.Object(key);
  if (object == nullptr) return headers;
  for (const auto& [name, value] : object->items()) {
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

SseEvent ReadSseEvent(const json& value, std::string pointer, JsonProblems& problems) {
  SseEvent event;
  ObjectReader object(value, std::move(pointer), problems);
  event.event = object.String("event");
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

std::vector<SseEvent> ReadSse(ObjectReader& step, JsonProblems& problems) {
  std::vector<SseEvent> events;
  const json* array = step.Array("sse");
  if (array == nullptr) return events;
  if (array->empty()) step.Problem("sse", "needs at least one event");
  for (std::size_t i = 0; i < array->size(); ++i) {
    events.push_back(ReadSseEvent((*array)[i], JoinPointer(step.PointerTo("sse"), i), problems));
  }
  return events;
}

// The type that the content suggests, unless the step states one.
void AddContentType(const ObjectReader& object, ScriptStep& step) {
  if (step.headers.Contains("Content-Type")) return;
  if (!step.sse.empty()) {
    step.headers.Add("Content-Type", "text/event-stream");
  } else if (object.Has("json")) {
    step.headers.Add("Content-Type", "application/json");
  } else if (object.Has("text")) {
    step.headers.Add("Content-Type", "text/plain; charset=utf-8");
  }
}

// What no answer can satisfy together.
void CheckCombinations(const ScriptStep& step, ObjectReader& object) {
  for (const std::string_view key : {"status", "json", "text", "base64", "bytes", "sse"}) {
    if (step.respond && object.Has(key)) object.Problem(key, "is given by \"respond\"");
  }
  const bool has_body = step.body != nullptr && !step.body->empty();
  if (!step.sse.empty() && step.body != nullptr) {
    object.Problem("sse", "is the body: give no other content beside it");
  }
  if (!step.trailers.empty() && !step.chunked && step.sse.empty()) {
    object.Problem("trailers", "need \"chunked\": true");
  }
  if (step.endless && !has_body) {
    object.Problem("endless", "needs a content to repeat");
  }
  if (step.endless && !step.trailers.empty()) {
    object.Problem("trailers", "never come after an endless body");
  }
  if ((step.status == 204 || step.status == 304) && (has_body || !step.sse.empty())) {
    object.Problem("status", "an answer of this status has no body (RFC 9110 section 6.4.1)");
  }
}

}  // namespace

ScriptStep ReadStep(const json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  ScriptStep step;
  step.status = static_cast<int>(object.Integer("status", 200, kStatusRange));
  step.headers = ReadHeaders(object, "headers", problems);
  if (std::optional<std::string> content = ReadContent(object)) {
    step.body = std::make_shared<const std::string>(std::move(*content));
  }
  step.sse = ReadSse(object, problems);
  if (const json* respond = object.Value("respond")) {
    step.respond = std::make_shared<const AnswerSpec>(
        ReadAnswerSpec(*respond, object.PointerTo("respond"), problems));
  }
  step.delay = ReadDelay(object);
  step.chunked = object.Boolean("chunked", false);
  step.trailers = ReadHeaders(object, "trailers", problems);
  step.early = object.Boolean("early", false);
  step.endless = object.Boolean("endless", false);
  step.times = static_cast<std::size_t>(object.Integer("times", 1, kTimesRange));
  if (const json* fault = object.Object("fault")) {
    step.fault = ReadFault(*fault, object.PointerTo("fault"), problems);
  }
  AddContentType(object, step);
  CheckCombinations(step, object);
  object.Finish();
  return step;
}

}  // namespace keywalk::mock
