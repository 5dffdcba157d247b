#include "proxy/route.h"

#include <chrono>
#include <utility>

namespace keywalk::proxy {

void RouteObserver::OnMark(const Mark& mark, int status, std::string_view hint) {
  metrics_.CountFailover(mark.classification.reason);
  // Later marks of a key that already rests are the same news again.
  const LogLevel level = mark.transition ? LogLevel::kWarn : LogLevel::kDebug;
  if (!log_.enabled(level)) return;
  std::string line = route_ + ": key " + std::string(hint) + " was refused with " +
                     std::to_string(status) + " (" +
                     std::string(ToString(mark.classification.reason)) + ") and ";
  if (mark.classification.action == Action::kPermanent) {
    line += "is out until restart";
  } else if (mark.classification.cooldown > Duration::zero()) {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(mark.classification.cooldown);
    line += "rests for " + std::to_string(rest.count()) + " ms";
  } else {
    line += "rests for the default time";
  }
  log_.Write(level, line);
}

void RouteObserver::OnExhausted(const Exhaustion& exhaustion) {
  metrics_.CountExhaustion(exhaustion.kind);
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(exhaustion.retry_after);
  log_.Write(LogLevel::kWarn, route_ + ": no key is left (" +
                                  std::string(ToString(exhaustion.kind)) + ", next in " +
                                  std::to_string(wait.count()) + " ms)");
}

Result<std::unique_ptr<Route>> Route::Make(const RouteConfig& config, ProxyMetrics& metrics,
                                           const Logger& log) {
  Result<BaseUrl> parsed = BaseUrl::Parse(config.base_url);
  std::optional<BaseUrl> base;
  if (parsed) base = std::move(*parsed);
  std::shared_ptr<KeyPool> pool;
  if (!config.keys.empty()) {
    Result<std::shared_ptr<KeyPool>> created =
        KeyPool::Create(config.keys, config.policy->default_cooldown);
    if (!created) return created.error();
    pool = std::move(*created);
    metrics.AddPool(config.provider->name(), pool);
  }
  ProviderMetrics& counters = metrics.ForProvider(config.provider->name());
  if (!base) {
    log.Write(LogLevel::kError,
              "route \"" + config.prefix + "\": " + parsed.error().message() + ": answers 502");
  }
  return std::unique_ptr<Route>(new Route(config, std::move(base), std::move(pool), counters, log));
}

Route::Route(const RouteConfig& config, std::optional<BaseUrl> base, std::shared_ptr<KeyPool> pool,
             ProviderMetrics& metrics, const Logger& log)
    : prefix_(config.prefix),
      provider_(config.provider),
      policy_(config.policy),
      base_(std::move(base)),
      ca_file_(config.ca_file),
      pool_(std::move(pool)),
      metrics_(metrics),
      observer_(std::make_unique<RouteObserver>(
          std::string(provider_->name()) + (prefix_.empty() ? "" : " " + prefix_), metrics, log)) {}

}  // namespace keywalk::proxy
