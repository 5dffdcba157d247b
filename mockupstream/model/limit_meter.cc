#include "mockupstream/model/limit_meter.h"

#include <algorithm>
#include <cassert>

namespace keywalk::mock {
namespace {

// Far beyond any limit, and two of them can be added.
constexpr std::int64_t kMostTokens = std::int64_t{1} << 60;

std::int64_t Bounded(std::int64_t tokens) {
  return std::clamp(tokens, std::int64_t{0}, kMostTokens);
}

std::int64_t DivideUp(std::int64_t dividend, std::int64_t divisor) {
  return dividend / divisor + (dividend % divisor != 0 ? 1 : 0);
}

LimitSpec Normalized(LimitSpec spec) {
  spec.limit = std::clamp(spec.limit, std::int64_t{1}, kMaxLimit);
  spec.burst = std::clamp(spec.burst, std::int64_t{1}, kMaxLimit);
  spec.per = std::clamp(spec.per, Milliseconds(1), kMaxLimitPer);
  if (spec.kind == LimitKind::kDailyQuota) spec.per = kLimitDay;
  return spec;
}

}  // namespace

std::int64_t UnitsOf(Counted counted, RequestCost cost) {
  switch (counted) {
    case Counted::kRequests:
      return 1;
    case Counted::kTokens:
      return Bounded(cost.input_tokens) + Bounded(cost.output_tokens);
    case Counted::kInputTokens:
      return Bounded(cost.input_tokens);
    case Counted::kOutputTokens:
      return Bounded(cost.output_tokens);
  }
  return 0;
}

LimitMeter::LimitMeter(const LimitSpec& spec, Milliseconds wall_at_zero)
    : spec_(Normalized(spec)), phase_ms_(0) {
  if (spec_.kind == LimitKind::kTokenBucket) {
    level_ = Bucket{spec_.burst * spec_.per.count()};  // at most 10^18: fits
    return;
  }
  if (spec_.kind == LimitKind::kDailyQuota) {
    const std::int64_t day = kLimitDay.count();
    phase_ms_ = (wall_at_zero.count() % day + day) % day;
  }
  level_ = Window{0, WindowEnd()};
}

std::int64_t LimitMeter::WindowEnd() const {
  const std::int64_t length = spec_.per.count();
  return ((now_ms_ + phase_ms_) / length + 1) * length - phase_ms_;
}

void LimitMeter::AdvanceTo(Milliseconds now) {
  if (now.count() <= now_ms_) return;
  const std::int64_t elapsed = now.count() - now_ms_;
  now_ms_ = now.count();
  if (auto* bucket = std::get_if<Bucket>(&level_)) {
    const std::int64_t full = spec_.burst * spec_.per.count();
    // Compared as times: elapsed * limit may not fit.
    if (elapsed >= DivideUp(full - bucket->parts, spec_.limit)) {
      bucket->parts = full;
    } else {
      bucket->parts += elapsed * spec_.limit;
    }
  } else if (auto& window = std::get<Window>(level_); now_ms_ >= window.end_ms) {
    window = {0, WindowEnd()};
  }
}

std::optional<Milliseconds> LimitMeter::WaitFor(std::int64_t units) const {
  if (const auto* bucket = std::get_if<Bucket>(&level_)) {
    if (units > spec_.burst) return std::nullopt;
    const std::int64_t missing = units * spec_.per.count() - bucket->parts;
    return Milliseconds(missing <= 0 ? 0 : DivideUp(missing, spec_.limit));
  }
  if (units > spec_.limit) return std::nullopt;
  const auto& window = std::get<Window>(level_);
  return Milliseconds(window.used + units <= spec_.limit ? 0 : window.end_ms - now_ms_);
}

void LimitMeter::Take(std::int64_t units) {
  assert(WaitFor(units) == Milliseconds(0));
  if (auto* bucket = std::get_if<Bucket>(&level_)) {
    bucket->parts -= units * spec_.per.count();
  } else {
    std::get<Window>(level_).used += units;
  }
}

LimitState LimitMeter::state() const {
  LimitState state{spec_.kind, spec_.counted, spec_.limit, spec_.per, 0, Milliseconds(0)};
  if (const auto* bucket = std::get_if<Bucket>(&level_)) {
    const std::int64_t full = spec_.burst * spec_.per.count();
    state.remaining = bucket->parts / spec_.per.count();
    state.reset_in = Milliseconds(DivideUp(full - bucket->parts, spec_.limit));
  } else {
    const auto& window = std::get<Window>(level_);
    state.remaining = spec_.limit - window.used;
    state.reset_in = Milliseconds(window.end_ms - now_ms_);
  }
  return state;
}

}  // namespace keywalk::mock
