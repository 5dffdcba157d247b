#include "sim/world/clients_json.h"

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <variant>

namespace keywalk::sim {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::int64_t kMaxPeriodMs = 10ll * 365 * 86'400'000;
constexpr IntegerRange kPeriods{1, kMaxPeriodMs};
constexpr IntegerRange kWaits{0, kMaxPeriodMs};
constexpr double kMaxPerSecond = 1e6;
constexpr double kMaxBodyBytes = 128.0 * 1024 * 1024;
constexpr double kMaxTokens = 1e9;
constexpr std::int64_t kMaxUsers = 1'000'000;

// A required number from `least` to `most`.
double RequiredNumber(ObjectReader& object, std::string_view key, double least, double most) {
  const json* const value = object.Value(key);
  if (value != nullptr && value->is_number() && value->get<double>() >= least &&
      value->get<double>() <= most) {
    return value->get<double>();
  }
  object.Problem(key, "expected a number from " + json(least).dump() + " to " + json(most).dump());
  return most;
}

double OptionalNumber(ObjectReader& object, std::string_view key, double default_value,
                      double most) {
  return object.Has(key) ? RequiredNumber(object, key, 0, most) : default_value;
}

constexpr double kLeastPerSecond = 1e-9;  // a call in thirty years

Arrivals ReadPoisson(ObjectReader& object) {
  PoissonArrivals poisson;
  poisson.per_second = RequiredNumber(object, "per_second", kLeastPerSecond, kMaxPerSecond);
  return poisson;
}

Arrivals ReadBursts(ObjectReader& object) {
  BurstArrivals bursts;
  bursts.every = Milliseconds(object.RequiredInteger("every_ms", kPeriods));
  bursts.size = object.RequiredInteger("size", {1, kMaxUsers});
  bursts.spread = Milliseconds(object.Integer("spread_ms", 0, kWaits));
  if (bursts.spread > bursts.every) object.Problem("spread_ms", "must not exceed every_ms");
  return bursts;
}

Arrivals ReadDiurnal(ObjectReader& object) {
  DiurnalArrivals diurnal;
  diurnal.per_second = RequiredNumber(object, "per_second", kLeastPerSecond, kMaxPerSecond);
  diurnal.swing = OptionalNumber(object, "swing", diurnal.swing, 1);
  diurnal.period = Milliseconds(object.Integer("period_ms", diurnal.period.count(), kPeriods));
  return diurnal;
}

Arrivals ReadClosed(ObjectReader& object, JsonProblems& problems) {
  ClosedArrivals closed;
  closed.users = object.RequiredInteger("users", {1, kMaxUsers});
  if (const json* const think = object.Value("think_ms")) {
    closed.think_ms = ReadDistribution(*think, object.PointerTo("think_ms"),
                                       static_cast<double>(kMaxPeriodMs), problems);
  }
  return closed;
}

Arrivals ReadListed(ObjectReader& object) {
  ListedArrivals listed;
  const json* const times = object.RequiredArray("at_ms");
  if (times == nullptr) return listed;
  std::int64_t last = 0;
  for (const json& time : *times) {
    if (!time.is_number_integer() || time.get<std::int64_t>() < last ||
        time.get<std::int64_t>() > kMaxPeriodMs) {
      object.Problem("at_ms", "expected times in milliseconds, none before the one in front of it");
      break;
    }
    last = time.get<std::int64_t>();
    listed.at.emplace_back(last);
  }
  return listed;
}

Arrivals ReadArrivals(const json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  if (!object.Has("kind")) object.Problem("kind", "is required");
  const std::string kind =
      object.Choice("kind", "poisson", {"poisson", "bursts", "diurnal", "closed", "listed"});
  Arrivals arrivals = PoissonArrivals{};
  if (kind == "poisson") arrivals = ReadPoisson(object);
  if (kind == "bursts") arrivals = ReadBursts(object);
  if (kind == "diurnal") arrivals = ReadDiurnal(object);
  if (kind == "closed") arrivals = ReadClosed(object, problems);
  if (kind == "listed") arrivals = ReadListed(object);
  object.Finish();
  return arrivals;
}

ClientRetries ReadRetries(const json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  ClientRetries retries;
  retries.max = object.RequiredInteger("max", {0, 100});
  retries.initial = Milliseconds(object.Integer("initial_ms", retries.initial.count(), kWaits));
  retries.longest = Milliseconds(object.Integer("longest_ms", retries.longest.count(), kWaits));
  retries.jitter = OptionalNumber(object, "jitter", retries.jitter, 1);
  retries.max_retry_after =
      Milliseconds(object.Integer("max_retry_after_ms", retries.max_retry_after.count(), kWaits));
  object.Finish();
  return retries;
}

ClientGroup ReadGroup(const json& value, std::string pointer, std::int64_t replicas,
                      JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  ClientGroup group;
  group.name = object.RequiredString("name");
  if (const json* const arrivals = object.RequiredObject("arrivals")) {
    group.arrivals = ReadArrivals(*arrivals, object.PointerTo("arrivals"), problems);
  }
  if (const json* const retries = object.Object("retries")) {
    group.retries = ReadRetries(*retries, object.PointerTo("retries"), problems);
  }
  if (object.Has("deadline_ms")) {
    group.deadline = Milliseconds(object.Integer("deadline_ms", 1, kPeriods));
  }
  const auto read = [&](std::string_view key, double max, Distribution& into) {
    const json* const member = object.Value(key);
    if (member != nullptr) into = ReadDistribution(*member, object.PointerTo(key), max, problems);
  };
  read("body_bytes", kMaxBodyBytes, group.body_bytes);
  read("input_tokens", kMaxTokens, group.input_tokens);
  read("output_tokens", kMaxTokens, group.output_tokens);
  group.streamed = OptionalNumber(object, "streamed", 0, 1);
  if (object.Has("replica")) group.replica = object.Integer("replica", 0, {0, replicas - 1});
  object.Finish();
  return group;
}

ordered_json ArrivalsJson(const PoissonArrivals& poisson) {
  return {{"kind", "poisson"}, {"per_second", poisson.per_second}};
}
ordered_json ArrivalsJson(const BurstArrivals& bursts) {
  return {{"kind", "bursts"},
          {"every_ms", bursts.every.count()},
          {"size", bursts.size},
          {"spread_ms", bursts.spread.count()}};
}
ordered_json ArrivalsJson(const DiurnalArrivals& diurnal) {
  return {{"kind", "diurnal"},
          {"per_second", diurnal.per_second},
          {"swing", diurnal.swing},
          {"period_ms", diurnal.period.count()}};
}
ordered_json ArrivalsJson(const ClosedArrivals& closed) {
  return {{"kind", "closed"}, {"users", closed.users}, {"think_ms", ToJson(closed.think_ms)}};
}
ordered_json ArrivalsJson(const ListedArrivals& listed) {
  ordered_json times = ordered_json::array();
  for (const Milliseconds at : listed.at) times.push_back(at.count());
  return {{"kind", "listed"}, {"at_ms", std::move(times)}};
}

}  // namespace

