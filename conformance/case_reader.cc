#include "conformance/case_reader.h"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "config/schema_version.h"
#include "conformance/capability.h"
#include "conformance/case_setup_reader.h"
#include "conformance/expectation_reader.h"
#include "conformance/operation_reader.h"
#include "conformance/outcome_json.h"
#include "keywalk/provider.h"

namespace keywalk::conformance {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr IntegerRange kTimeRangeMs{0, 1'000'000'000'000};
constexpr IntegerRange kBytesRange{0, 1'000'000'000};
constexpr IntegerRange kAttemptsRange{1, 1'000};
constexpr std::size_t kMaxKeys = 10'000;

// The path below the base URL that a client of that provider usually asks for.
std::string UsualPath(std::string_view provider) {
  return provider == "anthropic" ? "/messages" : "/chat/completions";
}

Departure ReadDeparture(const json& value, const std::string& pointer, JsonProblems& problems) {
  Departure departure;
  ObjectReader object(value, pointer, problems);
  object.RequiredString("at");
  const std::string at =
      object.Choice("at", "waiting", {"request_head", "upload", "waiting", "head", "body"});
  const bool speaks = at == "request_head" || at == "upload";
  if (at == "request_head") departure.at = Departure::At::kRequestHead;
  if (at == "upload") departure.at = Departure::At::kUpload;
  if (at == "head") departure.at = Departure::At::kHead;
  if (at == "body") departure.at = Departure::At::kBody;
  const bool counts = speaks || at == "body";
  if (counts) {
    departure.bytes = static_cast<std::uint64_t>(object.RequiredInteger("bytes", kBytesRange));
  }
  const std::string by = object.Choice("by", "close", {"close", "reset", "silence"});
  if (by == "reset") departure.by = Departure::By::kReset;
  if (by == "silence") departure.by = Departure::By::kSilence;
  if (by == "silence" && !speaks) {
    object.Problem("by", "\"silence\" is for \"request_head\" and \"upload\"");
  }
  object.Finish();
  return departure;
}

Pause ReadPause(const json& value, const std::string& pointer, JsonProblems& problems) {
  Pause pause;
  ObjectReader object(value, pointer, problems);
  pause.bytes = static_cast<std::uint64_t>(object.RequiredInteger("bytes", kBytesRange));
  if (object.Has("attempts")) {
    pause.attempts = static_cast<std::size_t>(object.Integer("attempts", 1, kAttemptsRange));
  }
  object.Finish();
  return pause;
}

CaseRequest ReadRequest(const json& value, const std::string& pointer, std::size_t index,
                        std::string_view provider, JsonProblems& problems) {
  CaseRequest request;
  ObjectReader object(value, pointer, problems);
  request.id = object.String("id", "r" + std::to_string(index));
  if (object.Has("at_ms")) request.at = Milliseconds(object.Integer("at_ms", 0, kTimeRangeMs));
  request.method = object.String("method", "POST");
  request.path = object.String("path", UsualPath(provider));
  if (!request.path.starts_with('/')) object.Problem("path", "must begin with \"/\"");
  request.origin = object.String("origin");
  request.headers = ReadHeaders(object, "headers", problems);
  request.byok = object.String("byok");
  if (const json* body = object.Object("body")) {
    ObjectReader content(*body, object.PointerTo("body"), problems);
    request.chunked = content.Boolean("chunked", false);
    request.body =
        std::make_shared<const std::string>(mock::ReadContent(content).value_or(std::string()));
    content.Finish();
  }
  if (const json* leaves = object.Object("leaves")) {
    request.leaves = ReadDeparture(*leaves, object.PointerTo("leaves"), problems);
  }
  if (const json* pauses = object.Object("pauses")) {
    request.pauses = ReadPause(*pauses, object.PointerTo("pauses"), problems);
    if (request.body == nullptr) object.Problem("pauses", "is in a body: needs \"body\"");
  }
  if (const json* expect = object.RequiredObject("expect")) {
    request.expect = ReadExpectation(*expect, object.PointerTo("expect"), problems);
  }
  const bool silent = request.leaves && request.leaves->by == Departure::By::kSilence;
  const Outcome::Kind outcome = request.expect.outcome.kind;
  if (silent != (outcome == Outcome::Kind::kDropped)) {
    object.Problem("leaves", "by silence goes with the outcome \"dropped\", and that with it");
  } else if ((request.leaves && !silent) != (outcome == Outcome::Kind::kGone)) {
    object.Problem("leaves", "goes with the outcome \"gone\", and that with it");
  }
  object.Finish();
  return request;
}

// A request only ever reaches the pool's keys or the client's own.
void CheckAliases(const CaseRequest& request, const std::string& pointer, const Case& test_case,
                  JsonProblems& problems) {
  for (const std::string& alias : request.expect.attempts) {
    const bool known =
        alias.starts_with('c') ||
        std::find(test_case.keys.begin(), test_case.keys.end(), alias) != test_case.keys.end();
    if (!known) {
      problems.Add(pointer + "/expect/attempts", "\"" + alias + "\" is not a key of the case");
    }
  }
}

void ReadRequests(ObjectReader& object, Case& test_case, JsonProblems& problems) {
  const json* array = object.RequiredArray("requests");
  if (array == nullptr) return;
  if (array->empty()) object.Problem("requests", "must not be empty");
  std::set<std::string> ids;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const std::string pointer = JoinPointer(object.PointerTo("requests"), i);
    test_case.requests.push_back(
        ReadRequest((*array)[i], pointer, i, test_case.provider, problems));
    CheckAliases(test_case.requests.back(), pointer, test_case, problems);
    if (!ids.insert(test_case.requests.back().id).second) {
      problems.Add(JoinPointer(pointer, "id"), "duplicate request id");
    }
  }
}

void ReadLanes(ObjectReader& object, Case& test_case, JsonProblems& problems) {
  const json* lanes = object.RequiredObject("lanes");
  if (lanes == nullptr) return;
  for (const auto& member : lanes->items()) {
    const std::string pointer = JoinPointer(object.PointerTo("lanes"), member.key());
    mock::Lane lane = mock::ReadLane(member.value(), pointer, mock::AtEnd::kFailLoud, problems);
    if (!lane.routes.empty() || lane.chaos) problems.Add(pointer, "a case's lane has steps only");
    lane.name = member.key();
    if (lane.model) {
      problems.Add(pointer, "a case states its answers: \"model\" is for scripts");
    }
    for (const mock::ScriptStep& step : lane.steps) {
      if (step.respond == nullptr) continue;
      problems.Add(pointer, "a case states its answers: \"respond\" is for scripts");
    }
    test_case.lanes.emplace(member.key(), std::move(lane));
  }
}

void ReadChecks(ObjectReader& object, Case& test_case, JsonProblems& problems) {
  const json* array = object.Array("checks");
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    ObjectReader check((*array)[i], JoinPointer(object.PointerTo("checks"), i), problems);
    const Milliseconds at(check.RequiredInteger("at_ms", kTimeRangeMs));
    check.RequiredArray("states");
    StateCheck read{at, check.Strings("states")};
    for (const std::string& state : read.states) {
      if (!ParseKeyState(state)) check.Problem("states", "holds an unknown key state");
    }
    if (read.states.size() != test_case.keys.size()) {
      check.Problem("states", "must have one entry a key");
    }
    check.Finish();
    test_case.checks.push_back(std::move(read));
  }
}

void ReadProvenance(ObjectReader& object, Case& test_case, JsonProblems& problems) {
  const json* value = object.Object("provenance");
  if (value == nullptr) return;
  ObjectReader provenance(*value, object.PointerTo("provenance"), problems);
  test_case.provenance_issue = provenance.RequiredString("issue");
  test_case.provenance_note = provenance.String("note");
  provenance.Finish();
}

void ReadKeys(ObjectReader& object, Case& test_case) {
  object.RequiredArray("keys");
  test_case.keys = object.Strings("keys");
  if (test_case.keys.size() > kMaxKeys) object.Problem("keys", "too many");
  const std::set<std::string> distinct(test_case.keys.begin(), test_case.keys.end());
  if (distinct.size() != test_case.keys.size()) object.Problem("keys", "an alias is repeated");
}

std::vector<std::string> RequiredStrings(ObjectReader& object, std::string_view key) {
  const json* array = object.RequiredArray(key);
  if (array != nullptr && array->empty()) object.Problem(key, "must not be empty");
  return object.Strings(key);
}

Case::Level ReadLevel(ObjectReader& object) {
  const std::string level = object.Choice("level", "must", {"must", "should", "may"});
  if (level == "must") return Case::Level::kMust;
  return level == "should" ? Case::Level::kShould : Case::Level::kMay;
}

void ReadActs(ObjectReader& object, bool over_sockets, Case& test_case, JsonProblems& problems) {
  if (object.Has("operations")) {
    if (over_sockets) object.Problem("operations", "cannot be acted over sockets");
    test_case.kind = Case::Kind::kOperations;
    test_case.operations = ReadOperations(object, problems);
    return;
  }
  test_case.kind = over_sockets ? Case::Kind::kScenario : Case::Kind::kDecision;
  ReadLanes(object, test_case, problems);
  ReadRequests(object, test_case, problems);
  ReadChecks(object, test_case, problems);
  ReadSetup(object, over_sockets, test_case, problems);
}

Case ReadCase(const json& value, const std::string& pointer, bool over_sockets,
              JsonProblems& problems) {
  Case test_case;
  ObjectReader object(value, pointer, problems);
  test_case.file = problems.source();
  test_case.pointer = pointer;
  test_case.id = object.RequiredString("id");
  test_case.title = object.RequiredString("title");
  test_case.clauses = RequiredStrings(object, "clauses");
  test_case.level = ReadLevel(object);
  test_case.policies = RequiredStrings(object, "policies");
  test_case.capabilities = object.Strings("requires");
  for (const std::string& name : test_case.capabilities) {
    if (!IsKnownCapability(name)) object.Problem("requires", "unknown capability " + name);
  }
  ReadProvenance(object, test_case, problems);
  test_case.kills = object.Strings("kills");
  test_case.kills_none = object.String("kills_none");
  if (object.Has("kills_none") && (test_case.kills_none.empty() || object.Has("kills"))) {
    object.Problem("kills_none", "gives the reason in place of \"kills\"");
  }
  test_case.provider = object.RequiredString("provider");
  if (FindProvider(test_case.provider) == nullptr) object.Problem("provider", "unknown provider");
  ReadKeys(object, test_case);
  ReadActs(object, over_sockets, test_case, problems);
  object.Finish();
  if (!problems.any()) test_case.source = std::make_shared<const json>(value);
  return test_case;
}

void AddField(Headers& headers, const std::string& name, const json& value,
              const std::string& pointer, JsonProblems& problems) {
  if (!value.is_string()) {
    problems.Add(pointer, "expected a string, or an array of strings");
  } else if (!IsValidHeaderName(name)) {
    problems.Add(pointer, "not a header field's name");
  } else if (!IsValidHeaderValue(value.get_ref<const std::string&>())) {
    problems.Add(pointer, "not a header field's value");
  } else {
    headers.Add(name, value.get<std::string>());
  }
}

}  // namespace

