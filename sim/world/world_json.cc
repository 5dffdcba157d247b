#include "sim/world/world_json.h"

#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "config/json_reader.h"
#include "config/schema_version.h"
#include "keywalk/provider.h"
#include "sim/world/clients_json.h"

namespace keywalk::sim {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::int64_t kMaxTimeMs = 100ll * 365 * 86'400'000;  // pools know some 73 years
constexpr IntegerRange kTimes{0, kMaxTimeMs};
constexpr IntegerRange kSkews{-kMaxTimeMs, kMaxTimeMs};
constexpr double kMaxLatencyMs = 86'400'000;
constexpr std::int64_t kMaxReplicas = 1000;
constexpr std::int64_t kMaxKeys = 10'000;

constexpr std::array<std::string_view, 5> kHintForms{"provider", "seconds", "milliseconds",
                                                     "http-date", "none"};
constexpr std::array<std::string_view, 4> kFaultNames{"none", "reset_before_head", "reset_in_body",
                                                      "no_answer"};

GatewaySpec ReadGateways(const json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  GatewaySpec gateways;
  gateways.replicas = object.Integer("replicas", 1, {1, kMaxReplicas});
  gateways.shared_key_state = object.Choice("key_state", "own", {"own", "shared"}) == "shared";
  gateways.head_timeout = Milliseconds(
      object.Integer("head_timeout_ms", gateways.head_timeout.count(), {1, kMaxTimeMs}));
  gateways.wall_skew = Milliseconds(object.Integer("wall_skew_ms", 0, kSkews));
  if (const json* const restarts = object.Array("restarts")) {
    for (std::size_t i = 0; i < restarts->size(); ++i) {
      ObjectReader entry((*restarts)[i], JoinPointer(object.PointerTo("restarts"), i), problems);
      Restart restart;
      restart.at = Milliseconds(entry.RequiredInteger("at_ms", kTimes));
      restart.replica = entry.Integer("replica", 0, {0, gateways.replicas - 1});
      entry.Finish();
      gateways.restarts.push_back(restart);
    }
  }
  object.Finish();
  return gateways;
}

ListedAnswer ReadAnswer(const json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  ListedAnswer answer;
  answer.status = static_cast<int>(object.Integer("status", 200, {200, 599}));
  if (object.Has("retry_after_ms")) {
    answer.retry_after = Milliseconds(object.Integer("retry_after_ms", 0, kTimes));
  }
  answer.takes = Milliseconds(object.Integer("takes_ms", 0, kTimes));
  answer.fault = static_cast<ListedAnswer::Fault>(object.ChoiceIndex("fault", kFaultNames));
  object.Finish();
  return answer;
}

RetryHint ReadHint(const json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  RetryHint hint;
  hint.form = static_cast<RetryHint::Form>(object.ChoiceIndex("form", kHintForms));
  hint.skew = Milliseconds(object.Integer("skew_ms", 0, kSkews));
  object.Finish();
  return hint;
}

// An entry of "keys", which stands for "count" of them.
void ReadKeys(const json& value, std::string pointer, const mock::OrganisationSpecs& organisations,
              std::vector<KeySpec>& keys, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  KeySpec key;
  key.name = object.RequiredString("name");
  const std::int64_t count = object.Integer("count", 1, {1, kMaxKeys});
  if (const json* const model = object.Object("model")) {
    key.model = mock::ReadLaneModel(*model, object.PointerTo("model"), problems);
    if (!key.model.organisation_name.empty()) {
      const auto found = organisations.find(key.model.organisation_name);
      if (found == organisations.end()) {
        problems.Add(JoinPointer(object.PointerTo("model"), "organisation"),
                     "no organisation of that name in \"organisations\"");
      } else {
        key.model.organisation = found->second;
      }
    }
  }
  if (const json* const hint = object.Object("retry_hint")) {
    key.hint = ReadHint(*hint, object.PointerTo("retry_hint"), problems);
  }
  if (const json* const answers = object.Array("answers")) {
    for (std::size_t i = 0; i < answers->size(); ++i) {
      key.answers.push_back(
          ReadAnswer((*answers)[i], JoinPointer(object.PointerTo("answers"), i), problems));
    }
    if (object.Has("model")) object.Problem("answers", "goes without \"model\"");
    key.revoked = object.Boolean("revoked", false);
  }
  object.Finish();
  if (problems.any()) return;
  for (std::int64_t i = 0; i < count; ++i) {
    keys.push_back(key);
    if (count > 1) keys.back().name += "-" + std::to_string(i);
  }
}

double ReadProbability(ObjectReader& object, std::string_view key, JsonProblems& problems) {
  const json* const value = object.Value(key);
  if (value == nullptr) return 0;
  if (value->is_number() && value->get<double>() >= 0 && value->get<double>() <= 1) {
    return value->get<double>();
  }
  problems.Add(object.PointerTo(key), "expected a probability from 0 to 1");
  return 0;
}

NetworkFaults ReadFaults(const json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  NetworkFaults faults;
  faults.from = Milliseconds(object.Integer("from_ms", 0, kTimes));
  faults.to = Milliseconds(object.Integer("to_ms", kMaxTimeMs, kTimes));
  if (faults.to <= faults.from) object.Problem("to_ms", "must be later than from_ms");
  faults.reset_before_head = ReadProbability(object, "reset_before_head", problems);
  faults.reset_in_body = ReadProbability(object, "reset_in_body", problems);
  faults.no_answer = ReadProbability(object, "no_answer", problems);
  if (faults.reset_before_head + faults.reset_in_body + faults.no_answer > 1) {
    object.Problem("no_answer", "the probabilities add up to more than 1");
  }
  object.Finish();
  return faults;
}

Distribution ReadLatency(ObjectReader& object, std::string_view key, JsonProblems& problems) {
  const json* const value = object.Value(key);
  if (value == nullptr) return {};
  return ReadDistribution(*value, object.PointerTo(key), kMaxLatencyMs, problems);
}

NetworkSpec ReadNetwork(const json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  NetworkSpec network;
  network.to_upstream_ms = ReadLatency(object, "to_upstream_ms", problems);
  network.service_ms = ReadLatency(object, "service_ms", problems);
  network.to_gateway_ms = ReadLatency(object, "to_gateway_ms", problems);
  network.stream_ms = ReadLatency(object, "stream_ms", problems);
  if (const json* const faults = object.Array("faults")) {
    for (std::size_t i = 0; i < faults->size(); ++i) {
      network.faults.push_back(
          ReadFaults((*faults)[i], JoinPointer(object.PointerTo("faults"), i), problems));
    }
  }
  object.Finish();
  return network;
}

std::string ReadProvider(ObjectReader& root) {
  std::vector<std::string_view> names;
  for (const std::string_view name : ProviderNames()) {
    if (FindProvider(name)->has_failover()) names.push_back(name);
  }
  return root.Choice("provider", "openai", names);
}

void ReadAllKeys(ObjectReader& root, World& world, JsonProblems& problems) {
  const mock::OrganisationSpecs organisations = mock::ReadOrganisations(root, problems);
  const json* const keys = root.RequiredArray("keys");
  if (keys == nullptr) return;
  for (std::size_t i = 0; i < keys->size(); ++i) {
    ReadKeys((*keys)[i], JoinPointer(root.PointerTo("keys"), i), organisations, world.keys,
             problems);
  }
  if (problems.any()) return;
  if (world.keys.empty()) root.Problem("keys", "needs at least one key");
  if (world.keys.size() > static_cast<std::size_t>(kMaxKeys)) {
    root.Problem("keys", "more than " + std::to_string(kMaxKeys) + " keys in all");
  }
  std::set<std::string_view> names;
  for (const KeySpec& key : world.keys) {
    if (!names.insert(key.name).second) root.Problem("keys", "two keys are named the same");
  }
}

World ReadWorld(const json& document, JsonProblems& problems) {
  ObjectReader root(document, "", problems);
  World world;
  config::CheckSchemaVersion(root);
  world.name = root.RequiredString("name");
  world.description = root.String("description");
  world.provider = ReadProvider(root);
  world.duration = Milliseconds(root.RequiredInteger("duration_ms", {1, kMaxTimeMs}));
  if (const auto start = mock::ReadClockStart(root)) world.wall_at_zero = *start;
  if (const json* const gateways = root.Object("gateways")) {
    world.gateways = ReadGateways(*gateways, root.PointerTo("gateways"), problems);
  }
  if (const json* const clients = root.RequiredArray("clients")) {
    world.clients =
        ReadClients(*clients, root.PointerTo("clients"), world.gateways.replicas, problems);
    if (clients->empty()) root.Problem("clients", "needs at least one group");
  }
  ReadAllKeys(root, world, problems);
  if (const json* const network = root.Object("network")) {
    world.network = ReadNetwork(*network, root.PointerTo("network"), problems);
  }
  root.Finish();
  return world;
}

// `problems` may have one of the document already.
Result<World> ReadDocument(const json& document, JsonProblems& problems) {
  if (problems.any()) return problems.error();
  problems.AllowComments();
  World world = ReadWorld(document, problems);
  if (problems.any()) return problems.error();
  return world;
}

ordered_json KeyJson(const KeySpec& key) {
  ordered_json object = {{"name", key.name}};
  const bool is_listed = !key.answers.empty() || key.revoked;
  if (!is_listed) {
    json model = mock::ToJson(key.model);
    model.erase("organisation_limits");
    object["model"] = std::move(model);
  }
  if (key.hint.form != RetryHint::Form::kProvider || key.hint.skew != Milliseconds(0)) {
    object["retry_hint"] = {{"form", kHintForms[static_cast<std::size_t>(key.hint.form)]},
                            {"skew_ms", key.hint.skew.count()}};
  }
  if (is_listed) object["answers"] = ordered_json::array();
  for (const ListedAnswer& answer : key.answers) {
    ordered_json entry = {{"status", answer.status}};
    if (answer.retry_after) entry["retry_after_ms"] = answer.retry_after->count();
    if (answer.takes != Milliseconds(0)) entry["takes_ms"] = answer.takes.count();
    if (answer.fault != ListedAnswer::Fault::kNone) {
      entry["fault"] = kFaultNames[static_cast<std::size_t>(answer.fault)];
    }
    object["answers"].push_back(std::move(entry));
  }
  if (key.revoked) object["revoked"] = true;
  return object;
}

ordered_json GatewaysJson(const GatewaySpec& gateways) {
  ordered_json object = {{"replicas", gateways.replicas},
                         {"key_state", gateways.shared_key_state ? "shared" : "own"},
                         {"head_timeout_ms", gateways.head_timeout.count()}};
  if (gateways.wall_skew != Milliseconds(0)) object["wall_skew_ms"] = gateways.wall_skew.count();
  for (const Restart& restart : gateways.restarts) {
    object["restarts"].push_back({{"at_ms", restart.at.count()}, {"replica", restart.replica}});
  }
  return object;
}

ordered_json NetworkJson(const NetworkSpec& network) {
  ordered_json object = {{"to_upstream_ms", ToJson(network.to_upstream_ms)},
                         {"service_ms", ToJson(network.service_ms)},
                         {"to_gateway_ms", ToJson(network.to_gateway_ms)},
                         {"stream_ms", ToJson(network.stream_ms)}};
  for (const NetworkFaults& faults : network.faults) {
    object["faults"].push_back({{"from_ms", faults.from.count()},
                                {"to_ms", faults.to.count()},
                                {"reset_before_head", faults.reset_before_head},
                                {"reset_in_body", faults.reset_in_body},
                                {"no_answer", faults.no_answer}});
  }
  return object;
}

// By way of a model, whose JSON has the limits of its organisation.
json OrganisationsJson(const World& world) {
  json object = json::object();
  for (const KeySpec& key : world.keys) {
    if (!key.model.organisation) continue;
    object[key.model.organisation_name] = {
        {"limits", mock::ToJson(key.model).at("organisation_limits")}};
  }
  return object;
}

}  // namespace

Result<World> ParseWorld(std::string_view text, std::string_view source) {
  JsonProblems problems(source);
  return ReadDocument(config::ParseJson(text, problems), problems);
}

Result<World> LoadWorld(const std::string& path) {
  JsonProblems problems(path);
  return ReadDocument(config::ReadJsonFile(path, problems), problems);
}

ordered_json ToJson(const World& world) {
  ordered_json object = {{"schema_version", "1.0"}, {"name", world.name}};
  if (!world.description.empty()) object["description"] = world.description;
  object["provider"] = world.provider;
  object["duration_ms"] = world.duration.count();
  object["clock_starts_at"] = mock::Rfc3339Seconds(world.wall_at_zero);
  object["clients"] = ClientsJson(world.clients);
  object["gateways"] = GatewaysJson(world.gateways);
  if (json organisations = OrganisationsJson(world); !organisations.empty()) {
    object["organisations"] = std::move(organisations);
  }
  object["keys"] = ordered_json::array();
  for (const KeySpec& key : world.keys) object["keys"].push_back(KeyJson(key));
  object["network"] = NetworkJson(world.network);
  return object;
}

}  // namespace keywalk::sim
