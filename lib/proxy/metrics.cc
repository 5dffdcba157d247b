#include "proxy/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <chrono>
#include <utility>

namespace keywalk::proxy {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Histogram;

// The upper bounds of the attempts histogram: fine where pools usually are.
const Histogram::BucketBoundaries kAttemptBounds = {0, 1, 2, 3, 4, 5, 8, 16, 32, 64};

template <typename Enum, std::size_t Size>
void AddCounters(Family<Counter>& family, const std::string& provider, const std::string& label,
                 std::array<Counter*, Size>& counters) {
  for (std::size_t i = 0; i < Size; ++i) {
    const std::string value(ToString(static_cast<Enum>(i)));
    counters[i] = &family.Add({{"provider", provider}, {label, value}});
  }
}

prometheus::ClientMetric KeyGauge(const std::string& provider, KeyState state, std::size_t count) {
  prometheus::ClientMetric metric;
  metric.label = {{"provider", provider}, {"state", std::string(ToString(state))}};
  metric.gauge.value = static_cast<double>(count);
  return metric;
}

prometheus::MetricFamily GaugeFamily(const char* name, const char* help) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = prometheus::MetricType::Gauge;
  return family;
}

prometheus::MetricFamily Gauge(const char* name, const char* help, double value) {
  prometheus::MetricFamily family = GaugeFamily(name, help);
  family.metric.emplace_back().gauge.value = value;
  return family;
}

}  // namespace

struct ProxyMetrics::Families {
  explicit Families(prometheus::Registry& registry)
      : requests(prometheus::BuildCounter()
                     .Name("keywalk_requests_total")
                     .Help("Requests by the status that the client was answered")
                     .Register(registry)),
        failovers(prometheus::BuildCounter()
                      .Name("keywalk_failovers_total")
                      .Help("Attempts refused for their key, by reason")
                      .Register(registry)),
        exhaustions(prometheus::BuildCounter()
                        .Name("keywalk_exhaustions_total")
                        .Help("Requests for which no key was left, by kind")
                        .Register(registry)),
        errors(prometheus::BuildCounter()
                   .Name("keywalk_upstream_errors_total")
                   .Help("Requests that got no whole response, by cause")
                   .Register(registry)),
        attempts(prometheus::BuildHistogram()
                     .Name("keywalk_attempts_per_request")
                     .Help("Upstream calls that a request with the pool's keys took")
                     .Register(registry)) {}

  Family<Counter>& requests;
  Family<Counter>& failovers;
  Family<Counter>& exhaustions;
  Family<Counter>& errors;
  Family<Histogram>& attempts;
};

void ProviderMetrics::CountRequest(int status) {
  if (status < 0 || status >= static_cast<int>(kStatuses)) return;
  std::atomic<Counter*>& slot = by_status_[static_cast<std::size_t>(status)];
  Counter* counter = slot.load(std::memory_order_acquire);
  if (counter == nullptr) {
    // Two threads that come here together get the same counter from the family.
    counter = &requests_->Add({{"provider", provider_}, {"status", std::to_string(status)}});
    slot.store(counter, std::memory_order_release);
  }
  counter->Increment();
}

void ProviderMetrics::CountFailover(MarkReason reason) {
  failovers_[static_cast<std::size_t>(reason)]->Increment();
}

void ProviderMetrics::CountExhaustion(Exhaustion::Kind kind) {
  exhaustions_[static_cast<std::size_t>(kind)]->Increment();
}

void ProviderMetrics::CountUpstreamError(TransportError::Kind kind) {
  static_assert(static_cast<std::size_t>(TransportError::Kind::kProtocol) + 1 == kErrors);
  const auto index = static_cast<std::size_t>(kind);
  if (index < kErrors) errors_[index]->Increment();
}

void ProviderMetrics::ObserveAttempts(std::size_t attempts) {
  attempts_->Observe(static_cast<double>(attempts));
}

ProxyMetrics::ProxyMetrics(std::shared_ptr<const Clock> clock)
    : clock_(std::move(clock)),
      registry_(std::make_unique<prometheus::Registry>()),
      families_(std::make_unique<Families>(*registry_)) {}

ProxyMetrics::~ProxyMetrics() = default;

ProviderMetrics& ProxyMetrics::ForProvider(std::string_view provider) {
  const MutexLock lock(mutex_);
  const auto found = providers_.find(provider);
  if (found != providers_.end()) return *found->second;
  const std::string name(provider);
  auto metrics = std::make_unique<ProviderMetrics>();
  metrics->provider_ = name;
  metrics->requests_ = &families_->requests;
  AddCounters<MarkReason>(families_->failovers, name, "reason", metrics->failovers_);
  AddCounters<Exhaustion::Kind>(families_->exhaustions, name, "kind", metrics->exhaustions_);
  AddCounters<TransportError::Kind>(families_->errors, name, "kind", metrics->errors_);
  metrics->attempts_ = &families_->attempts.Add({{"provider", name}}, kAttemptBounds);
  return *providers_.emplace(name, std::move(metrics)).first->second;
}

void ProxyMetrics::OnLoaded(Pools pools) {
  const MutexLock lock(mutex_);
  pools_.swap(pools);
  last_reload_successful_ = true;
  last_loaded_ = clock_->wall_now();
}

void ProxyMetrics::OnReloadFailed() {
  const MutexLock lock(mutex_);
  last_reload_successful_ = false;
}

std::string ProxyMetrics::Text() const {
  std::vector<prometheus::MetricFamily> all = registry_->Collect();
  const MutexLock lock(mutex_);
  // Key states follow from the time, so they are read when asked for.
  prometheus::MetricFamily keys = GaugeFamily("keywalk_keys", "Keys by state");
  std::map<std::string_view, KeyCounts> sums;
  const Instant now = clock_->now();
  for (const auto& [provider, pool] : pools_) {
    const KeyCounts counts = pool->counts(now);
    KeyCounts& sum = sums[provider];
    sum.valid += counts.valid;
    sum.temporary += counts.temporary;
    sum.permanent += counts.permanent;
  }
  for (const auto& [name, sum] : sums) {
    const std::string provider(name);
    keys.metric.push_back(KeyGauge(provider, KeyState::kValid, sum.valid));
    keys.metric.push_back(KeyGauge(provider, KeyState::kTemporary, sum.temporary));
    keys.metric.push_back(KeyGauge(provider, KeyState::kPermanent, sum.permanent));
  }
  all.push_back(std::move(keys));
  // Under the names and with the meaning that Prometheus gives its own.
  all.push_back(Gauge("keywalk_config_last_reload_successful",
                      "Whether the last reading of the configuration succeeded",
                      last_reload_successful_ ? 1 : 0));
  all.push_back(Gauge("keywalk_config_last_reload_success_timestamp_seconds",
                      "When the configuration in force was read",
                      std::chrono::duration<double>(last_loaded_.time_since_epoch()).count()));
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace keywalk::proxy
