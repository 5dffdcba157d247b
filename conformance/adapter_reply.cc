#include "conformance/adapter_reply.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "config/json_reader.h"
#include "conformance/case_reader.h"

namespace keywalk::conformance {
namespace {

using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

// `{"url", "series": {NAME: SAMPLE}}`.
void ReadMetrics(const json& value, const std::string& pointer, PoolEndpoint& endpoint,
                 JsonProblems& problems) {
  ObjectReader metrics(value, pointer, problems);
  endpoint.metrics_url = metrics.RequiredString("url");
  if (const json* series = metrics.RequiredObject("series")) {
    ObjectReader names(*series, metrics.PointerTo("series"), problems);
    for (const std::string_view name : kSeries) {
      if (names.Has(name)) endpoint.series.emplace(name, names.String(name));
    }
    names.Finish();
  }
  metrics.Finish();
}

}  // namespace

Result<json> ParseReply(std::string_view line, std::uint64_t sequence) {
  JsonProblems problems("");
  json reply = config::ParseJson(line, problems);
  if (problems.any() && json::accept(line)) {
    return Error("printed a JSON document that is refused (" + problems.error().message() + ")");
  }
  if (!reply.is_object()) return Error("printed what is not a JSON object");
  const auto found = reply.find("seq");
  if (found == reply.end() || *found != sequence) {
    return Error("answered with another seq than " + std::to_string(sequence));
  }
  return reply;
}

std::optional<Refusal> ReadRefusal(const json& reply) {
  const auto text = [](const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
  };
  if (const auto skipped = reply.find("skipped"); skipped != reply.end()) {
    if (!skipped->is_object()) return Refusal::Error("answered \"skipped\" without an object");
    const std::string reason = text(*skipped, "reason");
    return Refusal(Refusal::Kind::kSkipped, reason.empty() ? "no reason given" : reason,
                   text(*skipped, "url"));
  }
  if (const auto error = reply.find("error"); error != reply.end()) {
    const std::string message = error->is_object() ? text(*error, "message") : "";
    return Refusal::Error("reported: " + (message.empty() ? std::string("an error") : message));
  }
  return std::nullopt;
}

Reply<Identity> ReadIdentity(const json& reply) {
  JsonProblems problems("the reply to hello");
  ObjectReader object(reply, "", problems);
  Identity identity;
  identity.name = object.RequiredString("name");
  identity.version = object.String("version");
  identity.language = object.String("language");
  identity.policies = object.Strings("policies");
  identity.capabilities = object.Strings("capabilities");
  if (problems.any()) return Refusal::Error(problems.error().message());
  return identity;
}

Reply<PoolEndpoints> ReadEndpoints(const json& reply) {
  PoolEndpoints endpoints;
  JsonProblems problems("the reply to setup");
  ObjectReader object(reply, "", problems);
  const json* pools = object.RequiredObject("pools");
  if (pools == nullptr) return Refusal::Error(problems.error().message());
  for (const auto& pool : pools->items()) {
    ObjectReader member(pool.value(), JoinPointer("/pools", pool.key()), problems);
    PoolEndpoint endpoint;
    endpoint.base_url = member.RequiredString("base_url");
    endpoint.headers = ReadHeaders(member, "headers", problems);
    const json* body = member.Object("body");
    if (body != nullptr && !body->empty()) endpoint.body = std::make_shared<const json>(*body);
    if (const json* metrics = member.Object("metrics")) {
      ReadMetrics(*metrics, member.PointerTo("metrics"), endpoint, problems);
    }
    endpoint.dump_dir = member.String("dump_dir");
    member.Finish();
    endpoints.emplace(pool.key(), std::move(endpoint));
  }
  if (problems.any()) return Refusal::Error(problems.error().message());
  return endpoints;
}

Reply<std::vector<std::string>> ReadKeyStates(const json& reply) {
  JsonProblems problems("the reply");
  ObjectReader object(reply, "", problems);
  object.RequiredArray("states");
  std::vector<std::string> states = object.Strings("states");
  if (problems.any()) return Refusal::Error(problems.error().message());
  return states;
}

Reply<Trace> ReadTrace(const json& reply, bool is_operations) {
  const auto trace = reply.find("trace");
  if (trace == reply.end()) return Refusal::Error("answered decide without a trace");
  Result<Trace> parsed = ParseTrace(*trace, is_operations);
  if (!parsed) return Refusal::Error(parsed.error().message());
  return *std::move(parsed);
}

}  // namespace keywalk::conformance
