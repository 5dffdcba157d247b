#include "mockupstream/script.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "config/schema_version.h"
#include "keywalk/secret.h"
#include "mockupstream/model_gate.h"
#include "mockupstream/provider_answers.h"
#include "mockupstream/script_step.h"

namespace keywalk::mock {
namespace {

using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

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

// The steps of a lane that is an object, whose `model` has been read.
void ReadLaneSteps(ObjectReader& object, Lane& lane, JsonProblems& problems) {
  const json* steps = lane.model ? object.Array("steps") : object.RequiredArray("steps");
  if (steps != nullptr) {
    lane.steps = ReadSteps(*steps, object.PointerTo("steps"), lane.at_end, problems);
  } else if (lane.model) {
    if (object.Has("at_end")) object.Problem("at_end", "needs \"steps\"");
    lane.steps.push_back(SuccessStep(lane.model->provider));
    lane.at_end = AtEnd::kRepeatLast;
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
    if (DependsOnCost(*lane.model)) CheckNotEarly(lane, JoinPointer(pointer, "steps"));
  }

 private:
  void CheckNotEarly(const Lane& lane, const std::string& steps) const {
    for (std::size_t i = 0; i < lane.steps.size(); ++i) {
      if (!lane.steps[i].early) continue;
      problems_.Add(JoinPointer(JoinPointer(steps, i), "early"),
                    "cannot be before the body, which the lane's model counts");
    }
  }

  const OrganisationSpecs organisations_;
  const std::optional<Milliseconds> wall_at_zero_;
  JsonProblems& problems_;
};

// What stands in a script where a key may stand: the names in "lanes", and unknown names of the
// root (lanes that somebody forgot to put into "lanes"). An error text must not show them.
SecretMasker KeysOf(const json& root) {
  std::vector<std::string> keys;
  if (root.is_object()) {
    for (const auto& [name, value] : root.items()) {
      if (name == "lanes" && value.is_object()) {
        for (const auto& lane : value.items()) keys.push_back(lane.key());
      } else if (name != "default_lane" && name != "connections" && name != "organisations" &&
                 value.is_structured()) {
        keys.push_back(name);
      }
    }
  }
  return SecretMasker(std::move(keys));
}

Error MaskedError(const JsonProblems& problems, std::string_view text) {
  // Reads duplicate keys, too, which the strict parser stops at.
  const json root = json::parse(text.begin(), text.end(), nullptr, false);
  return Error(KeysOf(root).Mask(problems.error().message()));
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
  lane.at_end = ToAtEnd(
      object.Choice("at_end", ToString(default_at_end), {"fail_loud", "repeat_last", "loop"}));
  if (const json* model = object.Value("model")) {
    lane.model = ReadLaneModel(*model, object.PointerTo("model"), problems);
  }
  ReadLaneSteps(object, lane, problems);
  object.Finish();
  return lane;
}

Result<Script> ParseScript(std::string_view text, std::string_view source) {
  JsonProblems problems(source);
  const json root = config::ParseJson(text, problems);
  if (problems.any()) return MaskedError(problems, text);

  Script script;
  problems.AllowComments();
  ObjectReader object(root, "", problems);
  config::CheckSchemaVersion(object);
  const ModelContext models(object, problems);
  if (const json* lanes = object.Object("lanes")) {
    for (const auto& [key, value] : lanes->items()) {
      if (key == config::kComment && value.is_string()) continue;
      const std::string pointer = JoinPointer(object.PointerTo("lanes"), MaskKey(key));
      if (key.empty()) problems.Add(pointer, "is no key: use \"default_lane\"");
      Lane lane = ReadLane(value, pointer, AtEnd::kRepeatLast, problems);
      models.Complete(lane, pointer);
      script.lanes.emplace(key, std::move(lane));
    }
  }
  if (const json* lane = object.Value("default_lane")) {
    const std::string pointer = object.PointerTo("default_lane");
    script.default_lane = ReadLane(*lane, pointer, AtEnd::kRepeatLast, problems);
    models.Complete(*script.default_lane, pointer);
  }
  if (const json* connections = object.Value("connections")) {
    script.connections = ReadConnections(*connections, object.PointerTo("connections"), problems);
  }
  object.Finish();  // first: lanes that stand in the root are unknown keys, not missing ones
  if (script.lanes.empty() && !script.default_lane) {
    problems.Add("/lanes", "needs at least one lane, or give \"default_lane\"");
  }
  if (problems.any()) return MaskedError(problems, text);
  return script;
}

}  // namespace keywalk::mock
