// One upstream behind the proxy, as all threads share it.
#ifndef KEYWALK_PROXY_ROUTE_H_
#define KEYWALK_PROXY_ROUTE_H_

#include <atomic>
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

// Counts and logs what the failover layer does, and passes marks on to the pool that has replaced
// this one. Safe for concurrent use.
class RouteObserver final : public FailoverObserver {
 public:
  // `pool` may be null. The rest outlives the observer.
  RouteObserver(std::string route, std::shared_ptr<KeyPool> pool, ProviderMetrics& metrics,
                const Logger& log, const Clock& clock)
      : route_(std::move(route)),
        pool_(std::move(pool)),
        metrics_(metrics),
        log_(log),
        clock_(clock) {}

  // Marks made from now on reach the pool of `next` too. Once.
  void PassOnTo(std::shared_ptr<RouteObserver> next);

  void OnMark(const Mark& mark, int status, std::string_view hint) override;
  void OnExhausted(const Exhaustion& exhaustion) override;
  void OnWalkEnd(std::size_t attempts) override { metrics_.ObserveAttempts(attempts); }

 private:
  // Marks the key in the pool of this and of those that follow, as far as they have it. What the
  // newest of them says about the transition; nullopt if none has the key.
  std::optional<bool> Apply(const KeyPool& from, std::string_view key,
                            const Classification& verdict);

  const std::string route_;  // for log lines
  const std::shared_ptr<KeyPool> pool_;
  ProviderMetrics& metrics_;
  const Logger& log_;
  const Clock& clock_;
  std::shared_ptr<RouteObserver> next_;  // set once, then seen through `passes_on_to_`
  std::atomic<RouteObserver*> passes_on_to_{nullptr};
};

// Immutable but for the pool's key states; safe for concurrent use.
class Route {
 public:
  // `config` has passed CheckServable. `previous`, which may be null, is what stood at this prefix
  // before. `metrics`, `log` and `clock` outlive the route.
  static Result<std::unique_ptr<Route>> Make(const RouteConfig& config, const Route* previous,
                                             ProxyMetrics& metrics, const Logger& log,
                                             const Clock& clock);
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

  // True if it leads to the same upstream, so that what is known of a key there holds here.
  bool Continues(const Route& previous) const;
  // Key states of `previous` become those here, also what its requests in flight still find out.
  // Once, before the route is used. REQUIRES: Continues(previous)
  void TakeOver(const Route& previous) const;

 private:
  Route(const RouteConfig& config, std::optional<BaseUrl> base, std::shared_ptr<KeyPool> pool,
        ProviderMetrics& metrics, const Logger& log, const Clock& clock);

  const std::string prefix_;
  const Provider* const provider_;
  const std::shared_ptr<const Policy> policy_;
  const std::optional<BaseUrl> base_;
  const std::string base_url_;
  const std::string ca_file_;
  const std::shared_ptr<KeyPool> pool_;
  ProviderMetrics& metrics_;
  const std::shared_ptr<RouteObserver> observer_;
};

using Routes = std::vector<std::unique_ptr<Route>>;

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_ROUTE_H_
