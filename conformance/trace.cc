#include "conformance/trace.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "config/json_reader.h"
#include "conformance/case_reader.h"
#include "conformance/outcome_json.h"

namespace keywalk::conformance {
namespace {

using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

ReceivedResponse ReadAnswer(const json& value, const std::string& pointer, JsonProblems& problems) {
  ReceivedResponse answer;
  ObjectReader object(value, pointer, problems);
  answer.status = static_cast<int>(object.RequiredInteger("status", {100, 999}));
  answer.headers = ReadHeaders(object, "headers", problems);
  if (const json* body = object.Value("json")) answer.body = body->dump();
  if (object.Has("text")) answer.body = object.String("text");
  object.Finish();
  return answer;
}

void ReadEntry(const json& value, const std::string& pointer, JsonProblems& problems,
               Trace& trace) {
  ObjectReader object(value, pointer, problems);
  if (object.Has("check")) {
    TracedCheck check;
    check.index = static_cast<std::size_t>(object.Integer("check", 0, {0, 1'000'000}));
    object.RequiredArray("states");
    check.states = object.Strings("states");
    trace.checks.push_back(std::move(check));
  } else {
    TracedRequest request;
    request.id = object.RequiredString("request");
    object.RequiredArray("attempts");
    request.attempts = object.Strings("attempts");
    if (const json* outcome = object.RequiredObject("outcome")) {
      request.outcome = ReadOutcome(*outcome, object.PointerTo("outcome"), problems);
    }
    if (const json* answer = object.Object("answer")) {
      request.answer = ReadAnswer(*answer, object.PointerTo("answer"), problems);
    }
    trace.requests.push_back(std::move(request));
  }
  object.Finish();
}

}  // namespace

const TracedRequest* Trace::FindRequest(const std::string& id) const {
  for (const TracedRequest& request : requests) {
    if (request.id == id) return &request;
  }
  return nullptr;
}

const TracedCheck* Trace::FindCheck(std::size_t index) const {
  for (const TracedCheck& check : checks) {
    if (check.index == index) return &check;
  }
  return nullptr;
}

Result<Trace> ParseTrace(const json& value, bool is_operations) {
  JsonProblems problems("the reply's trace");
  Trace trace;
  if (!value.is_array()) problems.Add("", "expected an array");
  for (std::size_t i = 0; value.is_array() && i < value.size(); ++i) {
    const std::string pointer = JoinPointer("/trace", i);
    if (is_operations) {
      trace.operations.push_back(ReadOperationOutcome(value[i], pointer, problems));
    } else {
      ReadEntry(value[i], pointer, problems, trace);
    }
  }
  if (problems.any()) return problems.error();
  return trace;
}

}  // namespace keywalk::conformance
