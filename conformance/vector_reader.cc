#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

#include "config/schema_version.h"
#include "conformance/case_reader.h"
#include "conformance/decision_driver.h"
#include "conformance/outcome_json.h"
#include "conformance/vector.h"
#include "keywalk/provider.h"

namespace keywalk::conformance {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr IntegerRange kStatusRange{100, 999};

// A string is the body as it is, anything else is written as JSON.
std::string ReadBody(ObjectReader& input) {
  const json* body = input.Value("body");
  if (body == nullptr) return "";
  return body->is_string() ? body->get<std::string>() : body->dump();
}

WallTime ReadTime(ObjectReader& input) {
  if (!input.Has("received_at")) return kWallAtZero;
  const std::optional<WallTime> time = ParseRfc3339(input.String("received_at"));
  if (!time) input.Problem("received_at", "expected an RFC 3339 time");
  return time.value_or(kWallAtZero);
}

RetryAfterVector ReadRetryAfter(ObjectReader& input, ObjectReader& expect, JsonProblems& problems) {
  RetryAfterVector vector;
  vector.headers = ReadHeaders(input, "headers", problems);
  vector.sources = {CooldownSource::kRetryAfterMs, CooldownSource::kRetryAfter};
  if (input.Has("sources")) vector.sources.clear();
  for (const std::string& name : input.Strings("sources")) {
    const std::optional<CooldownSource> source = ParseCooldownSource(name);
    if (!source) input.Problem("sources", "unknown cooldown source");
    vector.sources.push_back(source.value_or(CooldownSource::kRetryAfter));
  }
  vector.body = ReadBody(input);
  vector.received_at = ReadTime(input);
  const json* cooldown = expect.Value("cooldown_ms");
  if (cooldown == nullptr) expect.Problem("cooldown_ms", "is required");
  if (cooldown != nullptr && !cooldown->is_null()) {
    vector.expected = ReadMilliseconds(expect, "cooldown_ms");
  }
  return vector;
}

ClassifyVector ReadClassify(ObjectReader& input, ObjectReader& expect, JsonProblems& problems) {
  ClassifyVector vector;
  vector.status = static_cast<int>(input.RequiredInteger("status", kStatusRange));
  vector.headers = ReadHeaders(input, "headers", problems);
  vector.body = ReadBody(input);
  vector.received_at = ReadTime(input);
  expect.RequiredString("action");
  const std::string action =
      expect.Choice("action", "surface", {"surface", "temporary", "permanent"});
  if (action == "permanent") vector.expected.action = Action::kPermanent;
  if (action != "temporary") return vector;
  vector.expected.action = Action::kTemporary;
  expect.RequiredString("reason");
  if (expect.Choice("reason", "rate_limited", {"rate_limited", "unauthorized"}) == "unauthorized") {
    vector.expected.reason = MarkReason::kUnauthorized;
  }
  const json* cooldown = expect.Value("cooldown_ms");
  if (cooldown != nullptr && !cooldown->is_null()) {
    vector.expected.cooldown = ReadMilliseconds(expect, "cooldown_ms");
  }
  return vector;
}

std::string ReadProvider(ObjectReader& input) {
  std::string provider = input.RequiredString("provider");
  if (FindProvider(provider) == nullptr) input.Problem("provider", "unknown provider");
  return provider;
}

InjectVector ReadInject(ObjectReader& input, ObjectReader& expect, JsonProblems& problems) {
  InjectVector vector;
  vector.provider = ReadProvider(input);
  if (const json* inject = input.RequiredObject("inject")) {
    ObjectReader object(*inject, input.PointerTo("inject"), problems);
    vector.headers = ReadHeaders(object, "headers", problems);
    vector.key = object.RequiredString("key");
    object.Finish();
  }
  expect.RequiredObject("headers");
  vector.expected = ReadHeaders(expect, "headers", problems);
  return vector;
}

ExhaustedVector ReadExhausted(const json& input_value, ObjectReader& input, ObjectReader& expect,
                              JsonProblems& problems) {
  ExhaustedVector vector;
  vector.provider = ReadProvider(input);
  input.Object("exhausted");
  // The same members as a case's outcome has.
  const json outcome = {{"exhausted", input_value.at("exhausted")}};
  vector.exhaustion = ReadOutcome(outcome, input.pointer(), problems).exhaustion;
  vector.none = expect.Boolean("none", false);
  if (vector.none) return vector;
  vector.status = static_cast<int>(expect.RequiredInteger("status", kStatusRange));
  vector.headers = ReadHeaders(expect, "headers", problems);
  vector.absent_headers = expect.Strings("absent_headers");
  const json* body = expect.Value("json");
  if (body == nullptr) {
    expect.Problem("json", "is required");
  } else {
    vector.json = std::make_shared<const json>(*body);
  }
  return vector;
}

void ReadProviderVector(const json& input_value, ObjectReader& input, ObjectReader& expect,
                        Vector& vector, JsonProblems& problems) {
  if (input.Has("exhausted")) {
    vector.policy = input.RequiredString("policy");
    vector.what = ReadExhausted(input_value, input, expect, problems);
  } else if (input.Has("inject")) {
    vector.what = ReadInject(input, expect, problems);
  } else {
    ByokVector byok;
    byok.provider = ReadProvider(input);
    input.RequiredObject("headers");
    byok.headers = ReadHeaders(input, "headers", problems);
    byok.expected = expect.Boolean("byok", false);
    if (!expect.Has("byok")) expect.Problem("byok", "is required");
    vector.what = std::move(byok);
  }
}

void ReadFunction(const json& input_value, ObjectReader& input, ObjectReader& expect,
                  Vector& vector, JsonProblems& problems) {
  if (vector.function == "retry_after") {
    vector.what = ReadRetryAfter(input, expect, problems);
  } else if (vector.function == "classify") {
    vector.policy = input.RequiredString("policy");
    vector.what = ReadClassify(input, expect, problems);
  } else if (vector.function == "provider") {
    ReadProviderVector(input_value, input, expect, vector, problems);
  } else {
    vector.what = MaskVector{input.RequiredString("key"), expect.RequiredString("hint")};
  }
}

Vector ReadVector(const json& value, const std::string& pointer, const std::string& function,
                  JsonProblems& problems) {
  Vector vector;
  ObjectReader object(value, pointer, problems);
  vector.function = function;
  vector.file = problems.source();
  vector.pointer = pointer;
  vector.id = object.RequiredString("id");
  vector.title = object.RequiredString("title");
  object.RequiredArray("clauses");
  vector.clauses = object.Strings("clauses");
  if (const json* provenance_value = object.Object("provenance")) {
    ObjectReader provenance(*provenance_value, object.PointerTo("provenance"), problems);
    vector.provenance_issue = provenance.RequiredString("issue");
    vector.provenance_note = provenance.String("note");
    provenance.Finish();
  }
  object.Strings("kills");  // whom it tells from a good one is the business of tests/conformance
  const json* input_value = object.RequiredObject("input");
  const json* expect_value = object.RequiredObject("expect");
  if (input_value != nullptr && expect_value != nullptr) {
    ObjectReader input(*input_value, object.PointerTo("input"), problems);
    ObjectReader expect(*expect_value, object.PointerTo("expect"), problems);
    ReadFunction(*input_value, input, expect, vector, problems);
    input.Finish();
    expect.Finish();
  }
  object.Finish();
  return vector;
}

}  // namespace

std::vector<Vector> ReadVectors(std::string_view text, JsonProblems& problems) {
  std::vector<Vector> vectors;
  const json document = config::ParseJson(text, problems);
  if (problems.any()) return vectors;
  ObjectReader root(document, "", problems);
  config::CheckSchemaVersion(root);
  root.RequiredString("function");
  const std::string function =
      root.Choice("function", "mask", {"retry_after", "classify", "provider", "mask"});
  root.String("kills_none");  // why some of its vectors kill no mutant
  const json* array = root.RequiredArray("vectors");
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    vectors.push_back(ReadVector((*array)[i], JoinPointer("/vectors", i), function, problems));
  }
  root.Finish();
  return vectors;
}

}  // namespace keywalk::conformance
