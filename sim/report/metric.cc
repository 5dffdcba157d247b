#include "sim/report/metric.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace keywalk::sim {
namespace {

using Figure = std::optional<double>;

double CountAsDouble(std::uint64_t count) { return static_cast<double>(count); }

Figure Ratio(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return CountAsDouble(part) / CountAsDouble(whole);
}

double InSeconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

Figure InMs(const LatencyResult& latency, Duration value) {
  if (latency.count == 0) return std::nullopt;
  return std::chrono::duration<double, std::milli>(value).count();
}

Figure MeanSeconds(const Recovery& recovery) {
  if (recovery.count == 0) return std::nullopt;
  return InSeconds(recovery.sum) / CountAsDouble(recovery.count);
}

Recovery AllKeys(const RunResult& run, Recovery KeyResult::*of) {
  Recovery all;
  for (const KeyResult& key : run.keys) {
    const Recovery& one = key.*of;
    all.count += one.count;
    all.sum += one.sum;
    all.longest = std::max(all.longest, one.longest);
    all.never += one.never;
  }
  return all;
}

Herds AllHerds(const RunResult& run) {
  Herds all;
  for (const KeyResult& key : run.keys) {
    all.count += key.herds.count;
    all.attempts += key.herds.attempts;
    all.largest = std::max(all.largest, key.herds.largest);
  }
  return all;
}

template <Outcome outcome>
Figure OutcomeShare(const RunResult& run) {
  return Ratio(run.request_outcomes[static_cast<std::size_t>(outcome)], run.requests);
}

// A mean over keys.
template <Duration KeyResult::*state>
Figure StateShare(const RunResult& run) {
  double in_state = 0;
  double all = 0;
  for (const KeyResult& key : run.keys) {
    in_state += InSeconds(key.*state);
    all += InSeconds(key.valid) + InSeconds(key.cooling) + InSeconds(key.permanent);
  }
  if (all == 0) return std::nullopt;
  return in_state / all;
}

template <Duration KeyResult::*state>
Figure OneStateShare(const RunResult& /*run*/, const KeyResult& key) {
  const double all = InSeconds(key.valid) + InSeconds(key.cooling) + InSeconds(key.permanent);
  if (all == 0) return std::nullopt;
  return InSeconds(key.*state) / all;
}

template <Duration LatencyResult::*quantile>
Figure RequestLatency(const RunResult& run) {
  return InMs(run.request_latency, run.request_latency.*quantile);
}

template <Duration LatencyResult::*quantile>
Figure CallLatency(const RunResult& run) {
  return InMs(run.call_latency, run.call_latency.*quantile);
}

constexpr auto kHigher = Better::kHigher;
constexpr auto kLower = Better::kLower;
constexpr auto kNeither = Better::kNeither;

constexpr auto kMetrics = std::to_array<Metric>({
    {"success_rate", "requests that succeed", Unit::kShare, kHigher,
     [](const RunResult& run) { return OutcomeShare<Outcome::kSuccess>(run); }},
    {"call_success_rate", "calls that succeed, with the clients' retries", Unit::kShare, kHigher,
     [](const RunResult& run) {
       return Ratio(run.call_outcomes[static_cast<std::size_t>(Outcome::kSuccess)], run.calls);
     }},
    {"rate_limited", "answered: rate limited", Unit::kShare, kLower,
     OutcomeShare<Outcome::kRateLimited>},
    {"unauthorized", "answered: keys refused", Unit::kShare, kLower,
     OutcomeShare<Outcome::kUnauthorized>},
    {"permanent", "answered: no key left for good", Unit::kShare, kLower,
     OutcomeShare<Outcome::kPermanent>},
    {"upstream_error", "the upstream's error passed on", Unit::kShare, kLower,
     OutcomeShare<Outcome::kUpstreamError>},
    {"reset", "connection ended before an answer", Unit::kShare, kLower,
     OutcomeShare<Outcome::kReset>},
    {"timeout", "no answer in time", Unit::kShare, kLower, OutcomeShare<Outcome::kTimeout>},
    {"truncated", "answer cut off", Unit::kShare, kLower, OutcomeShare<Outcome::kTruncated>},
    {"deadline", "client left", Unit::kShare, kLower, OutcomeShare<Outcome::kDeadline>},
    {"restarted", "gateway restarted", Unit::kShare, kLower, OutcomeShare<Outcome::kRestarted>},
    {"requests", "requests", Unit::kNumber, kNeither,
     [](const RunResult& run) { return Figure(CountAsDouble(run.requests)); }},
    // A gateway that is down makes none.
    {"attempts_per_request", "attempts a request", Unit::kNumber, kNeither,
     [](const RunResult& run) { return Ratio(run.attempts, run.requests); }},
    {"wasted_attempts", "attempts whose answer nobody got", Unit::kShare, kLower,
     [](const RunResult& run) { return Ratio(run.wasted_attempts, run.attempts); }},
    {"failing_time", "time in which every answer failed", Unit::kSeconds, kLower,
     [](const RunResult& run) { return Figure(InSeconds(run.failing)); }},
    {"longest_failing_time", "the longest such period", Unit::kSeconds, kLower,
     [](const RunResult& run) { return Figure(InSeconds(run.longest_failing)); }},
    {"recovery_after_outage", "first success after an outage of all keys", Unit::kSeconds, kLower,
     [](const RunResult& run) { return MeanSeconds(run.after_outage); }},
    {"no_recovery_after_outage", "outages of all keys without a success since", Unit::kNumber,
     kLower, [](const RunResult& run) { return Figure(CountAsDouble(run.after_outage.never)); }},
    {"key_recovery_after_outage", "a key's first success after its outage", Unit::kSeconds, kLower,
     [](const RunResult& run) { return MeanSeconds(AllKeys(run, &KeyResult::after_outage)); }},
    {"keys_lost_to_outage", "keys' outages without a success since", Unit::kNumber, kLower,
     [](const RunResult& run) {
       return Figure(CountAsDouble(AllKeys(run, &KeyResult::after_outage).never));
     }},
    {"key_recovery_after_cooldown", "a key's first success after its cooldown", Unit::kSeconds,
     kLower,
     [](const RunResult& run) { return MeanSeconds(AllKeys(run, &KeyResult::after_cooldown)); }},
    {"herd_mean", "attempts at a cooldown's end, before an answer", Unit::kNumber, kLower,
     [](const RunResult& run) {
       const Herds herds = AllHerds(run);
       return Ratio(herds.attempts, herds.count);
     }},
    {"herd_largest", "the most such attempts", Unit::kNumber, kLower,
     [](const RunResult& run) { return Figure(CountAsDouble(AllHerds(run).largest)); }},
    {"keys_valid", "keys valid", Unit::kShare, kHigher, StateShare<&KeyResult::valid>},
    {"keys_cooling", "keys cooling", Unit::kShare, kNeither, StateShare<&KeyResult::cooling>},
    {"keys_permanent", "keys out for good", Unit::kShare, kLower,
     StateShare<&KeyResult::permanent>},
    {"latency_p50", "latency of successes, p50", Unit::kMilliseconds, kLower,
     RequestLatency<&LatencyResult::p50>},
    {"latency_p90", "latency of successes, p90", Unit::kMilliseconds, kLower,
     RequestLatency<&LatencyResult::p90>},
    {"latency_p99", "latency of successes, p99", Unit::kMilliseconds, kLower,
     RequestLatency<&LatencyResult::p99>},
    {"latency_p999", "latency of successes, p99.9", Unit::kMilliseconds, kLower,
     RequestLatency<&LatencyResult::p999>},
    {"call_latency_p50", "calls with their retries, p50", Unit::kMilliseconds, kLower,
     CallLatency<&LatencyResult::p50>},
    {"call_latency_p99", "calls with their retries, p99", Unit::kMilliseconds, kLower,
     CallLatency<&LatencyResult::p99>},
});

constexpr auto kKeyMetrics = std::to_array<KeyMetric>({
    {"attempts", "attempts", Unit::kNumber,
     [](const RunResult&, const KeyResult& key) { return Figure(CountAsDouble(key.attempts)); }},
    {"share", "of all attempts", Unit::kShare,
     [](const RunResult& run, const KeyResult& key) { return Ratio(key.attempts, run.attempts); }},
    {"successes", "succeed", Unit::kShare,
     [](const RunResult&, const KeyResult& key) { return Ratio(key.successes, key.attempts); }},
    {"refusals", "are refused", Unit::kShare,
     [](const RunResult&, const KeyResult& key) { return Ratio(key.refusals, key.attempts); }},
    {"valid", "time valid", Unit::kShare, OneStateShare<&KeyResult::valid>},
    {"cooling", "cooling", Unit::kShare, OneStateShare<&KeyResult::cooling>},
    {"permanent", "out for good", Unit::kShare, OneStateShare<&KeyResult::permanent>},
    {"herd_mean", "herd", Unit::kNumber,
     [](const RunResult&, const KeyResult& key) {
       return Ratio(key.herds.attempts, key.herds.count);
     }},
});

}  // namespace

