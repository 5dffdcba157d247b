#include "sim/report/measurements.h"

#include <algorithm>
#include <chrono>

namespace keywalk::sim {
namespace {

// A run never has more attempts a request than keys, but the driver may replace a connection.
constexpr std::size_t kMostAttemptsTold = 64;

// Of a timeline, the parts of all keys together.
constexpr std::size_t kMostKeyParts = 1'000'000;

Duration PartOf(Duration whole, std::size_t parts) {
  const Duration part =
      (whole + Duration(static_cast<std::int64_t>(parts) - 1)) / static_cast<std::int64_t>(parts);
  return std::max<Duration>(part, std::chrono::milliseconds(1));
}

// REQUIRES: whole of a millisecond or more
std::uint16_t Thousandths(Duration part, Duration whole) {
  const std::int64_t thousandth = whole.count() / 1000;
  return static_cast<std::uint16_t>(
      std::min<std::int64_t>((part.count() + thousandth / 2) / thousandth, 1000));
}

LatencyResult LatencyOf(const LogHistogram& histogram) {
  return {.count = histogram.count(),
          .mean = histogram.mean(),
          .p50 = histogram.Quantile(500),
          .p90 = histogram.Quantile(900),
          .p99 = histogram.Quantile(990),
          .p999 = histogram.Quantile(999),
          .max = histogram.max()};
}

std::vector<OutageWatch> WatchKeyOutages(const World& world) {
  std::vector<OutageWatch> watches;
  for (const KeySpec& key : world.keys) watches.emplace_back(OutagesOf(key, world.duration));
  return watches;
}

bool IsRefusal(const AttemptEnded& attempt) {
  return attempt.how == AttemptEnded::How::kResponse && attempt.status >= 400;
}

}  // namespace

Measurements::Measurements(const World& world, const Policy& policy,
                           const MeasurementOptions& options)
    : key_count_(world.keys.size()),
      pool_count_(
          world.gateways.shared_key_state ? 1 : static_cast<std::size_t>(world.gateways.replicas)),
      shared_state_(world.gateways.shared_key_state),
      default_cooldown_(policy.default_cooldown),
      end_(Duration(world.duration)),
      has_timeline_(options.timeline_parts > 0),
      part_(world.duration),
      watches_(pool_count_ * key_count_),
      key_outages_(WatchKeyOutages(world)),
      world_outages_(CommonOutages(world)),
      columns_(kKeysAt + key_count_ * kKeyColumns) {
  if (has_timeline_) {
    part_ = PartOf(world.duration, std::min(options.timeline_parts, kMostKeyParts / key_count_));
    part_count_ = static_cast<std::size_t>((Duration(world.duration) - Duration(1)) / part_) + 1;
    state_parts_.resize(part_count_ * key_count_ * 2);
  }
  part_end_ = part_count_ == 1 ? Instant::max() : Instant(part_);
  rows_.resize(part_count_ * columns_);
  row_ = rows_.data();
  result_.keys.resize(key_count_);
  result_.requests_by_attempts.resize(std::min(key_count_ + 1, kMostAttemptsTold) + 1);
}

void Measurements::EnterPartOf(Instant at) {
  while (at >= part_end_) {
    CloseStates(part_end_);
    ++present_part_;
    row_ += columns_;
    // What happens after the world's end belongs to its last part.
    part_end_ = present_part_ + 1 == part_count_ ? Instant::max() : part_end_ + part_;
  }
}

void Measurements::CloseStates(Instant until) {
  const Instant from = Instant(part_ * static_cast<std::int64_t>(present_part_));
  const auto pools = static_cast<std::int64_t>(pool_count_);
  for (std::size_t key = 0; key < key_count_; ++key) {
    StateTimes sum;
    for (std::size_t pool = 0; pool < pool_count_; ++pool) {
      const StateTimes times = watches_[pool * key_count_ + key].TakeTimes(until);
      sum.valid += times.valid / pools;
      sum.cooling += times.cooling / pools;
      sum.permanent += times.permanent / pools;
    }
    KeyResult& result = result_.keys[key];
    result.valid += sum.valid;
    result.cooling += sum.cooling;
    result.permanent += sum.permanent;
    if (!has_timeline_) continue;
    std::uint16_t* shares = &state_parts_[(present_part_ * key_count_ + key) * 2];
    shares[0] = Thousandths(sum.cooling, until - from);
    shares[1] = Thousandths(sum.permanent, until - from);
  }
}

void Measurements::OnRequest(const SimRequest& request) {
  AdvanceTo(request.sent_at);
  ++result_.requests;
  ++row_[0];
}

void Measurements::OnAttemptSent(const AttemptSent& attempt) {
  AdvanceTo(attempt.at);
  ++result_.attempts;
  KeyResult& key = result_.keys[attempt.key];
  ++key.attempts;
  ++KeyRow(attempt.key)[0];
  WatchOf(attempt.replica, attempt.key).OnSent(attempt.at, key.herds);
}

void Measurements::OnAttemptEnded(const AttemptEnded& attempt) {
  AdvanceTo(attempt.at);
  if (attempt.how == AttemptEnded::How::kAbandoned) return;  // no answer
  KeyResult& key = result_.keys[attempt.key];
  KeyWatch& watch = WatchOf(attempt.replica, attempt.key);
  watch.OnAnswer(attempt.sent_at, key.herds);
  if (IsRefusal(attempt)) {
    ++key.refusals;
    ++KeyRow(attempt.key)[2];
    key_outages_[attempt.key].OnFailure(attempt.sent_at);
  } else if (attempt.how == AttemptEnded::How::kResponse && attempt.status < 300) {
    ++key.successes;
    ++KeyRow(attempt.key)[1];
    watch.OnSuccess(attempt.at, attempt.sent_at, key.after_cooldown);
    key_outages_[attempt.key].OnSuccess(attempt.at, attempt.sent_at);
  }
  if (attempt.mark) {
    watch.OnMark(attempt.at, *attempt.mark, default_cooldown_, key.after_cooldown);
  }
}

void Measurements::OnAnswered(const Answered& answer) {
  AdvanceTo(answer.at);
  const auto outcome = static_cast<std::size_t>(answer.outcome);
  ++result_.request_outcomes[outcome];
  ++row_[kOutcomesAt + outcome];
  result_.wasted_attempts += answer.attempts - (answer.forwarded && answer.attempts > 0 ? 1 : 0);
  const std::size_t most = result_.requests_by_attempts.size() - 1;
  ++result_.requests_by_attempts[std::min<std::size_t>(answer.attempts, most)];
  const Instant sent_at = answer.request->sent_at;
  if (answer.outcome == Outcome::kSuccess) {
    request_latency_.Add(answer.at - sent_at);
    call_latency_.Add(answer.at - answer.request->call_at);
    world_outages_.OnSuccess(answer.at, sent_at);
    if (failing_since_) EndFailing(answer.at);
  } else {
    world_outages_.OnFailure(sent_at);
    if (!failing_since_) failing_since_ = answer.at;
  }
  if (!answer.call_ended) return;
  ++result_.calls;
  ++result_.call_outcomes[outcome];
}

void Measurements::EndFailing(Instant at) {
  const Duration lasted = at - *failing_since_;
  ++result_.failing_periods;
  result_.failing += lasted;
  result_.longest_failing = std::max(result_.longest_failing, lasted);
  failing_since_.reset();
}

void Measurements::OnRestart(Instant at, std::uint32_t replica) {
  AdvanceTo(at);
  if (shared_state_) return;  // the store outlives it
  for (std::size_t key = 0; key < key_count_; ++key) {
    WatchOf(replica, key).Reset(at, result_.keys[key].herds);
  }
}

bool Measurements::IsLost(KeyIndex key) const {
  for (std::size_t pool = 0; pool < pool_count_; ++pool) {
    if (!watches_[pool * key_count_ + key].permanent()) return false;
  }
  return true;
}

void Measurements::OnEnd(Instant at) {
  // Also an idle end of the world is part of it.
  AdvanceTo(std::max(at, end_ - Duration(1)));
  CloseStates(end_);
  for (std::size_t pool = 0; pool < pool_count_; ++pool) {
    for (std::size_t key = 0; key < key_count_; ++key) {
      KeyResult& result = result_.keys[key];
      watches_[pool * key_count_ + key].OnEnd(at, result.herds, result.after_cooldown);
    }
  }
  for (std::size_t key = 0; key < key_count_; ++key) {
    key_outages_[key].OnEnd(IsLost(key));
    result_.keys[key].after_outage = key_outages_[key].recovery();
  }
  world_outages_.OnEnd(/*lost=*/false);
  result_.after_outage = world_outages_.recovery();
  if (failing_since_) EndFailing(std::max(at, end_));
  result_.request_latency = LatencyOf(request_latency_);
  result_.call_latency = LatencyOf(call_latency_);
}

Timeline Measurements::MakeTimeline() const {
  const auto column = [&](std::size_t index) {
    std::vector<std::uint32_t> values(part_count_);
    for (std::size_t part = 0; part < part_count_; ++part) {
      values[part] = rows_[part * columns_ + index];
    }
    return values;
  };
  const auto states = [&](std::size_t index) {
    std::vector<std::uint16_t> values(part_count_);
    for (std::size_t part = 0; part < part_count_; ++part) {
      values[part] = state_parts_[part * key_count_ * 2 + index];
    }
    return values;
  };
  Timeline timeline;
  timeline.part = part_;
  timeline.requests = column(0);
  for (std::size_t i = 0; i < kOutcomes; ++i) timeline.outcomes[i] = column(kOutcomesAt + i);
  for (std::size_t key = 0; key < key_count_; ++key) {
    const std::size_t at = kKeysAt + key * kKeyColumns;
    timeline.keys.push_back({.attempts = column(at),
                             .successes = column(at + 1),
                             .refusals = column(at + 2),
                             .cooling = states(key * 2),
                             .permanent = states(key * 2 + 1)});
  }
  return timeline;
}

RunResult Measurements::Result(std::uint64_t seed) const {
  RunResult result = result_;
  result.seed = seed;
  if (has_timeline_) result.timeline = MakeTimeline();
  return result;
}

}  // namespace keywalk::sim