Headers ReadHeaders(ObjectReader& object, std::string_view key, JsonProblems& problems) {
  Headers headers;
  const json* fields = object.Object(key);
  if (fields != nullptr && !fields->is_object()) object.Problem(key, "expected an object");
  if (fields == nullptr || !fields->is_object()) return headers;
  for (const auto& field : fields->items()) {
    const std::string pointer = JoinPointer(object.PointerTo(key), field.key());
    if (!field.value().is_array()) {
      AddField(headers, field.key(), field.value(), pointer, problems);
      continue;
    }
    for (std::size_t i = 0; i < field.value().size(); ++i) {
      AddField(headers, field.key(), field.value()[i], JoinPointer(pointer, i), problems);
    }
  }
  return headers;
}

Case Instantiate(const Case& test_case, const Secrets& secrets) {
  JsonProblems problems(test_case.file);
  json source = *test_case.source;
  SubstituteSecrets(source, secrets);
  Case instance =
      ReadCase(source, test_case.pointer, test_case.kind == Case::Kind::kScenario, problems);
  instance.area = test_case.area;
  instance.source = test_case.source;  // can be instantiated again
  assert(!problems.any());             // it could be read before, and secrets are plain text
  return instance;
}

Case ReadAgain(const Case& test_case, json source) {
  Case changed = test_case;
  changed.source = std::make_shared<const json>(std::move(source));
  Secrets secrets = AliasesAsSecrets(test_case);
  if (test_case.kind == Case::Kind::kScenario) {
    for (auto& [alias, secret] : secrets) secret = "{" + alias + "}";  // put in over sockets
  }
  Case again = Instantiate(changed, secrets);
  again.source = std::move(changed.source);
  again.differs = test_case.differs;
  again.cannot_run = test_case.cannot_run;
  return again;
}

std::vector<Case> ReadCases(std::string_view text, bool over_sockets, JsonProblems& problems) {
  std::vector<Case> cases;
  const json document = config::ParseJson(text, problems);
  if (problems.any()) return cases;
  ObjectReader root(document, "", problems);
  config::CheckSchemaVersion(root);
  const std::string area = root.RequiredString("area");
  const json* array = root.RequiredArray("cases");
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    Case read = ReadCase((*array)[i], JoinPointer("/cases", i), over_sockets, problems);
    if (problems.any()) return cases;
    read.area = area;
    cases.push_back(over_sockets ? std::move(read) : Instantiate(read, AliasesAsSecrets(read)));
  }
  root.Finish();
  return cases;
}

}  // namespace keywalk::conformance
