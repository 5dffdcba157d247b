// One upstream behind the proxy, as all threads share it.
#ifndef KEYWALK_PROXY_ROUTE_H_
#define KEYWALK_PROXY_ROUTE_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/http_transport.h"
#include "keywalk/key_failover.h"
#include "keywalk/key_pool.h"
#include "keywalk/result.h"
#include "proxy/log.h"
#include "proxy/metrics.h"
#include "proxy/proxy_config.h"

namespace keywalk::proxy {

// Counts and logs what the failover layer does. Safe for concurrent use.
class RouteObserver final : public FailoverObserver {
 public:
  RouteObserver(std::string route, ProviderMetrics& metrics, const Logger& log)
      : route_(std::move(route)), metrics_(metrics), log_(log) {}

  void OnMark(const Mark& mark, int status, std::string_view hint) override;
  void OnExhausted(const Exhaustion& exhaustion) override;
  void OnWalkEnd(std::size_t attempts) override { metrics_.ObserveAttempts(attempts); }

 private:
  const std::string route_;  // for log lines
  ProviderMetrics& metrics_;
  const Logger& log_;
};

// Immutable but for the pool's key states; safe for concurrent use.
class Route {
 public:
  // `config` has passed CheckServable. `metrics` and `log` outlive the route.
  static Result<std::unique_ptr<Route>> Make(const RouteConfig& config, ProxyMetrics& metrics,
                                             const Logger& log);
  Route(const Route&) = delete;
  Route& operator=(const Route&) = delete;

  const std::string& prefix() const { return prefix_; }
  const Provider& provider() const { return *provider_; }
  const std::shared_ptr<const Policy>& policy() const { return policy_; }
  // nullopt if the base URL cannot be parsed: requests are answered 502 (SPEC proxy/5).
  const std::optional<BaseUrl>& base() const { return base_; }
  const std::string& ca_file() const { return ca_file_; }
  const std::shared_ptr<KeyPool>& pool() const { return pool_; }  // null: requests pass through
  ProviderMetrics& metrics() const { return metrics_; }
  FailoverObserver& observer() const { return *observer_; }

 private:
  Route(const RouteConfig& config, std::optional<BaseUrl> base, std::shared_ptr<KeyPool> pool,
        ProviderMetrics& metrics, const Logger& log);

  const std::string prefix_;
  const Provider* const provider_;
  const std::shared_ptr<const Policy> policy_;
  const std::optional<BaseUrl> base_;
  const std::string ca_file_;
  const std::shared_ptr<KeyPool> pool_;
  ProviderMetrics& metrics_;
  const std::unique_ptr<RouteObserver> observer_;
};

using Routes = std::vector<std::unique_ptr<Route>>;

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_ROUTE_H_