std::string_view ToString(Unit unit) noexcept {
  switch (unit) {
    case Unit::kShare:
      return "share";
    case Unit::kNumber:
      return "number";
    case Unit::kSeconds:
      return "s";
    case Unit::kMilliseconds:
      return "ms";
  }
  return "";
}

std::string_view ToString(Better better) noexcept {
  switch (better) {
    case Better::kNeither:
      return "neither";
    case Better::kHigher:
      return "higher";
    case Better::kLower:
      return "lower";
  }
  return "";
}

std::span<const Metric> Metrics() { return kMetrics; }
std::span<const KeyMetric> KeyMetrics() { return kKeyMetrics; }

std::optional<Estimate> EstimateOf(const Metric& metric, std::span<const RunResult> runs) {
  std::vector<double> values;
  for (const RunResult& run : runs) {
    if (const std::optional<double> value = metric.value(run)) values.push_back(*value);
  }
  return EstimateMean(values);
}

std::optional<Estimate> EstimateOf(const KeyMetric& metric, std::size_t key,
                                   std::span<const RunResult> runs) {
  std::vector<double> values;
  for (const RunResult& run : runs) {
    if (const std::optional<double> value = metric.value(run, run.keys[key])) {
      values.push_back(*value);
    }
  }
  return EstimateMean(values);
}

}  // namespace keywalk::sim
