// The step member "respond": which answer of the catalogue a script asks for.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "mockupstream/answers/answer_catalogue.h"
#include "mockupstream/answers/provider_answers.h"
#include "mockupstream/script/edit_distance.h"

namespace keywalk::mock {
namespace {

using config::IntegerRange;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr IntegerRange kRetryAfterRange{0, 1'000'000'000'000};
constexpr std::size_t kNearestNames = 3;
// Names are short; a longer text is none, and is not measured.
constexpr std::size_t kMaxNameBytes = 100;

}  // namespace

std::string UnknownAnswer(std::string_view typed) {
  // As the catalogue writes names, so that "OpenAI.Rate_Limited" is near.
  std::string name(typed.substr(0, kMaxNameBytes));
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  std::vector<std::pair<std::size_t, std::string>> names;
  for (std::string& each : AnswerNames()) {
    const std::size_t distance = EditDistance(name, each);
    names.emplace_back(distance, std::move(each));
  }
  std::sort(names.begin(), names.end());
  std::string reason = "is no answer of the catalogue; the nearest are ";
  for (std::size_t i = 0; i < std::min(kNearestNames, names.size()); ++i) {
    reason += (i == 0 ? "" : ", ") + names[i].second;
  }
  return reason + " (`keywalk-mock answers` lists all)";
}

AnswerSpec ReadAnswerSpec(const json& value, std::string pointer, JsonProblems& problems) {
  AnswerSpec spec;
  if (value.is_string()) {
    spec.name = value.get<std::string>();
    if (!HasAnswer(spec.name)) problems.Add(pointer, UnknownAnswer(spec.name));
    return spec;
  }
  if (!value.is_object()) {
    problems.Add(pointer, "expected a string or an object");
    return spec;
  }
  ObjectReader object(value, std::move(pointer), problems);
  spec.name = object.RequiredString("answer");
  if (object.Has("retry_after_ms")) {
    spec.retry_after =
        std::chrono::milliseconds(object.RequiredInteger("retry_after_ms", kRetryAfterRange));
  }
  if (object.Has("text")) spec.text = object.RequiredString("text");
  spec.model = object.String("model");
  const CatalogueAnswer* answer = FindAnswer(spec.name).answer;
  if (answer == nullptr) {
    if (object.Has("answer")) object.Problem("answer", UnknownAnswer(spec.name));
  } else {
    if (spec.retry_after && !answer->tells_wait) {
      object.Problem("retry_after_ms", "this answer tells no wait");
    }
    if (spec.text && !answer->has_text) object.Problem("text", "this answer says no text");
  }
  object.Finish();
  return spec;
}

json ToJson(const AnswerSpec& spec) {
  json object = {{"answer", spec.name}};
  if (spec.retry_after) object["retry_after_ms"] = spec.retry_after->count();
  if (spec.text) object["text"] = *spec.text;
  if (!spec.model.empty()) object["model"] = spec.model;
  return object;
}

}  // namespace keywalk::mock
