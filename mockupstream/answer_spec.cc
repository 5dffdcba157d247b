// The step member "respond": which answer of the catalogue a script asks for.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>
#include <vector>

#include "mockupstream/answer_catalogue.h"
#include "mockupstream/provider_answers.h"

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

// How many insertions, deletions and replacements make one text of the other.
std::size_t EditDistance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string UnknownAnswer(std::string_view name) {
  std::vector<std::pair<std::size_t, std::string>> names;
  for (std::string& each : AnswerNames()) {
    const std::size_t distance = EditDistance(name.substr(0, kMaxNameBytes), each);
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
