#include "mockupstream/model/key_model_json.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "keywalk/retry_after.h"

namespace keywalk::mock {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr IntegerRange kLimitRange{1, kMaxLimit};
constexpr IntegerRange kPerRange{1, kMaxLimitPer.count()};
// Times on the mock's clock, as long as it can be advanced.
constexpr IntegerRange kTimeRange{0, 1'000'000'000'000'000};

// In the order of their enumerations.
constexpr std::array<std::string_view, 3> kKinds{"token_bucket", "fixed_window", "daily_quota"};
constexpr std::array<std::string_view, 4> kCounts{"requests", "tokens", "input_tokens",
                                                  "output_tokens"};

struct NamedPeriod {
  std::string_view name;
  Milliseconds length;
};
constexpr std::array<NamedPeriod, 4> kPeriods{{{"second", Milliseconds(1000)},
                                               {"minute", Milliseconds(60'000)},
                                               {"hour", Milliseconds(3'600'000)},
                                               {"day", kLimitDay}}};

// The member as one of `names`, by its place in them. It must be there.
template <typename Names>
std::size_t RequiredChoice(ObjectReader& object, std::string_view key, const Names& names) {
  if (!object.Has(key)) object.Problem(key, "is required");
  return object.ChoiceIndex(key, names);
}

Milliseconds ReadPer(ObjectReader& object, LimitKind kind) {
  std::vector<std::string_view> names;
  for (const NamedPeriod& period : kPeriods) names.push_back(period.name);
  const std::string name = object.Choice("per", "minute", names);
  const Milliseconds per(object.Integer("per_ms", 60'000, kPerRange));
  if (kind == LimitKind::kDailyQuota) {
    for (const std::string_view key : {"per", "per_ms"}) {
      if (object.Has(key)) object.Problem(key, "a daily quota is per day already");
    }
    return kLimitDay;
  }
  if (object.Has("per") == object.Has("per_ms")) {
    object.Problem("per", "needs this or \"per_ms\", and not both");
  }
  if (object.Has("per_ms")) return per;
  const auto* const period = std::find_if(kPeriods.begin(), kPeriods.end(),
                                          [&](const auto& entry) { return entry.name == name; });
  return period->length;
}

LimitSpec ReadLimit(const json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  LimitSpec limit;
  limit.kind = static_cast<LimitKind>(RequiredChoice(object, "kind", kKinds));
  limit.counted = static_cast<Counted>(RequiredChoice(object, "count", kCounts));
  limit.limit = object.RequiredInteger("limit", kLimitRange);
  limit.per = ReadPer(object, limit.kind);
  limit.burst = object.Integer("burst", limit.limit, kLimitRange);
  if (object.Has("burst") && limit.kind != LimitKind::kTokenBucket) {
    object.Problem("burst", "goes with \"kind\": \"token_bucket\" only");
  }
  object.Finish();
  return limit;
}

std::vector<LimitSpec> ReadLimits(const json& array, const std::string& pointer,
                                  JsonProblems& problems) {
  std::vector<LimitSpec> limits;
  for (std::size_t i = 0; i < array.size(); ++i) {
    limits.push_back(ReadLimit(array[i], JoinPointer(pointer, i), problems));
  }
  return limits;
}

Outage ReadOutage(const json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  Outage outage;
  outage.from = Milliseconds(object.RequiredInteger("from_ms", kTimeRange));
  outage.to = Milliseconds(object.RequiredInteger("to_ms", kTimeRange));
  if (object.Has("from_ms") && object.Has("to_ms") && outage.to <= outage.from) {
    object.Problem("to_ms", "must be later than from_ms");
  }
  outage.status = static_cast<int>(object.Integer("status", 503, {401, 599}));
  if (outage.status != 401 && outage.status < 500) {
    object.Problem("status", "must be 401, or 500 to 599");
  }
  object.Finish();
  return outage;
}

json LimitJson(const LimitSpec& limit) {
  json object = {{"kind", kKinds[static_cast<std::size_t>(limit.kind)]},
                 {"count", kCounts[static_cast<std::size_t>(limit.counted)]},
                 {"limit", limit.limit}};
  if (limit.kind == LimitKind::kTokenBucket) object["burst"] = limit.burst;
  if (limit.kind == LimitKind::kDailyQuota) return object;
  for (const NamedPeriod& period : kPeriods) {
    if (period.length == limit.per) object["per"] = period.name;
  }
  if (!object.contains("per")) object["per_ms"] = limit.per.count();
  return object;
}

json LimitsJson(const std::vector<LimitSpec>& limits) {
  json list = json::array();
  for (const LimitSpec& limit : limits) list.push_back(LimitJson(limit));
  return list;
}

// The place's integer, if that is what stands there; a float as whole tokens would be a guess.
std::optional<std::int64_t> IntegerAt(const json& body, const json::json_pointer& place) {
  if (!body.is_object() || !body.contains(place)) return std::nullopt;
  const json& value = body[place];
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned()) {
    return static_cast<std::int64_t>(
        std::min(value.get<std::uint64_t>(), std::uint64_t{INT64_MAX}));
  }
  return value.get<std::int64_t>();
}

}  // namespace

LaneModel ReadLaneModel(const json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  LaneModel model;
  const std::span<const std::string_view> providers = ModelProviderNames();
  model.provider = static_cast<ModelProvider>(RequiredChoice(object, "provider", providers));
  model.organisation_name = object.String("organisation");
  if (object.Has("organisation") && model.organisation_name.empty()) {
    object.Problem("organisation", "is no name: leave it out for a key without one");
  }
  if (const json* limits = object.Array("limits")) {
    model.key.limits = ReadLimits(*limits, object.PointerTo("limits"), problems);
  }
  if (object.Has("revoked_at_ms")) {
    model.key.revoked_at = Milliseconds(object.Integer("revoked_at_ms", 0, kTimeRange));
  }
  if (const json* outages = object.Array("outages")) {
    for (std::size_t i = 0; i < outages->size(); ++i) {
      model.key.outages.push_back(
          ReadOutage((*outages)[i], JoinPointer(object.PointerTo("outages"), i), problems));
    }
  }
  object.Finish();
  return model;
}

OrganisationSpecs ReadOrganisations(ObjectReader& root, JsonProblems& problems) {
  OrganisationSpecs organisations;
  const json* object = root.Object("organisations");
  if (object == nullptr) return organisations;
  for (const auto& [name, value] : object->items()) {
    if (name == config::kComment && value.is_string()) continue;
    const std::string pointer = JoinPointer(root.PointerTo("organisations"), name);
    if (name.empty()) problems.Add(pointer, "needs a name");
    ObjectReader organisation(value, pointer, problems);
    if (const json* limits = organisation.RequiredArray("limits")) {
      organisations[name] = std::make_shared<const OrganisationSpec>(
          ReadLimits(*limits, organisation.PointerTo("limits"), problems));
      if (limits->empty()) organisation.Problem("limits", "needs at least one limit");
    }
    organisation.Finish();
  }
  return organisations;
}

json ToJson(const LaneModel& model) {
  json object = {{"provider", ToString(model.provider)}};
  if (model.organisation) {
    object["organisation"] = model.organisation_name;
    object["organisation_limits"] = LimitsJson(*model.organisation);
  }
  if (!model.key.limits.empty()) object["limits"] = LimitsJson(model.key.limits);
  if (model.key.revoked_at) object["revoked_at_ms"] = model.key.revoked_at->count();
  for (const Outage& outage : model.key.outages) {
    object["outages"].push_back({{"from_ms", outage.from.count()},
                                 {"to_ms", outage.to.count()},
                                 {"status", outage.status}});
  }
  return object;
}

std::optional<Milliseconds> ReadClockStart(ObjectReader& root) {
  constexpr std::string_view kMember = "clock_starts_at";
  if (!root.Has(kMember)) return std::nullopt;
  const std::string text = root.String(kMember);
  const std::optional<WallTime> time = ParseRfc3339(text);
  if (!time) {
    root.Problem(kMember, "expected a date and time such as \"2026-01-01T00:00:00Z\" (RFC 3339)");
    return std::nullopt;
  }
  return std::chrono::floor<Milliseconds>(time->time_since_epoch());
}

RequestCost EstimateCost(std::uint64_t body_bytes, const json* body) {
  constexpr std::uint64_t kBytesPerToken = 4;
  RequestCost cost;
  cost.input_tokens = static_cast<std::int64_t>(body_bytes / kBytesPerToken +
                                                (body_bytes % kBytesPerToken != 0 ? 1 : 0));
  if (body == nullptr) return cost;
  for (const char* place : {"/max_completion_tokens", "/max_output_tokens", "/max_tokens",
                            "/generationConfig/maxOutputTokens", "/inferenceConfig/maxTokens"}) {
    const std::optional<std::int64_t> allowed = IntegerAt(*body, json::json_pointer(place));
    if (!allowed) continue;
    cost.output_tokens = std::max(*allowed, std::int64_t{0});
    break;
  }
  return cost;
}

}  // namespace keywalk::mock
