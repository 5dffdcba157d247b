// Goal: a limit admits exactly what it says, to the millisecond, and says when it will.
// Method: one meter, times and amounts on and beside each boundary; extremes for the arithmetic.
#include "mockupstream/model/limit_meter.h"

#include <gtest/gtest.h>

#include <limits>

namespace keywalk::mock {
namespace {

constexpr auto kNever = std::nullopt;
constexpr Milliseconds kNow{0};

LimitSpec Bucket(std::int64_t limit, Milliseconds per, std::int64_t burst) {
  return {LimitKind::kTokenBucket, Counted::kRequests, limit, per, burst};
}

LimitSpec Window(std::int64_t limit, Milliseconds per) {
  return {LimitKind::kFixedWindow, Counted::kRequests, limit, per, 1};
}

TEST(LimitMeterTest, ABucketIsFullAtFirstAndRefillsAtItsRate) {
  LimitMeter meter(Bucket(3, Milliseconds(1000), 2), {});  // a unit each 333.33 ms
  meter.Take(2);
  EXPECT_EQ(meter.WaitFor(1), Milliseconds(334));
  EXPECT_EQ(meter.WaitFor(2), Milliseconds(667));
  EXPECT_EQ(meter.WaitFor(3), kNever);
  meter.AdvanceTo(Milliseconds(333));
  EXPECT_EQ(meter.WaitFor(1), Milliseconds(1));
  EXPECT_EQ(meter.state().remaining, 0);
  meter.AdvanceTo(Milliseconds(334));
  EXPECT_EQ(meter.WaitFor(1), kNow);
  EXPECT_EQ(meter.state().remaining, 1);
  EXPECT_EQ(meter.state().reset_in, Milliseconds(333));
}

TEST(LimitMeterTest, ThirdsOfAMillisecondAddUpToWholeUnits) {
  LimitMeter meter(Bucket(3, Milliseconds(1000), 3), {});
  meter.Take(3);
  for (int ms = 1; ms <= 1000; ++ms) meter.AdvanceTo(Milliseconds(ms));
  EXPECT_EQ(meter.state().remaining, 3);
  EXPECT_EQ(meter.state().reset_in, kNow);
}

TEST(LimitMeterTest, ABucketNeverHoldsMoreThanItsBurst) {
  LimitMeter meter(Bucket(kMaxLimit, Milliseconds(1), 5), {});
  meter.Take(5);
  meter.AdvanceTo(Milliseconds(std::int64_t{1} << 59));
  EXPECT_EQ(meter.state().remaining, 5);
  EXPECT_EQ(meter.WaitFor(6), kNever);
}

TEST(LimitMeterTest, TheLargestBucketCountsWithoutOverflow) {
  LimitMeter meter(Bucket(1, kMaxLimitPer, kMaxLimit), {});
  meter.Take(kMaxLimit);
  EXPECT_EQ(meter.WaitFor(kMaxLimit), Milliseconds(1'000'000'000'000'000'000));
  meter.AdvanceTo(Milliseconds(1'000'000'000'000'000'000 - 1));
  EXPECT_EQ(meter.WaitFor(kMaxLimit), Milliseconds(1));
  EXPECT_EQ(meter.WaitFor(std::numeric_limits<std::int64_t>::max()), kNever);
}

TEST(LimitMeterTest, TimeThatGoesBackChangesNothing) {
  LimitMeter meter(Bucket(1, Milliseconds(1000), 1), {});
  meter.AdvanceTo(Milliseconds(5000));
  meter.Take(1);
  meter.AdvanceTo(Milliseconds(0));
  EXPECT_EQ(meter.WaitFor(1), Milliseconds(1000));
  meter.AdvanceTo(Milliseconds(5999));
  EXPECT_EQ(meter.WaitFor(1), Milliseconds(1));
}

TEST(LimitMeterTest, AWindowBeginsAnewAtEachMultipleOfItsLength) {
  LimitMeter meter(Window(2, Milliseconds(60'000)), {});
  meter.AdvanceTo(Milliseconds(59'999));
  meter.Take(2);
  EXPECT_EQ(meter.WaitFor(1), Milliseconds(1));
  EXPECT_EQ(meter.state().remaining, 0);
  meter.AdvanceTo(Milliseconds(60'000));
  EXPECT_EQ(meter.WaitFor(2), kNow);
  EXPECT_EQ(meter.WaitFor(3), kNever);
  EXPECT_EQ(meter.state().remaining, 2);
  EXPECT_EQ(meter.state().reset_in, Milliseconds(60'000));
}

TEST(LimitMeterTest, AWindowThatIsPartlyUsedTakesWhatIsLeftAndNoMore) {
  LimitMeter meter(Window(3, Milliseconds(1000)), {});
  meter.Take(2);
  EXPECT_EQ(meter.WaitFor(1), kNow);
  EXPECT_EQ(meter.WaitFor(2), Milliseconds(1000));
}

TEST(LimitMeterTest, AWindowIsNotMovedByAClockThatStartsWithinADay) {
  LimitMeter meter(Window(1, Milliseconds(60'000)), Milliseconds(12'345));
  EXPECT_EQ(meter.state().reset_in, Milliseconds(60'000));
}

TEST(LimitMeterTest, ADayEndsAtMidnightUtcWhereverTheClockStarted) {
  const LimitSpec daily{LimitKind::kDailyQuota, Counted::kRequests, 1, {}, 1};
  const Milliseconds noon(kLimitDay * 20'000 + kLimitDay / 2);
  LimitMeter meter(daily, noon);
  meter.Take(1);
  EXPECT_EQ(meter.WaitFor(1), kLimitDay / 2);
  EXPECT_EQ(meter.state().per, kLimitDay);
  meter.AdvanceTo(kLimitDay / 2 - Milliseconds(1));
  EXPECT_EQ(meter.WaitFor(1), Milliseconds(1));
  meter.AdvanceTo(kLimitDay / 2);
  EXPECT_EQ(meter.WaitFor(1), kNow);
  meter.Take(1);
  EXPECT_EQ(meter.WaitFor(1), kLimitDay);
}

TEST(LimitMeterTest, UnitsAreWhatTheLimitCounts) {
  const RequestCost cost{100, 20};
  EXPECT_EQ(UnitsOf(Counted::kRequests, cost), 1);
  EXPECT_EQ(UnitsOf(Counted::kTokens, cost), 120);
  EXPECT_EQ(UnitsOf(Counted::kInputTokens, cost), 100);
  EXPECT_EQ(UnitsOf(Counted::kOutputTokens, cost), 20);
  EXPECT_EQ(UnitsOf(Counted::kTokens, {-5, 7}), 7);
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_GT(UnitsOf(Counted::kTokens, {kMost, kMost}), kMaxLimit);
}

}  // namespace
}  // namespace keywalk::mock
