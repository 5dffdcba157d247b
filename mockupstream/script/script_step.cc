#include "mockupstream/script/script_step.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "mockupstream/answers/provider_answers.h"
#include "mockupstream/script/script_fault.h"
#include "mockupstream/script/script_parts.h"
#include "mockupstream/script/sse.h"

namespace keywalk::mock {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr IntegerRange kStatusRange{200, 999};
constexpr IntegerRange kTimesRange{1, 1'000'000'000};

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
void AddContentType(ObjectReader& object, ScriptStep& step) {
  if (step.headers.Contains("Content-Type")) return;
  if (!step.sse.empty()) {
    step.headers.Add("Content-Type", "text/event-stream");
  } else if (object.Has("json")) {
    step.headers.Add("Content-Type", "application/json");
  } else if (object.Has("text")) {
    step.headers.Add("Content-Type", "text/plain; charset=utf-8");
  }
}

// Bytes of the answer's body; its content is not rendered.
std::uint64_t BodyBytes(const ScriptStep& step) {
  std::uint64_t bytes = step.body ? step.body->size() : 0;
  for (const SseEvent& event : step.sse) bytes += EncodeSse(event).size();
  return bytes;
}

// A fault behind the end of a known content would never be reached.
void CheckReach(const ScriptStep& step, const Fault& fault, ObjectReader& object) {
  if (fault.at == Fault::At::kSseEvent && !step.sse.empty() && fault.event > step.sse.size()) {
    object.Problem("fault",
                   "would never fire: the number of events is " + std::to_string(step.sse.size()));
  }
  if (fault.at == Fault::At::kSseEvent && fault.within && fault.event == step.sse.size()) {
    object.Problem("fault", "would never fire: \"within\" the place behind the last event is none");
  }
  if (fault.at != Fault::At::kBody || step.endless) return;
  if (const std::uint64_t bytes = BodyBytes(step); fault.body_bytes > bytes) {
    object.Problem("fault", "would never fire: the body has " + std::to_string(bytes) + " bytes");
  }
}

// What a fault and its step cannot both be. `rendered`: the body is made when it is asked for.
void CheckFault(const ScriptStep& step, const Fault& fault, bool rendered, ObjectReader& object) {
  if (fault.at == Fault::At::kSseEvent && step.sse.empty() && !rendered) {
    object.Problem("fault", "\"at\": \"sse_event\" needs \"sse\"");
  }
  if (!rendered) CheckReach(step, fault, object);
  if (step.early && IsInRequest(fault.at)) {
    object.Problem("early", "the request is read afterwards: no fault comes before the answer");
  }
  if (fault.kind != Fault::Kind::kWrongContentLength) return;
  if (step.chunked || step.endless) {
    object.Problem("fault", "a body of chunks states no length that could be wrong");
  }
  const std::uint64_t length = step.body ? step.body->size() : 0;
  if (step.sse.empty() && !rendered && length == fault.content_length) {
    object.Problem("fault", "is no fault: that is the body's length");
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

ScriptStep ReadStepMembers(ObjectReader& object, JsonProblems& problems) {
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
  if (const json* fault = object.Object("fault")) {
    step.fault = ReadFault(*fault, object.PointerTo("fault"), problems);
  }
  AddContentType(object, step);
  if (step.fault) CheckFault(step, *step.fault, object.Has("respond"), object);
  CheckCombinations(step, object);
  return step;
}

ScriptStep ReadStep(const json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  ScriptStep step = ReadStepMembers(object, problems);
  step.times = static_cast<std::size_t>(object.Integer("times", 1, kTimesRange));
  object.Finish();
  return step;
}

}  // namespace keywalk::mock