std::vector<ClientGroup> ReadClients(const json& array, const std::string& pointer,
                                     std::int64_t replicas, JsonProblems& problems) {
  std::vector<ClientGroup> clients;
  for (std::size_t i = 0; i < array.size(); ++i) {
    clients.push_back(ReadGroup(array[i], JoinPointer(pointer, i), replicas, problems));
  }
  return clients;
}

ordered_json ClientsJson(const std::vector<ClientGroup>& clients) {
  ordered_json array = ordered_json::array();
  for (const ClientGroup& group : clients) {
    ordered_json object = {{"name", group.name}};
    object["arrivals"] =
        std::visit([](const auto& arrivals) { return ArrivalsJson(arrivals); }, group.arrivals);
    if (group.retries.max > 0) {
      object["retries"] = {{"max", group.retries.max},
                           {"initial_ms", group.retries.initial.count()},
                           {"longest_ms", group.retries.longest.count()},
                           {"jitter", group.retries.jitter},
                           {"max_retry_after_ms", group.retries.max_retry_after.count()}};
    }
    if (group.deadline) object["deadline_ms"] = group.deadline->count();
    object["body_bytes"] = ToJson(group.body_bytes);
    object["input_tokens"] = ToJson(group.input_tokens);
    object["output_tokens"] = ToJson(group.output_tokens);
    if (group.streamed > 0) object["streamed"] = group.streamed;
    if (group.replica) object["replica"] = *group.replica;
    array.push_back(std::move(object));
  }
  return array;
}

}  // namespace keywalk::sim
