#include "sim/run/arrivals.h"

#include <algorithm>
#include <boost/random/exponential_distribution.hpp>
#include <boost/random/uniform_01.hpp>
#include <cmath>
#include <numbers>
#include <variant>

namespace keywalk::sim {

std::optional<Instant> ArrivalStream::Next() {
  const std::optional<Instant> next =
      std::visit([this](const auto& arrivals) { return NextOf(arrivals); }, arrivals_);
  if (next) last_ = *next;
  ++count_;
  return next;
}

// To the microsecond, and for the same reason as Distribution::DrawMilliseconds.
Instant ArrivalStream::AfterGap(double per_second) {
  constexpr double kMicrosecondsPerSecond = 1e6;
  const double gap = boost::random::exponential_distribution<double>(1.0)(engine_);
  const double us = std::min(gap / per_second * kMicrosecondsPerSecond, 1e15);
  return last_ + std::chrono::microseconds(static_cast<std::int64_t>(us));
}

std::optional<Instant> ArrivalStream::NextOf(const PoissonArrivals& poisson) {
  return AfterGap(poisson.per_second);
}

// A burst's calls in the order of their times: each is the least of those that are left, drawn as
// the first of that many uniform ones.
std::optional<Instant> ArrivalStream::NextOf(const BurstArrivals& bursts) {
  const auto size = static_cast<std::size_t>(bursts.size);
  const std::size_t index = count_ % size;
  const Instant begin = Instant(bursts.every * static_cast<std::int64_t>(count_ / size));
  const Instant from = index == 0 ? begin : last_;
  const Duration left = begin + bursts.spread - from;
  if (left <= Duration::zero()) return from;
  const double uniform = boost::random::uniform_01<double>()(engine_);
  const double least = 1 - std::pow(1 - uniform, 1.0 / static_cast<double>(size - index));
  const double us = least * static_cast<double>(left.count()) / 1000;
  return from + std::chrono::microseconds(static_cast<std::int64_t>(us));
}

// By thinning a process of the highest rate.
std::optional<Instant> ArrivalStream::NextOf(const DiurnalArrivals& diurnal) {
  const double most = diurnal.per_second * (1 + diurnal.swing);
  const double period = static_cast<double>(Duration(diurnal.period).count());
  while (true) {
    last_ = AfterGap(most);
    const double phase = static_cast<double>(last_.time_since_epoch().count()) / period;
    const double rate =
        diurnal.per_second * (1 - diurnal.swing * std::cos(2 * std::numbers::pi * phase));
    if (boost::random::uniform_01<double>()(engine_) * most < rate) return last_;
  }
}

// Users do not begin all at once, but within one pause.
std::optional<Instant> ArrivalStream::NextOf(const ClosedArrivals& closed) {
  if (count_ >= static_cast<std::size_t>(closed.users)) return std::nullopt;
  const Duration pause = closed.think_ms.DrawMilliseconds(engine_);
  const std::int64_t step = pause.count() / closed.users;
  return last_ + Duration(count_ == 0 ? 0 : step);
}

std::optional<Instant> ArrivalStream::NextOf(const ListedArrivals& listed) {
  if (count_ >= listed.at.size()) return std::nullopt;
  return Instant(listed.at[count_]);
}

Duration ThinkTime(const ClosedArrivals& closed, std::uint64_t seed, std::uint64_t call) {
  RandomEngine engine = EngineFor(seed, Stream::kThinking, call);
  return closed.think_ms.DrawMilliseconds(engine);
}

}  // namespace keywalk::sim
