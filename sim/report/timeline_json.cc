#include "sim/report/timeline_json.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace keywalk::sim {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;
using nlohmann::ordered_json;

constexpr IntegerRange kPartLength{1, std::numeric_limits<std::int64_t>::max()};
constexpr std::int64_t kMostParts = 100'000;
constexpr std::uint64_t kWholePart = 1000;  // thousandths

template <typename Number>
void PutSeries(ordered_json& object, std::string_view name, const std::vector<Number>& values) {
  if (std::any_of(values.begin(), values.end(), [](Number value) { return value != 0; })) {
    object[std::string(name)] = values;
  }
}

// All of the timeline's length; zeros if absent.
template <typename Number>
std::vector<Number> ReadSeries(ObjectReader& object, std::string_view name, std::size_t parts,
                               std::uint64_t most, JsonProblems& problems) {
  std::vector<Number> values(parts);
  const json* array = object.Array(name);
  if (array == nullptr) return values;
  if (array->size() != parts) {
    object.Problem(name, "expected a number for each part");
    return values;
  }
  for (std::size_t i = 0; i < parts; ++i) {
    const json& value = (*array)[i];
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) {
      problems.Add(JoinPointer(object.PointerTo(name), i),
                   "expected a whole number from 0 to " + std::to_string(most));
      return values;
    }
    values[i] = static_cast<Number>(value.get<std::uint64_t>());
  }
  return values;
}

}  // namespace

ordered_json TimelineToJson(const Timeline& timeline) {
  ordered_json object = {{"part_ns", timeline.part.count()}, {"parts", timeline.requests.size()}};
  PutSeries(object, "requests", timeline.requests);
  ordered_json outcomes = ordered_json::object();
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    PutSeries(outcomes, ToString(static_cast<Outcome>(i)), timeline.outcomes[i]);
  }
  object["outcomes"] = std::move(outcomes);
  ordered_json keys = ordered_json::array();
  for (const Timeline::Key& key : timeline.keys) {
    ordered_json series = ordered_json::object();
    PutSeries(series, "attempts", key.attempts);
    PutSeries(series, "successes", key.successes);
    PutSeries(series, "refusals", key.refusals);
    PutSeries(series, "cooling", key.cooling);
    PutSeries(series, "permanent", key.permanent);
    keys.push_back(std::move(series));
  }
  object["keys"] = std::move(keys);
  return object;
}

Timeline ReadTimeline(const json& value, const std::string& pointer, std::size_t keys,
                      JsonProblems& problems) {
  constexpr std::uint64_t kMostCounted = std::numeric_limits<std::uint32_t>::max();
  Timeline timeline;
  ObjectReader object(value, pointer, problems);
  timeline.part = Duration(object.RequiredInteger("part_ns", kPartLength));
  const auto parts = static_cast<std::size_t>(object.RequiredInteger("parts", {1, kMostParts}));
  const auto counts = [&](ObjectReader& of, std::string_view name) {
    return ReadSeries<std::uint32_t>(of, name, parts, kMostCounted, problems);
  };
  const auto shares = [&](ObjectReader& of, std::string_view name) {
    return ReadSeries<std::uint16_t>(of, name, parts, kWholePart, problems);
  };
  timeline.requests = counts(object, "requests");
  if (const json* outcomes = object.RequiredObject("outcomes")) {
    ObjectReader of(*outcomes, object.PointerTo("outcomes"), problems);
    for (std::size_t i = 0; i < kOutcomes; ++i) {
      timeline.outcomes[i] = counts(of, ToString(static_cast<Outcome>(i)));
    }
    of.Finish();
  }
  const json* array = object.RequiredArray("keys");
  if (array != nullptr && array->size() != keys) {
    object.Problem("keys", "expected as many as the world has");
  }
  for (std::size_t i = 0; array != nullptr && i < array->size() && i < keys; ++i) {
    ObjectReader key((*array)[i], JoinPointer(object.PointerTo("keys"), i), problems);
    timeline.keys.push_back({.attempts = counts(key, "attempts"),
                             .successes = counts(key, "successes"),
                             .refusals = counts(key, "refusals"),
                             .cooling = shares(key, "cooling"),
                             .permanent = shares(key, "permanent")});
    key.Finish();
  }
  object.Finish();
  return timeline;
}

}  // namespace keywalk::sim
