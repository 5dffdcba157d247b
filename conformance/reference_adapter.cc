#include "conformance/reference_adapter.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "conformance/decision_driver.h"
#include "conformance/operations_driver.h"
#include "conformance/private_folder.h"
#include "keywalk/clock.h"
#include "keywalk/provider.h"
#include "proxy/proxy_server.h"

namespace keywalk::conformance {
namespace {

// Real time that can be moved forward: cooldowns end on `advance`, or by themselves.
// Safe for concurrent use.
class MovableClock final : public Clock {
 public:
  Instant now() const noexcept override {
    return Instant(std::chrono::steady_clock::now() - start_ + offset());
  }
  WallTime wall_now() const noexcept override {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()) + offset();
  }
  void Advance(Duration step) noexcept { offset_ns_.fetch_add(step.count()); }

 private:
  Duration offset() const noexcept { return Duration(offset_ns_.load()); }

  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::atomic<std::int64_t> offset_ns_{0};
};

// What a proxy writes down: its recordings, and its access log in one file more. Log() is safe for
// concurrent use.
class Recording {
 public:
  // Null if there is no place for it.
  static std::shared_ptr<Recording> Make() {
    auto recording = std::make_shared<Recording>();
    if (!recording->folder_.Make()) return nullptr;
    recording->log_.open(recording->folder() + "/access.log", std::ios::app);
    return recording;
  }

  const std::string& folder() const { return folder_.path(); }
  void Log(std::string_view line) {
    const std::lock_guard lock(mutex_);
    log_ << line << std::endl;
  }

 private:
  PrivateFolder folder_;
  std::mutex mutex_;
  std::ofstream log_;
};

bool Observes(const PoolSetup& pool, std::string_view what) {
  return std::ranges::find(pool.observe, what) != pool.observe.end();
}

// Pools of one text can stand behind one proxy; what is counted or recorded there is one pool's.
std::string ShareKey(const PoolSetup& pool) {
  const nlohmann::json key = {pool.more.limits, pool.more.client_tokens, pool.more.byok,
                              pool.observe.empty() ? "" : pool.id};
  return key.dump();
}

void SetLimits(const std::map<std::string, std::int64_t>& asked, proxy::ProxyLimits& limits) {
  const auto milliseconds = [&](const char* name, std::chrono::milliseconds& limit) {
    if (const auto found = asked.find(name); found != asked.end())
      limit = Milliseconds(found->second);
  };
  milliseconds("response_head_ms", limits.response_head);
  milliseconds("idle_ms", limits.idle);
  milliseconds("client_header_ms", limits.client_header);
  if (const auto found = asked.find("max_body_bytes"); found != asked.end()) {
    limits.max_body_bytes = static_cast<std::uint64_t>(found->second);
  }
}

// Where keywalk's metrics page has what a case can ask for.
Series SeriesOf(const std::string& provider) {
  const auto sample = [&](const std::string& name, const std::string& label = "",
                          const std::string& value = "") {
    std::string text = name + "{provider=\"" + provider + "\"";
    if (!label.empty()) text += "," + label + "=\"" + value + "\"";
    return text + "}";
  };
  return {{"keys_valid", sample("keywalk_keys", "state", "valid")},
          {"keys_temporary", sample("keywalk_keys", "state", "temporary")},
          {"keys_permanent", sample("keywalk_keys", "state", "permanent")},
          {"requests", sample("keywalk_attempts_per_request_count")},
          {"attempts", sample("keywalk_attempts_per_request_sum")},
          {"failovers_rate_limited", sample("keywalk_failovers_total", "reason", "rate_limited")},
          {"failovers_unauthorized", sample("keywalk_failovers_total", "reason", "unauthorized")},
          {"exhausted_rate_limited", sample("keywalk_exhaustions_total", "kind", "rate_limited")},
          {"exhausted_unauthorized", sample("keywalk_exhaustions_total", "kind", "unauthorized")},
          {"exhausted_permanent", sample("keywalk_exhaustions_total", "kind", "permanent")}};
}

class ReferenceAdapter final : public Adapter {
 public:
  ReferenceAdapter(const Suite& suite, BodyMode body_mode,
                   std::function<void(std::string_view)> log)
      : suite_(suite),
        body_mode_(body_mode),
        log_(std::move(log)),
        clock_(std::make_shared<MovableClock>()) {}
  ~ReferenceAdapter() override { Stop(); }

  Reply<Identity> Hello() override {
    Identity identity;
    identity.name = "keywalk";
    identity.version = KEYWALK_VERSION;
    identity.language = "c++";
    for (const auto& [name, policy] : suite_.policies) identity.policies.push_back(name);
    identity.capabilities = {
        "clock",          "key_states",      "decide",        "decide.pool",
        "body.verbatim",  "pool.validation", "drain.bounded", "stream.any",
        "trailers",       "body.abort",      "client.abort",  "upstream.early",
        "upstream.own",   "upstream.reuse",  "headers.hop",   "websocket.refuse",
        "target.confine", "body.limit",      "client-tokens", "metrics",
        "dump",           "copilot",         "time.limits"};
    identity.capabilities.emplace_back(body_mode_ == BodyMode::kStream ? "body.streamed"
                                                                       : "body.buffered");
    return identity;
  }

