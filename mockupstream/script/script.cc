#include "mockupstream/script/script.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "config/schema_version.h"
#include "mockupstream/answers/provider_answers.h"
#include "mockupstream/model/model_gate.h"
#include "mockupstream/script/chaos.h"
#include "mockupstream/script/script_names.h"
#include "mockupstream/script/script_step.h"

namespace keywalk::mock {
namespace {

using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

AtEnd ToAtEnd(std::string_view name) {
  if (name == "fail_loud") return AtEnd::kFailLoud;
  if (name == "loop") return AtEnd::kLoop;
  return AtEnd::kRepeatLast;
}

std::vector<ScriptStep> ReadSteps(const json& array, const std::string& pointer, AtEnd at_end,
                                  JsonProblems& problems) {
  std::vector<ScriptStep> steps;
  for (std::size_t i = 0; i < array.size(); ++i) {
    steps.push_back(ReadStep(array[i], JoinPointer(pointer, i), problems));
  }
  // A lane that must never be asked is written as no steps and fail_loud.
  if (steps.empty() && at_end != AtEnd::kFailLoud) {
    problems.Add(pointer, "needs at least one step, or \"at_end\": \"fail_loud\"");
  }
  return steps;
}

// What a modelled lane without steps answers to what it admits.
ScriptStep SuccessStep(ModelProvider provider) {
  AnswerSpec spec;
  spec.name = std::string(ToString(provider)) + ".success";
  ScriptStep step;
  step.respond = std::make_shared<const AnswerSpec>(std::move(spec));
  return step;
}

// "steps" and "at_end" of a lane or a route.
void ReadSequence(ObjectReader& object, AtEnd default_at_end, StepSequence& sequence,
                  JsonProblems& problems) {
  sequence.at_end = ToAtEnd(
      object.Choice("at_end", ToString(default_at_end), {"fail_loud", "repeat_last", "loop"}));
  if (const json* steps = object.RequiredArray("steps")) {
    sequence.steps = ReadSteps(*steps, object.PointerTo("steps"), sequence.at_end, problems);
  }
}

// Those of a lane, whose routes and model have been read.
void ReadLaneSteps(ObjectReader& object, AtEnd default_at_end, Lane& lane, JsonProblems& problems) {
  if (object.Has("steps") || (!lane.model && lane.routes.empty())) {
    ReadSequence(object, default_at_end, lane, problems);
  } else if (lane.model) {
    if (object.Has("at_end")) object.Problem("at_end", "needs \"steps\"");
    lane.steps.push_back(SuccessStep(lane.model->provider));
    lane.at_end = AtEnd::kRepeatLast;
  } else {
    // What matches no route is not expected.
    lane.at_end = AtEnd::kFailLoud;
    if (object.String("at_end", "fail_loud") != "fail_loud") {
      object.Problem("at_end", "without steps there is \"fail_loud\" only");
    }
  }
}

std::vector<Route> ReadRoutes(ObjectReader& lane, JsonProblems& problems) {
  std::vector<Route> routes;
  const json* array = lane.Array("routes");
  if (array == nullptr) return routes;
  std::set<std::string> names;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const std::string pointer = JoinPointer(lane.PointerTo("routes"), i);
    ObjectReader object((*array)[i], pointer, problems);
    Route route;
    route.name = object.String("name", std::to_string(i));
    if (!names.insert(route.name).second) object.Problem("name", "another route has this name");
    if (const json* match = object.RequiredObject("match")) {
      route.match = ReadMatch(*match, object.PointerTo("match"), problems);
    }
    ReadSequence(object, AtEnd::kRepeatLast, route, problems);
    object.Finish();
    routes.push_back(std::move(route));
  }
  return routes;
}

void CheckBodyReadFirst(const std::vector<ScriptStep>& steps, const std::string& pointer,
                        JsonProblems& problems) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!AnswersBeforeBody(steps[i])) continue;
    problems.Add(JoinPointer(pointer, i),
                 "would answer before the request's body, which this lane reads to choose a step");
  }
}

