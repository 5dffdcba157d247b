#include "conformance/reference_adapter.h"

#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "conformance/decision_driver.h"
#include "conformance/operations_driver.h"
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

class ReferenceAdapter final : public Adapter {
 public:
  ReferenceAdapter(const Suite& suite, std::function<void(std::string_view)> log)
      : suite_(suite), log_(std::move(log)), clock_(std::make_shared<MovableClock>()) {}
  ~ReferenceAdapter() override { Stop(); }

  Reply<Identity> Hello() override {
    Identity identity;
    identity.name = "keywalk";
    identity.version = KEYWALK_VERSION;
    identity.language = "c++";
    for (const auto& [name, policy] : suite_.policies) identity.policies.push_back(name);
    identity.capabilities = {
        "clock",           "key_states",     "decide",         "decide.pool", "body.verbatim",
        "pool.validation", "drain.bounded",  "stream.any",     "trailers",    "body.abort",
        "client.abort",    "upstream.early", "upstream.reuse", "headers.hop", "websocket.refuse",
        "target.confine",  "body.limit",     "client-tokens",  "metrics",     "dump",
        "copilot"};
    return identity;
  }

  Reply<PoolEndpoints> Setup(const std::vector<PoolSetup>& pools) override {
    proxy::ProxyConfig config;
    for (const PoolSetup& pool : pools) {
      const LoadedPolicy* policy = suite_.FindPolicy(pool.policy);
      if (policy == nullptr) return Refusal::Error("unknown policy " + pool.policy);
      proxy::RouteConfig route;
      route.prefix = "/" + pool.id;
      route.provider = FindProvider(pool.provider);
      route.base_url = pool.base_url;
      route.policy = policy->policy;
      route.keys = pool.keys;
      config.routes.push_back(std::move(route));
    }
    auto server = proxy::ProxyServer::Start(std::move(config), clock_,
                                            [log = log_](proxy::LogLevel, std::string_view line) {
                                              if (log) log(line);
                                            });
    if (!server) return Refusal::Error(server.error().message());
    server_ = *std::move(server);
    PoolEndpoints endpoints;
    for (const PoolSetup& pool : pools) {
      endpoints[pool.id].base_url = "http://" + server_->listen_address() + "/" + pool.id;
    }
    return endpoints;
  }

  std::optional<Refusal> Advance(Milliseconds step) override {
    clock_->Advance(step);
    return std::nullopt;
  }

  Reply<std::vector<std::string>> KeyStates(const std::string& id) override {
    const std::shared_ptr<KeyPool> pool = server_ ? server_->pool("/" + id) : nullptr;
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

  void Stop() override { server_.reset(); }

 private:
  const Suite& suite_;
  const std::function<void(std::string_view)> log_;
  const std::shared_ptr<MovableClock> clock_;
  std::unique_ptr<proxy::ProxyServer> server_;
};

}  // namespace

std::unique_ptr<Adapter> NewReferenceAdapter(const Suite& suite,
                                             std::function<void(std::string_view)> log) {
  return std::make_unique<ReferenceAdapter>(suite, std::move(log));
}

}  // namespace keywalk::conformance
