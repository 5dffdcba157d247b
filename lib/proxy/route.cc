#include "proxy/route.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

namespace keywalk::proxy {

void RouteObserver::OnMark(const Mark& mark, int status, std::string_view hint) {
  metrics_.CountFailover(mark.classification.reason);
  bool transition = mark.transition;
  // Either the successor's pool has inherited this mark, or the successor is seen here.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (RouteObserver* const next = passes_on_to_.load(std::memory_order_acquire)) {
    transition =
        next->Apply(*pool_, pool_->key(mark.key), mark.classification).value_or(transition);
  }
  // Later marks of a key that already rests are the same news again.
  const LogLevel level = transition ? LogLevel::kWarn : LogLevel::kDebug;
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

std::optional<bool> RouteObserver::Apply(const KeyPool& from, std::string_view key,
                                         const Classification& verdict) {
  if (pool_ == nullptr) return std::nullopt;
  const std::optional<KeyIndex> index = pool_->Find(key);
  if (!index) return std::nullopt;
  std::optional<bool> transition;
  if (pool_.get() != &from) {
    transition = verdict.action == Action::kPermanent
                     ? pool_->MarkPermanent(*index, verdict.reason)
                     : pool_->MarkTemporary(*index, verdict.cooldown, verdict.reason, clock_.now());
  }
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (RouteObserver* const next = passes_on_to_.load(std::memory_order_acquire)) {
    const std::optional<bool> newer = next->Apply(*pool_, key, verdict);
    if (newer) transition = newer;
  }
  return transition;
}

void RouteObserver::PassOnTo(std::shared_ptr<RouteObserver> next) {
  next_ = std::move(next);
  passes_on_to_.store(next_.get(), std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void RouteObserver::OnExhausted(const Exhaustion& exhaustion) {
  metrics_.CountExhaustion(exhaustion.kind);
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(exhaustion.retry_after);
  log_.Write(LogLevel::kWarn, route_ + ": no key is left (" +
                                  std::string(ToString(exhaustion.kind)) + ", next in " +
                                  std::to_string(wait.count()) + " ms)");
}

namespace {

// The same keys in the same order, with the same time to rest: one pool is as good as the other.
bool IsPoolOf(const KeyPool& pool, const RouteConfig& config) {
  if (pool.size() != config.keys.size()) return false;
  for (KeyIndex index = 0; index < pool.size(); ++index) {
    if (pool.key(index) != config.keys[index]) return false;
  }
  return pool.default_cooldown() == config.policy->default_cooldown;
}

}  // namespace

Result<std::unique_ptr<Route>> Route::Make(const RouteConfig& config, const Route* previous,
                                           ProxyMetrics& metrics, const Logger& log,
                                           const Clock& clock) {
  Result<BaseUrl> parsed = BaseUrl::Parse(config.base_url);
  std::optional<BaseUrl> base;
  if (parsed) base = std::move(*parsed);
  const bool continues = previous != nullptr && previous->provider_ == config.provider &&
                         previous->base_url_ == config.base_url;
  std::shared_ptr<KeyPool> pool;
  if (continues && previous->pool_ != nullptr && IsPoolOf(*previous->pool_, config)) {
    pool = previous->pool_;
  } else if (!config.keys.empty()) {
    Result<std::shared_ptr<KeyPool>> created =
        KeyPool::Create(config.keys, config.policy->default_cooldown);
    if (!created) return created.error();
    pool = std::move(*created);
  }
  ProviderMetrics& counters = metrics.ForProvider(config.provider->name());
  if (!base) {
    log.Write(LogLevel::kError,
              "route \"" + config.prefix + "\": " + parsed.error().message() + ": answers 502");
  }
  return std::unique_ptr<Route>(
      new Route(config, std::move(base), std::move(pool), counters, log, clock));
}

Route::Route(const RouteConfig& config, std::optional<BaseUrl> base, std::shared_ptr<KeyPool> pool,
             ProviderMetrics& metrics, const Logger& log, const Clock& clock)
    : prefix_(config.prefix),
      provider_(config.provider),
      policy_(config.policy),
      base_(std::move(base)),
      base_url_(config.base_url),
      ca_file_(config.ca_file),
      pool_(std::move(pool)),
      metrics_(metrics),
      observer_(std::make_shared<RouteObserver>(
          std::string(provider_->name()) + (prefix_.empty() ? "" : " " + prefix_), pool_, metrics,
          log, clock)) {}

bool Route::Continues(const Route& previous) const {
  return provider_ == previous.provider_ && base_url_ == previous.base_url_;
}

void Route::TakeOver(const Route& previous) const {
  // In this order: a mark that Inherit() comes too early for is passed on.
  previous.observer_->PassOnTo(observer_);
  if (pool_ == nullptr || previous.pool_ == nullptr || pool_ == previous.pool_) return;
  pool_->Inherit(*previous.pool_);
}

}  // namespace keywalk::proxy