void CheckChaos(const Lane& lane, const std::string& pointer, JsonProblems& problems) {
  if (!lane.chaos || !ReadsBodyFirst(lane)) return;
  for (std::size_t i = 0; i < lane.chaos->draws.size(); ++i) {
    if (!AnswersBeforeBody(lane.chaos->draws[i].step)) continue;
    problems.Add(JoinPointer(JoinPointer(pointer, "draws"), i),
                 "would answer before the request's body, which a lane reads to choose a step");
  }
}

// A lane that reads the body first cannot have steps that must not wait for it.
void CheckLane(const Lane& lane, const std::string& pointer, JsonProblems& problems) {
  if (!ReadsBodyFirst(lane)) return;
  CheckChaos(lane, JoinPointer(pointer, "chaos"), problems);
  CheckBodyReadFirst(lane.steps, JoinPointer(pointer, "steps"), problems);
  for (std::size_t i = 0; i < lane.routes.size(); ++i) {
    const std::string route = JoinPointer(JoinPointer(pointer, "routes"), i);
    CheckBodyReadFirst(lane.routes[i].steps, JoinPointer(route, "steps"), problems);
  }
}

// What models share: the organisations and the start of the clock.
class ModelContext {
 public:
  ModelContext(ObjectReader& root, JsonProblems& problems)
      : organisations_(ReadOrganisations(root, problems)),
        wall_at_zero_(ReadClockStart(root)),
        problems_(problems) {}

  // `pointer` is the lane's.
  void Complete(Lane& lane, const std::string& pointer) const {
    if (!lane.model) return;
    lane.model->wall_at_zero = wall_at_zero_;
    if (const std::string& name = lane.model->organisation_name; !name.empty()) {
      const auto found = organisations_.find(name);
      if (found == organisations_.end()) {
        problems_.Add(JoinPointer(JoinPointer(pointer, "model"), "organisation"),
                      "is not in /organisations");
      } else {
        lane.model->organisation = found->second;
      }
    }
  }

 private:
  const OrganisationSpecs organisations_;
  const std::optional<Milliseconds> wall_at_zero_;
  JsonProblems& problems_;
};

// A lane whose key no request can have would never be asked.
void CheckKey(std::string_view key, const std::string& pointer, JsonProblems& problems) {
  constexpr std::string_view kScheme = "Bearer ";
  if (key.empty()) {
    problems.Add(pointer, "is no key: use \"default_lane\"");
  } else if (std::any_of(key.begin(), key.end(), IsControl)) {
    problems.Add(pointer, "a key holds no control characters");
  } else if (TrimWhitespace(key) != key) {
    problems.Add(pointer, "a key has no blank at its beginning or end");
  } else if (EqualsIgnoreCase(key.substr(0, kScheme.size()), kScheme)) {
    problems.Add(pointer, "give the key alone, without \"Bearer\"");
  }
}

// A name stands for one lane, and for its key where that must not be shown.
void CheckLaneNames(const Script& script, JsonProblems& problems) {
  std::set<std::string_view> names;
  const auto check = [&](std::string_view name, const std::string& pointer) {
    const std::string place = JoinPointer(pointer, "name");
    if (script.lanes.contains(name)) problems.Add(place, "is a key of this script");
    if (!names.insert(name).second) problems.Add(place, "another lane has this name");
  };
  if (script.default_lane) {
    const std::string& name = script.default_lane->name;
    check(name.empty() ? kDefaultLaneName : std::string_view(name), "/default_lane");
  }
  for (const auto& [key, lane] : script.lanes) {
    if (!lane.name.empty()) check(lane.name, JoinPointer("/lanes", key));
  }
}

