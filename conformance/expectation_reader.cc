#include "conformance/expectation_reader.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "conformance/case_reader.h"
#include "conformance/outcome_json.h"

namespace keywalk::conformance {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr IntegerRange kStatusRange{100, 999};
constexpr IntegerRange kWithinRangeMs{1, 600'000};

std::shared_ptr<const json> Share(const json* value) {
  return value == nullptr ? nullptr : std::make_shared<const json>(*value);
}

std::vector<mock::SseEvent> ReadEvents(const json& array, const std::string& pointer,
                                       JsonProblems& problems) {
  std::vector<mock::SseEvent> events;
  for (std::size_t i = 0; i < array.size(); ++i) {
    ObjectReader object(array[i], JoinPointer(pointer, i), problems);
    mock::SseEvent event;
    event.event = object.String("event");
    event.data = object.RequiredString("data");
    object.Finish();
    events.push_back(std::move(event));
  }
  return events;
}

ExpectedContent ReadExpectedContent(ObjectReader& object, JsonProblems& problems) {
  ExpectedContent content;
  const int given = object.Has("json") + object.Has("text") + object.Has("base64") +
                    object.Has("bytes") + object.Has("json_includes") + object.Has("sse");
  if (given > 1) problems.Add(object.pointer(), "has more than one content");
  content.json = Share(object.Value("json"));
  content.json_includes = Share(object.Value("json_includes"));
  if (const json* events = object.Array("sse")) {
    content.sse = ReadEvents(*events, object.PointerTo("sse"), problems);
  }
  const std::optional<std::string> bytes = mock::ReadContent(object);
  if (bytes && !content.json) content.bytes = std::make_shared<const std::string>(*bytes);
  return content;
}

ExpectedResponse ReadResponse(const json& value, const std::string& pointer,
                              JsonProblems& problems) {
  ExpectedResponse response;
  ObjectReader object(value, pointer, problems);
  if (object.Has("status")) {
    response.status = static_cast<int>(object.Integer("status", 200, kStatusRange));
  }
  response.headers = ReadHeaders(object, "headers", problems);
  response.absent_headers = object.Strings("absent_headers");
  response.trailers = ReadHeaders(object, "trailers", problems);
  response.content = ReadExpectedContent(object, problems);
  response.incomplete = object.Boolean("incomplete", false);
  response.streamed = object.Boolean("streamed", false);
  object.Finish();
  return response;
}

std::vector<ExpectedUpstream> ReadUpstream(const json& array, const std::string& pointer,
                                           JsonProblems& problems) {
  std::vector<ExpectedUpstream> attempts;
  for (std::size_t i = 0; i < array.size(); ++i) {
    ObjectReader object(array[i], JoinPointer(pointer, i), problems);
    ExpectedUpstream attempt;
    if (object.Has("path")) attempt.path = object.String("path");
    attempt.headers = ReadHeaders(object, "headers", problems);
    attempt.absent_headers = object.Strings("absent_headers");
    attempt.same_method = object.Choice("method", "", {"same"}) == "same";
    attempt.own_host = object.Choice("host", "", {"upstream"}) == "upstream";
    const std::string body = object.Choice("body", "", {"same", "cut"});
    attempt.same_body = body == "same";
    attempt.cut_body = body == "cut";
    attempt.reused = object.Choice("connection", "", {"reused"}) == "reused";
    object.Finish();
    attempts.push_back(std::move(attempt));
  }
  return attempts;
}

}  // namespace

ExpectedRequest ReadExpectation(const json& value, const std::string& pointer,
                                JsonProblems& problems) {
  ExpectedRequest expect;
  ObjectReader object(value, pointer, problems);
  object.RequiredArray("attempts");
  expect.attempts = object.Strings("attempts");
  if (const json* outcome = object.RequiredObject("outcome")) {
    expect.outcome = ReadOutcome(*outcome, object.PointerTo("outcome"), problems);
  }
  if (const json* response = object.Object("response")) {
    expect.response = ReadResponse(*response, object.PointerTo("response"), problems);
  }
  if (const json* upstream = object.Array("upstream")) {
    expect.upstream = ReadUpstream(*upstream, object.PointerTo("upstream"), problems);
    if (expect.upstream->size() != expect.attempts.size()) {
      object.Problem("upstream", "must have one entry an attempt");
    }
  }
  if (object.Has("within_ms")) {
    expect.within = Milliseconds(object.Integer("within_ms", 1, kWithinRangeMs));
  }
  object.Finish();
  return expect;
}

}  // namespace keywalk::conformance
