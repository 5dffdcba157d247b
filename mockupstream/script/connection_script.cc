#include "mockupstream/script/connection_script.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "mockupstream/script/script_fault.h"

namespace keywalk::mock {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr IntegerRange kTimesRange{1, 1'000'000'000};

ConnectionScript::AtEnd ToAtEnd(std::string_view name) {
  if (name == "repeat_last") return ConnectionScript::AtEnd::kRepeatLast;
  if (name == "loop") return ConnectionScript::AtEnd::kLoop;
  return ConnectionScript::AtEnd::kServe;
}

ConnectionStep ReadConnectionStep(const json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  ConnectionStep step;
  if (const json* fault = object.Object("fault")) {
    step.fault = ReadAcceptFault(*fault, object.PointerTo("fault"), problems);
  }
  step.times = static_cast<std::size_t>(object.Integer("times", 1, kTimesRange));
  object.Finish();
  return step;
}

std::vector<ConnectionStep> ReadSteps(const json& array, const std::string& pointer,
                                      JsonProblems& problems) {
  std::vector<ConnectionStep> steps;
  if (array.empty()) problems.Add(pointer, "needs at least one step");
  for (std::size_t i = 0; i < array.size(); ++i) {
    steps.push_back(ReadConnectionStep(array[i], JoinPointer(pointer, i), problems));
  }
  return steps;
}

}  // namespace

ConnectionScript ReadConnections(const json& value, std::string pointer, JsonProblems& problems) {
  ConnectionScript script;
  if (value.is_array()) {
    script.steps = ReadSteps(value, pointer, problems);
    return script;
  }
  ObjectReader object(value, std::move(pointer), problems);
  if (const json* steps = object.RequiredArray("steps")) {
    script.steps = ReadSteps(*steps, object.PointerTo("steps"), problems);
  }
  script.at_end = ToAtEnd(object.Choice("at_end", "serve", {"serve", "repeat_last", "loop"}));
  object.Finish();
  return script;
}

}  // namespace keywalk::mock
