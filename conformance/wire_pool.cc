#include "conformance/wire_pool.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <utility>

#include "conformance/case_reader.h"

namespace keywalk::conformance {
namespace {

constexpr std::string_view kScheme = "http://";  // of the mock's URL

// FNV-1a, from a given start.
std::uint64_t Hash(std::string_view text, std::uint64_t hash) {
  for (const unsigned char c : text) hash = (hash ^ c) * 0x100000001b3u;
  return hash;
}

// As long as real keys are, and the same in every run.
std::string MakeSecret(std::string_view pool, std::string_view alias) {
  const std::string name = std::string(pool) + "/" + std::string(alias);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "sk-kw%016llx%016llx",
                static_cast<unsigned long long>(Hash(name, 0xcbf29ce484222325u)),
                static_cast<unsigned long long>(Hash(name, 0x84222325cbf29ce4u)));
  return text.data();
}

Secrets MakeSecrets(const Case& test_case, std::string_view pool) {
  Secrets secrets = AliasesAsSecrets(test_case);
  for (auto& [alias, secret] : secrets) secret = MakeSecret(pool, alias);
  return secrets;
}

constexpr std::string_view kModelsPath = "/models";
constexpr std::string_view kModelsRoute = "keywalk-models";

bool AsksForModels(const CaseRequest& request) {
  return request.method == "GET" && request.path.starts_with(kModelsPath);
}

// Answers without a step of the lane's. Some gateways ask at their start, and again now and then.
mock::Route ModelsRoute(const std::string& upstream_path) {
  mock::ScriptStep none;
  none.headers.Add("Content-Type", "application/json");
  none.body = std::make_shared<const std::string>(R"({"object":"list","data":[]})");
  mock::Route route;
  route.steps.push_back(std::move(none));
  route.name = kModelsRoute;
  route.match.methods = {"GET"};
  route.match.path = upstream_path + std::string(kModelsPath);
  return route;
}

}  // namespace

WirePool::WirePool(const Case& test_case, const std::string& policy, const std::string& upstream,
                   std::size_t repetition)
    : id_(test_case.id + "--" + policy +
          (repetition == 0 ? "" : "--" + std::to_string(repetition + 1))),
      policy_(policy),
      upstream_path_("/" + id_ + "/v1"),
      upstream_host_(upstream.substr(std::min(upstream.size(), kScheme.size()))),
      base_url_(upstream + upstream_path_),
      secrets_(MakeSecrets(test_case, id_)),
      instance_(Instantiate(test_case, secrets_)) {}

PoolSetup WirePool::Setup() const {
  PoolSetup setup{id_, instance_.provider, policy_, {}, base_url_, {}, {}};
  for (const std::string& alias : instance_.keys) setup.keys.push_back(secrets_.at(alias));
  setup.more = instance_.setup;
  for (std::string& token : setup.more.client_tokens) token = secrets_.at(token);
  if (!instance_.records.metrics.empty()) setup.observe.emplace_back("metrics");
  if (!instance_.records.dump.empty()) setup.observe.emplace_back("dump");
  return setup;
}

void WirePool::AddLanes(mock::Script& script) const {
  const bool is_about_models =
      std::any_of(instance_.requests.begin(), instance_.requests.end(), AsksForModels);
  for (const auto& [alias, secret] : secrets_) {
    // A key without a lane gets one without steps: any attempt on it is past its end.
    mock::Lane lane;
    lane.at_end = mock::AtEnd::kFailLoud;
    if (const mock::Lane* own = FindLane(instance_, alias)) lane = *own;
    lane.name = id_ + "/" + alias;
    if (!is_about_models) lane.routes.push_back(ModelsRoute(upstream_path_));
    script.lanes.insert_or_assign(secret, std::move(lane));
  }
}

bool WirePool::IsAttempt(const mock::JournalEntry& entry) { return entry.route != kModelsRoute; }

std::string WirePool::AliasOf(std::string_view lane) const {
  const std::string prefix = id_ + "/";
  return lane.starts_with(prefix) ? std::string(lane.substr(prefix.size())) : "?";
}

std::string WirePool::Masked(std::string text) const {
  for (const auto& [alias, secret] : secrets_) {
    for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos;) {
      text.replace(at, secret.size(), "{" + alias + "}");
    }
  }
  return text;
}

}  // namespace keywalk::conformance
