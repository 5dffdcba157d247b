#include "mockupstream/record/record_answer.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "mockupstream/journal/utf8.h"
#include "mockupstream/record/gunzip.h"
#include "mockupstream/record/record_sse.h"
#include "mockupstream/script/base64.h"
#include "mockupstream/script/json_depth.h"
#include "mockupstream/script/sse.h"

namespace keywalk::mock {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

// A compressed body may hold this much: more is no answer of an AI provider.
constexpr std::size_t kMaxInflatedBytes = 64 * 1024 * 1024;
// The answer to HEAD states a length; it is given again by a body of that size, held in memory.
constexpr std::uint64_t kMaxHeadLength = 1024 * 1024;

// Set by the server; different in each answer without meaning; or telling who asked. Lower case, a
// final '*' for any ending.
constexpr std::array<std::string_view, 24> kLeftOut{"content-length",
                                                    "transfer-encoding",
                                                    "connection",
                                                    "keep-alive",
                                                    "trailer",
                                                    "date",
                                                    "age",
                                                    "expires",
                                                    "last-modified",
                                                    "via",
                                                    "alt-svc",
                                                    "nel",
                                                    "report-to",
                                                    "server-timing",
                                                    "cf-*",
                                                    "x-envoy-*",
                                                    "x-cloud-trace-context",
                                                    "x-request-id",
                                                    "request-id",
                                                    "x-amzn-requestid",
                                                    "openai-processing-ms",
                                                    "openai-organization",
                                                    "anthropic-organization-id",
                                                    "set-cookie"};

bool IsLeftOut(std::string_view name) {
  return std::ranges::any_of(kLeftOut, [name](std::string_view pattern) {
    if (!pattern.ends_with('*')) return EqualsIgnoreCase(name, pattern);
    pattern.remove_suffix(1);
    return EqualsIgnoreCase(name.substr(0, pattern.size()), pattern);
  });
}

// A field that is repeated is an array of its values.
json FieldsJson(const Headers& fields, const SecretMasker& secrets) {
  json object = json::object();
  for (const Headers::Field field : fields) {
    if (IsLeftOut(field.name)) continue;
    const std::string name = secrets.Mask(field.name);
    std::string value = secrets.Mask(field.value);
    if (!object.contains(name)) {
      object[name] = std::move(value);
    } else {
      json& there = object[name];
      if (!there.is_array()) there = json::array({there});
      there.push_back(std::move(value));
    }
  }
  return object;
}

// JSON strings hold nothing else.
bool IsUtf8(std::string_view text) { return Utf8Prefix(text) == text.size(); }

// A script's reader refuses what is nested deeper than 64; the step around a body takes up to 8.
constexpr int kMaxDepth = 50;

// The JSON value whose compact form is exactly that text; discarded if there is none.
json ExactJson(const std::string& text) {
  if (IsDeepJson(text, kMaxDepth)) return json(json::value_t::discarded);
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded() || value.dump(-1, ' ', false, json::error_handler_t::replace) != text) {
    return json(json::value_t::discarded);
  }
  return value;
}

json EventJson(const SseEvent& event, milliseconds delay, const SecretMasker& secrets) {
  json object = json::object();
  if (!event.event.empty()) object["event"] = secrets.Mask(event.event);
  std::string data = secrets.Mask(event.data);
  json value = ExactJson(data);
  // A string is written as it is: a JSON string would lose its quotes.
  const bool as_json = !value.is_discarded() && !value.is_string();
  object["data"] = as_json ? std::move(value) : json(std::move(data));
  if (delay.count() > 0) object["delay_ms"] = delay.count();
  return object;
}

bool IsEventStream(const RecordedAnswer& answer) {
  const std::string_view type = answer.headers.Find("Content-Type").value_or("");
  constexpr std::string_view kType = "text/event-stream";
  return EqualsIgnoreCase(type.substr(0, kType.size()), kType);
}

// True if the answer is written as `sse`.
bool AddEvents(const RecordedAnswer& answer, const SecretMasker& secrets, json& step) {
  if (!IsEventStream(answer) || answer.to_head) return false;
  const std::optional<std::vector<EndedEvent>> events = ReadEventStream(answer.body);
  if (!events) return false;
  json list = json::array();
  milliseconds before{0};
  auto arrival = answer.arrivals.begin();  // of the byte before `end`
  for (const auto& [event, end] : *events) {
    if (!IsUtf8(event.data) || !IsUtf8(event.event)) return false;
    while (arrival != answer.arrivals.end() && arrival->end < end) ++arrival;
    const milliseconds now = arrival != answer.arrivals.end() ? arrival->time : before;
    list.push_back(EventJson(event, now - before, secrets));
    before = now;
  }
  step["sse"] = std::move(list);
  return true;
}

