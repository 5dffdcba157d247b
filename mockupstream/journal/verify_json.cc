// Expectations from JSON and results to JSON: the two sides of the admin page.
#include <array>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "config/json_reader.h"
#include "mockupstream/journal/verify.h"
#include "mockupstream/script/known_names.h"

namespace keywalk::mock {
namespace {

using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr std::int64_t kMaxCount = 1'000'000'000'000;

std::optional<std::string> ReadText(ObjectReader& object, std::string_view name) {
  if (!object.Has(name)) return std::nullopt;
  return object.String(name);
}

std::optional<std::int64_t> ReadNumber(ObjectReader& object, std::string_view name,
                                       std::int64_t max) {
  if (!object.Has(name)) return std::nullopt;
  return object.Integer(name, 0, {0, max});
}

Headers ReadExpectedHeaders(ObjectReader& object, JsonProblems& problems) {
  Headers headers;
  const json* const members = object.Object("headers");
  if (members == nullptr) return headers;
  for (const auto& [name, value] : members->items()) {
    const std::string pointer = JoinPointer(object.PointerTo("headers"), name);
    if (!IsValidHeaderName(name)) {
      problems.Add(pointer, "is no field name");
    } else if (!value.is_string() || !IsValidHeaderValue(value.get_ref<const std::string&>())) {
      problems.Add(pointer, "expected a string without line ends");
    } else {
      headers.Add(name, value.get_ref<const std::string&>());
    }
  }
  return headers;
}

std::optional<FaultState> ReadFault(ObjectReader& object) {
  if (!object.Has("fault")) return std::nullopt;
  const std::string name = object.Choice("fault", "fired", {"fired", "not_reached", "none"});
  if (name == "none") return FaultState::kNone;
  return name == "fired" ? FaultState::kFired : FaultState::kNotReached;
}

bool IsDigest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

ExpectedRequest ReadRequest(const json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  ExpectedRequest request;
  request.scope = ReadText(object, "scope");
  request.lane = ReadText(object, "lane");
  request.method = ReadText(object, "method");
  request.path = ReadText(object, "path");
  if (const auto status = ReadNumber(object, "status", 999)) {
    request.status = static_cast<int>(*status);
  }
  if (const auto step = ReadNumber(object, "step", kMaxCount)) {
    request.step = static_cast<std::size_t>(*step);
  }
  request.fault = ReadFault(object);
  request.headers = ReadExpectedHeaders(object, problems);
  if (const json* body = object.Value("json")) request.json = std::make_shared<const json>(*body);
  request.body_sha256 = ReadText(object, "body_sha256");
  if (request.body_sha256 && !IsDigest(*request.body_sha256)) {
    object.Problem("body_sha256", "expected 64 lower case hexadecimal digits");
  }
  object.Finish();
  return request;
}

void ReadCount(const json& value, const std::string& pointer, ExpectedCount& count,
               JsonProblems& problems) {
  if (value.is_number_unsigned()) {
    count.min = count.max = value.get<std::uint64_t>();
    return;
  }
  if (!value.is_object()) {
    problems.Add(pointer, "expected a number of requests or {\"min\", \"max\"}");
    return;
  }
  ObjectReader object(value, pointer, problems);
  if (!object.Has("min") && !object.Has("max")) problems.Add(pointer, "needs min or max");
  count.min = static_cast<std::uint64_t>(ReadNumber(object, "min", kMaxCount).value_or(0));
  if (const auto max = ReadNumber(object, "max", kMaxCount)) {
    count.max = static_cast<std::uint64_t>(*max);
    if (count.max < count.min) object.Problem("max", "must not be below min");
  }
  object.Finish();
}

void ReadRequests(ObjectReader& object, JsonProblems& problems, Expectation& expectation) {
  const json* const array = object.Array("requests");
  if (array == nullptr) return;
  if (array->size() > Expectation::kMaxRequests) {
    return object.Problem("requests", "must not be more than 1000");
  }
  expectation.requests.emplace();
  for (std::size_t i = 0; i < array->size(); ++i) {
    const std::string pointer = JoinPointer(object.PointerTo("requests"), i);
    expectation.requests->push_back(ReadRequest((*array)[i], pointer, problems));
  }
}

ExpectedOrder ReadOrder(ObjectReader& object) {
  if (object.Has("order") && !object.Has("requests")) {
    object.Problem("order", "is for \"requests\"; a \"sequence\" is exact");
  }
  const std::string order = object.Choice("order", "exact", {"exact", "subsequence", "any"});
  if (order == "any") return ExpectedOrder::kAny;
  return order == "exact" ? ExpectedOrder::kExact : ExpectedOrder::kSubsequence;
}

// The members of all objects of fixtures/schema/verify.schema.json; a test compares.
constexpr std::array<std::string_view, 18> kVerifyNames{
    "$schema", "body_sha256", "counts", "fault",    "faults", "headers",
    "json",    "lane",        "max",    "method",   "min",    "order",
    "path",    "requests",    "scope",  "sequence", "status", "step"};

// The names of lanes may be keys by mistake, and those of header fields are nobody's.
bool MayShowVerifyName(std::string_view parent, std::string_view name) {
  if (parent == "counts") return false;
  return IsArrayIndex(parent, name) || IsNearName(name, kVerifyNames);
}

}  // namespace

Result<Expectation> ParseExpectation(std::string_view text, std::string_view source) {
  JsonProblems problems(source);
  problems.MaskNamesUnless(&MayShowVerifyName);
  const json root = config::ParseJson(text, problems);
  if (problems.any()) return problems.error();

  ObjectReader object(root, "", problems);
  Expectation expectation;
  if (object.Array("sequence") != nullptr) {
    expectation = ExpectSequence(object.Strings("sequence"));
    if (object.Has("requests")) object.Problem("sequence", "and requests exclude each other");
    if (expectation.requests->size() > Expectation::kMaxRequests) {
      object.Problem("sequence", "must not be more than 1000");
    }
  }
  ReadRequests(object, problems, expectation);
  expectation.order = ReadOrder(object);
  if (const json* counts = object.Object("counts")) {
    for (const auto& [lane, value] : counts->items()) {
      const std::string pointer = JoinPointer(object.PointerTo("counts"), lane);
      ReadCount(value, pointer, expectation.counts[lane], problems);
    }
  }
  expectation.all_faults_fired =
      object.Has("faults") && object.Choice("faults", "", {"all_fired"}) == "all_fired";
  object.Finish();
  const bool empty = !expectation.requests && !object.Has("counts") && !object.Has("faults");
  if (empty) problems.Add("", "needs one of sequence, requests, counts, faults");
  if (problems.any()) return problems.error();
  return expectation;
}

json ToJson(const VerifyResult& result) {
  if (result.ok()) return {{"ok", true}};
  json failures = json::array();
  for (const VerifyFailure& failure : result.failures) {
    json object = {{"message", failure.message}};
    if (failure.request) object["request"] = *failure.request;
    if (failure.nearest) object["nearest"] = *failure.nearest;
    if (!failure.differences.empty()) {
      json& list = object["differences"] = json::array();
      for (const Difference& difference : failure.differences) {
        list.push_back({{"field", difference.field},
                        {"expected", difference.expected},
                        {"actual", difference.actual}});
      }
    }
    failures.push_back(std::move(object));
  }
  json object = {{"ok", false}, {"message", result.message()}, {"failures", std::move(failures)}};
  if (result.dropped > 0) object["dropped"] = result.dropped;
  if (result.expected.empty() && result.actual.empty()) return object;
  object["expected"] = result.expected;
  object["actual"] = result.actual;
  object["unexpected"] = result.unexpected;
  const VerifyFailure& first = result.failures.front();
  object["first_difference"] = first.request.value_or(result.expected.size());
  return object;
}

}  // namespace keywalk::mock