  Reply<PoolEndpoints> Setup(const std::vector<PoolSetup>& pools) override {
    // A proxy for each set of pools that can share one.
    std::map<std::string, std::vector<const PoolSetup*>> groups;
    for (const PoolSetup& pool : pools) groups[ShareKey(pool)].push_back(&pool);
    PoolEndpoints endpoints;
    for (const auto& [share_key, members] : groups) {
      if (const auto refusal = StartProxy(members, endpoints)) return *refusal;
    }
    return endpoints;
  }

  std::optional<Refusal> Advance(Milliseconds step) override {
    clock_->Advance(step);
    return std::nullopt;
  }

  Reply<std::vector<std::string>> KeyStates(const std::string& id) override {
    const auto server = server_of_.find(id);
    const std::shared_ptr<KeyPool> pool =
        server == server_of_.end() ? nullptr : server->second->pool("/" + id);
    std::vector<std::string> states;
    for (KeyIndex key = 0; pool && key < pool->size(); ++key) {
      states.emplace_back(ToString(pool->state(key, clock_->now())));
    }
    return states;
  }

  Reply<Trace> Decide(const Case& test_case, const LoadedPolicy& policy) override {
    Result<Trace> trace = test_case.kind == Case::Kind::kOperations
                              ? RunOperations(test_case, *policy.policy)
                              : RunDecision(test_case, *policy.policy);
    if (!trace) return Refusal::Error(trace.error().message());
    return *std::move(trace);
  }

  void Stop() override {
    server_of_.clear();
    servers_.clear();
    recordings_.clear();
  }

 private:
  std::optional<Refusal> StartProxy(const std::vector<const PoolSetup*>& pools,
                                    PoolEndpoints& endpoints) {
    const PoolSetup& first = *pools.front();
    proxy::ProxyConfig config;
    for (const PoolSetup* pool : pools) {
      Result<proxy::RouteConfig> route = MakeRoute(*pool);
      if (!route) return Refusal::Error(route.error().message());
      config.routes.push_back(*std::move(route));
    }
    config.client_tokens = first.more.client_tokens;
    config.no_byok = !first.more.byok;
    SetLimits(first.more.limits, config.limits);
    config.body.mode = body_mode_;
    if (Observes(first, "metrics")) config.admin_listen = "127.0.0.1:0";
    std::shared_ptr<Recording> recording;
    if (Observes(first, "dump")) {
      recording = Recording::Make();
      if (!recording) return Refusal::Error("cannot make a folder for recordings");
      config.dump_dir = recording->folder();
      recordings_.push_back(recording);
    }
    auto log = [log = log_, recording](proxy::LogLevel, std::string_view line) {
      if (log) log(line);
      if (recording) recording->Log(line);
    };
    auto server = proxy::ProxyServer::Start(std::move(config), clock_, std::move(log));
    if (!server) return Refusal::Error(server.error().message());
    for (const PoolSetup* pool : pools) {
      PoolEndpoint& endpoint = endpoints[pool->id];
      endpoint.base_url = "http://" + (*server)->listen_address() + "/" + pool->id;
      if (Observes(*pool, "metrics")) {
        endpoint.metrics_url = "http://" + (*server)->admin_address() + "/metrics";
        endpoint.series = SeriesOf(pool->provider);
      }
      if (recording) endpoint.dump_dir = recording->folder();
      server_of_.emplace(pool->id, server->get());
    }
    servers_.push_back(*std::move(server));
    return std::nullopt;
  }

  Result<proxy::RouteConfig> MakeRoute(const PoolSetup& pool) const {
    const LoadedPolicy* policy = suite_.FindPolicy(pool.policy);
    if (policy == nullptr) return Error("unknown policy " + pool.policy);
    proxy::RouteConfig route;
    route.prefix = "/" + pool.id;
    route.provider = FindProvider(pool.provider);
    route.base_url = pool.base_url;
    route.policy = policy->policy;
    route.keys = pool.keys;
    return route;
  }

  const Suite& suite_;
  const BodyMode body_mode_;
  const std::function<void(std::string_view)> log_;
  const std::shared_ptr<MovableClock> clock_;
  std::vector<std::shared_ptr<Recording>> recordings_;
  std::vector<std::unique_ptr<proxy::ProxyServer>> servers_;
  std::map<std::string, proxy::ProxyServer*> server_of_;  // by pool id
};

}  // namespace

std::unique_ptr<Adapter> NewReferenceAdapter(const Suite& suite, BodyMode body_mode,
                                             std::function<void(std::string_view)> log) {
  return std::make_unique<ReferenceAdapter>(suite, body_mode, std::move(log));
}

}  // namespace keywalk::conformance