void AddBody(const RecordedAnswer& answer, const SecretMasker& secrets, json& step) {
  std::string body = secrets.Mask(answer.body);
  if (body.empty()) return;
  // `json` and `text` would add a Content-Type where the upstream gave none.
  if (!answer.headers.Contains("Content-Type") || !IsUtf8(body)) {
    step["base64"] = EncodeBase64(body);
    return;
  }
  json value = ExactJson(body);
  if (value.is_discarded()) {
    step["text"] = std::move(body);
  } else {
    step["json"] = std::move(value);
  }
}

void AddHeadLength(const RecordedAnswer& answer, json& step) {
  const std::uint64_t length = answer.content_length.value_or(0);
  if (length > 0) step["bytes"] = std::min(length, kMaxHeadLength);
}

// A compressed body is given again as it was, unless a secret is found in it: then it is given
// plain. nullopt: it cannot be read.
std::optional<RecordedAnswer> Searched(const RecordedAnswer& answer, const SecretMasker& secrets) {
  const std::string_view coding =
      TrimWhitespace(answer.headers.Find("Content-Encoding").value_or(""));
  if (coding.empty() || EqualsIgnoreCase(coding, "identity") || answer.body.empty()) return answer;
  if (!EqualsIgnoreCase(coding, "gzip") && !EqualsIgnoreCase(coding, "x-gzip")) return std::nullopt;
  std::optional<std::string> content = Gunzip(answer.body, kMaxInflatedBytes);
  if (!content) return std::nullopt;
  RecordedAnswer searched = answer;
  if (secrets.Reveals(*content)) {
    searched.body = std::move(*content);
    searched.headers.Erase("Content-Encoding");
  }
  return searched;
}

Headers FieldsOf(const json& step, const char* member) {
  Headers fields;
  const auto object = step.find(member);
  if (object == step.end()) return fields;
  for (const auto& [name, value] : object->items()) {
    const json values = value.is_array() ? value : json::array({value});
    for (const json& each : values) fields.Add(name, each.get<std::string>());
  }
  return fields;
}

// What `json` and `data` stand for.
std::string TextOf(const json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, json::error_handler_t::replace);
}

void AddBodyOf(const json& step, RecordedAnswer& answer) {
  if (const auto text = step.find("text"); text != step.end()) answer.body = *text;
  if (const auto bytes = step.find("base64"); bytes != step.end()) {
    answer.body = DecodeBase64(bytes->get<std::string>()).value_or("");
  }
  if (const auto value = step.find("json"); value != step.end()) {
    answer.body = value->dump(-1, ' ', false, json::error_handler_t::replace);
  }
  const auto events = step.find("sse");
  if (events == step.end()) return;
  milliseconds time{0};
  for (const json& object : *events) {
    SseEvent event;
    event.event = object.value("event", "");
    event.data = TextOf(object.at("data"));
    time += milliseconds(object.value("delay_ms", std::int64_t{0}));
    answer.Add(EncodeSse(event), time);
  }
}

// The answer that became this step.
RecordedAnswer AnswerOf(const json& step) {
  RecordedAnswer answer;
  answer.status = step.value("status", 200);
  answer.headers = FieldsOf(step, "headers");
  answer.trailers = FieldsOf(step, "trailers");
  const auto head_length = step.find("bytes");
  answer.to_head = head_length != step.end();
  AddBodyOf(step, answer);
  if (answer.to_head) {
    answer.content_length = head_length->get<std::uint64_t>();
  } else if (!step.contains("chunked")) {
    answer.content_length = answer.body.size();
  }
  return answer;
}

}  // namespace

void RecordedAnswer::Add(std::string_view bytes, milliseconds after_head) {
  body += bytes;
  arrivals.emplace_back(body.size(), after_head);
}

Result<json> StepFor(const RecordedAnswer& seen, const SecretMasker& secrets) {
  const std::optional<RecordedAnswer> answer = Searched(seen, secrets);
  if (!answer) return Error("its compressed body cannot be searched for keys");
  json step = json::object();
  if (answer->status != 200) step["status"] = answer->status;
  json headers = FieldsJson(answer->headers, secrets);
  if (!headers.empty()) step["headers"] = std::move(headers);
  if (answer->to_head) {
    AddHeadLength(*answer, step);
    return step;
  }
  const bool has_body = answer->status != 204 && answer->status != 304;
  if (!has_body) return step;
  const bool events = AddEvents(*answer, secrets, step);
  if (!events) AddBody(*answer, secrets, step);
  const bool chunked = !events && !answer->content_length;
  if (chunked) step["chunked"] = true;
  json trailers = FieldsJson(answer->trailers, secrets);
  if (!trailers.empty() && (chunked || events)) step["trailers"] = std::move(trailers);
  return step;
}

Result<json> StepAgain(const json& step, const SecretMasker& secrets) {
  return StepFor(AnswerOf(step), secrets);
}

}  // namespace keywalk::mock