// For the lanes that have none of their own.
void SetChaos(const std::shared_ptr<const Chaos>& chaos, const std::string& pointer, Script& script,
              JsonProblems& problems) {
  const auto set = [&](Lane& lane) {
    if (lane.chaos) return;
    lane.chaos = chaos;
    CheckChaos(lane, pointer, problems);
  };
  for (auto& [key, lane] : script.lanes) set(lane);
  if (script.default_lane) set(*script.default_lane);
}

}  // namespace

std::string_view ToString(AtEnd at_end) {
  switch (at_end) {
    case AtEnd::kFailLoud:
      return "fail_loud";
    case AtEnd::kRepeatLast:
      return "repeat_last";
    case AtEnd::kLoop:
      return "loop";
  }
  return "?";
}

bool ReadsBodyFirst(const Lane& lane) {
  if (lane.model && DependsOnCost(*lane.model)) return true;
  return std::any_of(lane.routes.begin(), lane.routes.end(),
                     [](const Route& route) { return route.match.json != nullptr; });
}

bool AnswersBeforeBody(const ScriptStep& step) {
  return step.early || (step.fault && IsInRequest(step.fault->at));
}

Lane ReadLane(const json& value, std::string pointer, AtEnd default_at_end,
              JsonProblems& problems) {
  Lane lane;
  lane.at_end = default_at_end;
  if (value.is_array()) {
    lane.steps = ReadSteps(value, pointer, lane.at_end, problems);
    return lane;
  }
  ObjectReader object(value, std::move(pointer), problems);
  lane.name = object.String("name");
  lane.routes = ReadRoutes(object, problems);
  if (const json* model = object.Value("model")) {
    lane.model = ReadLaneModel(*model, object.PointerTo("model"), problems);
  }
  ReadLaneSteps(object, default_at_end, lane, problems);
  if (const json* chaos = object.Value("chaos")) {
    lane.chaos =
        std::make_shared<const Chaos>(ReadChaos(*chaos, object.PointerTo("chaos"), problems));
  }
  object.Finish();
  return lane;
}

Result<Script> ParseScript(std::string_view text, std::string_view source) {
  JsonProblems problems(source);
  problems.MaskNamesUnless(&MayShowScriptName);
  const json root = config::ParseJson(text, problems);
  if (problems.any()) return problems.error();

  Script script;
  problems.AllowComments();
  ObjectReader object(root, "", problems);
  config::CheckSchemaVersion(object);
  const ModelContext models(object, problems);
  if (const json* lanes = object.Object("lanes")) {
    for (const auto& [key, value] : lanes->items()) {
      if (problems.IsComment(key, value)) continue;
      const std::string pointer = JoinPointer(object.PointerTo("lanes"), key);
      CheckKey(key, pointer, problems);
      Lane lane = ReadLane(value, pointer, AtEnd::kRepeatLast, problems);
      models.Complete(lane, pointer);
      CheckLane(lane, pointer, problems);
      script.lanes.emplace(key, std::move(lane));
    }
  }
  if (const json* lane = object.Value("default_lane")) {
    const std::string pointer = object.PointerTo("default_lane");
    script.default_lane = ReadLane(*lane, pointer, AtEnd::kRepeatLast, problems);
    models.Complete(*script.default_lane, pointer);
    CheckLane(*script.default_lane, pointer, problems);
  }
  if (const json* connections = object.Value("connections")) {
    script.connections = ReadConnections(*connections, object.PointerTo("connections"), problems);
  }
  if (const json* chaos = object.Value("chaos")) {
    const std::string place = object.PointerTo("chaos");
    SetChaos(std::make_shared<const Chaos>(ReadChaos(*chaos, place, problems)), place, script,
             problems);
  }
  CheckLaneNames(script, problems);
  object.Finish();  // first: lanes that stand in the root are unknown keys, not missing ones
  if (script.lanes.empty() && !script.default_lane) {
    problems.Add("/lanes", "needs at least one lane, or give \"default_lane\"");
  }
  if (problems.any()) return problems.error();
  return script;
}

}  // namespace keywalk::mock
