#include "mockupstream/script/script_json.h"

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "mockupstream/answers/provider_answers.h"
#include "mockupstream/lanes/credential.h"
#include "mockupstream/script/chaos.h"
#include "mockupstream/script/script_fault.h"

namespace keywalk::mock {
namespace {

using nlohmann::json;

constexpr std::size_t kShownBodyBytes = 4096;

// Every string in a value masked, names of members too.
json MaskStrings(const json& value, const std::function<std::string(const std::string&)>& mask) {
  if (value.is_string()) return mask(value.get_ref<const std::string&>());
  if (!value.is_structured()) return value;
  json masked = value.is_array() ? json::array() : json::object();
  for (const auto& [name, member] : value.items()) {
    if (value.is_array()) {
      masked.push_back(MaskStrings(member, mask));
    } else {
      masked[mask(name)] = MaskStrings(member, mask);
    }
  }
  return masked;
}

json HeadersJson(const Headers& headers, const SecretMasker& masker) {
  json list = json::array();
  for (const Headers::Field field : headers) {
    list.push_back({masker.Mask(field.name), masker.Mask(field.value)});
  }
  return list;
}

json SseJson(const std::vector<SseEvent>& events, const SecretMasker& masker) {
  json list = json::array();
  for (const SseEvent& event : events) {
    json object = {{"data", masker.Mask(event.data)}};
    if (!event.event.empty()) object["event"] = masker.Mask(event.event);
    if (event.delay.count() > 0) object["delay_ms"] = event.delay.count();
    list.push_back(std::move(object));
  }
  return list;
}

json RespondJson(const AnswerSpec& spec, const SecretMasker& masker) {
  json object = ToJson(spec);
  for (const char* said : {"text", "model"}) {
    if (object.contains(said)) object[said] = masker.Mask(object[said].get<std::string>());
  }
  return object;
}

json StepJson(const ScriptStep& step, const SecretMasker& masker) {
  json object = json::object();
  if (step.respond) {
    object["respond"] = RespondJson(*step.respond, masker);
  } else {
    object["status"] = step.status;
  }
  if (!step.headers.empty()) object["headers"] = HeadersJson(step.headers, masker);
  if (step.body) {
    object["body_bytes"] = step.body->size();
    if (step.body->size() <= kShownBodyBytes) object["text"] = masker.Mask(*step.body);
  }
  if (!step.sse.empty()) object["sse"] = SseJson(step.sse, masker);
  if (step.delay.count() > 0) object["delay_ms"] = step.delay.count();
  if (step.chunked) object["chunked"] = true;
  if (!step.trailers.empty()) object["trailers"] = HeadersJson(step.trailers, masker);
  if (step.early) object["early"] = true;
  if (step.endless) object["endless"] = true;
  if (step.times != 1) object["times"] = step.times;
  if (step.fault) object["fault"] = FaultJson(*step.fault, masker);
  return object;
}

json SequenceJson(const StepSequence& sequence, const std::string& name, std::size_t served,
                  const SecretMasker& masker) {
  json steps = json::array();
  for (const ScriptStep& step : sequence.steps) steps.push_back(StepJson(step, masker));
  return {{"name", masker.Mask(name)},
          {"at_end", ToString(sequence.at_end)},
          {"served", served},
          {"steps", std::move(steps)}};
}

// What a match holds may be a key that has no lane, or that is only part of one.
json MatchJson(const RequestMatch& match, const SecretMasker& masker) {
  Headers headers;
  for (const FieldMatch& field : match.headers) {
    if (field.pattern && IsValidHeaderValue(*field.pattern))
      headers.Add(field.name, *field.pattern);
  }
  std::string target = "?";
  for (const FieldMatch& field : match.query) {
    if (field.name == "key") target += "key=" + field.pattern.value_or("");
  }
  const SecretMasker own(AllCredentials(headers, target));
  return MaskStrings(ToJson(match),
                     [&](const std::string& text) { return masker.Mask(own.Mask(text)); });
}

json ChaosJson(const Chaos& chaos, const SecretMasker& masker) {
  json draws = json::array();
  for (const Chaos::Draw& draw : chaos.draws) {
    json object = StepJson(draw.step, masker);
    object["probability"] = draw.probability;
    draws.push_back(std::move(object));
  }
  return {{"seed", chaos.seed}, {"draws", std::move(draws)}};
}

json LaneJson(const LaneTable::Progress& progress, const SecretMasker& masker) {
  const Lane& lane = progress.plan->lane();
  json object = SequenceJson(lane, lane.name, progress.served(0), masker);
  for (std::size_t i = 0; i < lane.routes.size(); ++i) {
    const Route& route = lane.routes[i];
    json shown = SequenceJson(route, route.name, progress.served(i + 1), masker);
    shown["match"] = MatchJson(route.match, masker);
    object["routes"].push_back(std::move(shown));
  }
  if (lane.chaos) object["chaos"] = ChaosJson(*lane.chaos, masker);
  if (lane.model) object["model"] = ToJson(*lane.model);
  return object;
}

}  // namespace

json LanesJson(const LaneTable& lanes) {
  const std::shared_ptr<const SecretMasker> known = lanes.masker();
  const SecretMasker& masker = *known;
  json document = {{"lanes", json::array()}, {"default_lane", nullptr}};
  for (const LaneTable::Progress& progress : lanes.Lanes()) {
    json lane = LaneJson(progress, masker);
    if (progress.key.empty()) {
      document["default_lane"] = std::move(lane);
    } else {
      lane["key"] = MaskKey(progress.key);
      document["lanes"].push_back(std::move(lane));
    }
  }
  return document;
}

}  // namespace keywalk::mock
