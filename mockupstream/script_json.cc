#include "mockupstream/script_json.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "mockupstream/provider_answers.h"
#include "mockupstream/script_fault.h"

namespace keywalk::mock {
namespace {

using nlohmann::json;

constexpr std::size_t kShownBodyBytes = 4096;

json HeadersJson(const Headers& headers, const SecretMasker& masker) {
  json list = json::array();
  for (const Headers::Field field : headers) {
    list.push_back({field.name, masker.Mask(field.value)});
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

json LaneJson(const LaneState& state, const SecretMasker& masker) {
  const Lane& lane = state.lane();
  json steps = json::array();
  for (const ScriptStep& step : lane.steps) steps.push_back(StepJson(step, masker));
  json object = {{"name", masker.Mask(lane.name)},
                 {"at_end", ToString(lane.at_end)},
                 {"served", state.served()},
                 {"steps", std::move(steps)}};
  if (lane.model) object["model"] = ToJson(*lane.model);
  return object;
}

}  // namespace

json LanesJson(const LaneTable& lanes) {
  const SecretMasker masker = lanes.masker();
  json document = {{"lanes", json::array()}, {"default_lane", nullptr}};
  for (const auto& [key, state] : lanes.Lanes()) {
    json lane = LaneJson(*state, masker);
    if (key.empty()) {
      document["default_lane"] = std::move(lane);
    } else {
      lane["key"] = MaskKey(key);
      document["lanes"].push_back(std::move(lane));
    }
  }
  return document;
}

}  // namespace keywalk::mock
