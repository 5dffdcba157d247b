// Goal: whatever the limits and the traffic, a bucket admits no more than burst and rate allow, and
// what a refusal says about time is exact.
// Method: RapidCheck draws limits and requests; every window of the admitted ones is summed up, and
// each refusal is tried again on keys that have seen the same, a millisecond before and at its
// time.
#include <gtest/gtest.h>
// GoogleTest must come before RapidCheck's glue to it.
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "mockupstream/model/key_model.h"

namespace keywalk::mock {
namespace {

struct Event {
  Milliseconds at;
  RequestCost cost;
};

// Small numbers: limits reached, and reached exactly, must be common.
std::int64_t Small(std::int64_t least, std::int64_t most) {
  return *rc::gen::inRange<std::int64_t>(least, most + 1);
}

LimitSpec AnyLimit() {
  LimitSpec limit;
  limit.kind =
      *rc::gen::element(LimitKind::kTokenBucket, LimitKind::kFixedWindow, LimitKind::kDailyQuota);
  limit.counted = *rc::gen::element(Counted::kRequests, Counted::kTokens, Counted::kOutputTokens);
  limit.limit = Small(1, 12);
  limit.burst = Small(1, 12);
  limit.per = Milliseconds(Small(1, 50));
  return limit;
}

std::vector<LimitSpec> AnyLimits(std::int64_t least) {
  std::vector<LimitSpec> limits;
  for (std::int64_t left = Small(least, 3); left > 0; --left) limits.push_back(AnyLimit());
  return limits;
}

std::vector<Event> AnyTraffic() {
  std::vector<Event> events;
  Milliseconds at{0};
  for (std::int64_t left = Small(1, 40); left > 0; --left) {
    at += Milliseconds(Small(0, 12));
    events.push_back({at, {Small(0, 6), Small(0, 6)}});
  }
  return events;
}

// A key and its organisation, made from the same numbers each time.
class World {
 public:
  World(const std::vector<LimitSpec>& own, const std::vector<LimitSpec>& shared)
      : key_({own, {}, {}}, std::make_shared<Organisation>(shared)) {}

  void Replay(const std::vector<Event>& events, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) key_.Admit(events[i].at, events[i].cost);
  }
  Admission Admit(Milliseconds now, RequestCost cost) { return key_.Admit(now, cost); }

 private:
  KeyModel key_;
};

RC_GTEST_PROP(KeyModelProperty, ABucketAdmitsAtMostBurstAndRateInAnyWindow, ()) {
  LimitSpec limit = AnyLimit();
  limit.kind = LimitKind::kTokenBucket;
  KeyModel key({{limit}, {}, {}}, nullptr);
  std::vector<Event> admitted;
  for (const Event& event : AnyTraffic()) {
    if (key.Admit(event.at, event.cost).admitted()) admitted.push_back(event);
  }
  for (std::size_t first = 0; first < admitted.size(); ++first) {
    std::int64_t units = 0;
    for (std::size_t last = first; last < admitted.size(); ++last) {
      units += UnitsOf(limit.counted, admitted[last].cost);
      // units <= burst + limit * time / per, in integers.
      const std::int64_t time = (admitted[last].at - admitted[first].at).count();
      RC_ASSERT(units * limit.per.count() <= limit.burst * limit.per.count() + limit.limit * time);
    }
  }
}

RC_GTEST_PROP(KeyModelProperty, ARefusedRequestIsAdmittedAtItsTimeAndNotBefore, ()) {
  const std::vector<LimitSpec> own = AnyLimits(1);
  const std::vector<LimitSpec> shared = AnyLimits(0);
  const std::vector<Event> events = AnyTraffic();
  World world(own, shared);
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    const Admission admission = world.Admit(event.at, event.cost);
    if (admission.admitted()) continue;
    World later(own, shared);
    later.Replay(events, i);
    if (!admission.retry_after) {
      RC_ASSERT(!later.Admit(event.at + 400 * kLimitDay, event.cost).admitted());
      continue;
    }
    const Milliseconds wait = *admission.retry_after;
    RC_ASSERT(wait > Milliseconds(0));
    RC_ASSERT(!later.Admit(event.at + wait - Milliseconds(1), event.cost).admitted());
    RC_ASSERT(later.Admit(event.at + wait, event.cost).admitted());
  }
}

RC_GTEST_PROP(KeyModelProperty, ARefusalChangesNothing, ()) {
  const std::vector<LimitSpec> own = AnyLimits(1);
  const std::vector<LimitSpec> shared = AnyLimits(0);
  World all(own, shared);
  World only_admitted(own, shared);
  for (const Event& event : AnyTraffic()) {
    if (!all.Admit(event.at, event.cost).admitted()) continue;
    RC_ASSERT(only_admitted.Admit(event.at, event.cost).admitted());
  }
}

// Extremes: nothing wraps, and nothing goes below zero.
RC_GTEST_PROP(KeyModelProperty, AnyCostAndTimeKeepTheLevelsInTheirBounds,
              (std::vector<std::pair<std::int64_t, std::int64_t>> requests)) {
  constexpr std::int64_t kLastMs = std::int64_t{1} << 59;
  LimitSpec largest{LimitKind::kTokenBucket, Counted::kTokens, kMaxLimit, kMaxLimitPer, kMaxLimit};
  LimitSpec slowest{LimitKind::kTokenBucket, Counted::kTokens, 1, kMaxLimitPer, kMaxLimit};
  KeyModel key({{largest, slowest}, {}, {}}, nullptr);
  std::vector<LimitState> states;
  for (const auto& [time, tokens] : requests) {
    key.Admit(Milliseconds(std::clamp(time, std::int64_t{0}, kLastMs)), {tokens, tokens}, states);
    for (const LimitState& state : states) {
      RC_ASSERT(state.remaining >= 0 && state.remaining <= kMaxLimit);
      RC_ASSERT(state.reset_in >= Milliseconds(0));
    }
  }
}

}  // namespace
}  // namespace keywalk::mock
