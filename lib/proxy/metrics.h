// What operators count (SPEC metrics/2), as Prometheus text.
#ifndef KEYWALK_PROXY_METRICS_H_
#define KEYWALK_PROXY_METRICS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/clock.h"
#include "keywalk/key_pool.h"
#include "keywalk/mutex.h"
#include "keywalk/transport.h"

namespace prometheus {
class Counter;
class Histogram;
class Registry;
template <typename T>
class Family;
}  // namespace prometheus

namespace keywalk::proxy {

class ProxyMetrics;

// The counters of one provider. Safe for concurrent use; lives as long as its ProxyMetrics.
class ProviderMetrics {
 public:
  // A client that went away before it had its answer is counted as the status 499, after nginx.
  static constexpr int kClientGone = 499;

  // `status` is what the client was answered.
  void CountRequest(int status);
  void CountFailover(MarkReason reason);
  void CountExhaustion(Exhaustion::Kind kind);
  // The kinds that are not the upstream's doing (kRequestBody and on) are not counted.
  void CountUpstreamError(TransportError::Kind kind);
  void ObserveAttempts(std::size_t attempts);

 private:
  friend class ProxyMetrics;
  static constexpr std::size_t kReasons = 2;
  static constexpr std::size_t kExhaustions = 3;
  static constexpr std::size_t kErrors =
      5;  // the kinds that are the upstream's: kConnect...kProtocol
  static constexpr std::size_t kStatuses = 1000;

  std::string provider_;
  prometheus::Family<prometheus::Counter>* requests_ = nullptr;
  // Made when a status first occurs, so that the page shows no zeros for those that never do.
  std::array<std::atomic<prometheus::Counter*>, kStatuses> by_status_{};
  std::array<prometheus::Counter*, kReasons> failovers_{};
  std::array<prometheus::Counter*, kExhaustions> exhaustions_{};
  std::array<prometheus::Counter*, kErrors> errors_{};
  prometheus::Histogram* attempts_ = nullptr;
};

// All metrics of a proxy. Safe for concurrent use.
class ProxyMetrics {
 public:
  // By the provider's name.
  using Pools = std::multimap<std::string, std::shared_ptr<const KeyPool>, std::less<>>;

  explicit ProxyMetrics(std::shared_ptr<const Clock> clock);
  ProxyMetrics(const ProxyMetrics&) = delete;
  ProxyMetrics& operator=(const ProxyMetrics&) = delete;
  ~ProxyMetrics();

  // The counters of that provider, made when first asked for.
  ProviderMetrics& ForProvider(std::string_view provider);

  // A configuration is in force, read at the clock's time: from now on the keys of `pools` are
  // shown by state, those of a provider's pools together.
  void OnLoaded(Pools pools);
  // A reload was refused: what was in force stays.
  void OnReloadFailed();

  // Prometheus text exposition format, version 0.0.4.
  std::string Text() const;

 private:
  struct Families;

  const std::shared_ptr<const Clock> clock_;
  const std::unique_ptr<prometheus::Registry> registry_;
  const std::unique_ptr<Families> families_;
  mutable Mutex mutex_;
  std::map<std::string, std::unique_ptr<ProviderMetrics>, std::less<>> providers_
      KEYWALK_GUARDED_BY(mutex_);
  Pools pools_ KEYWALK_GUARDED_BY(mutex_);
  bool last_reload_successful_ KEYWALK_GUARDED_BY(mutex_) = true;
  WallTime last_loaded_ KEYWALK_GUARDED_BY(mutex_){};
};

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_METRICS_H_
