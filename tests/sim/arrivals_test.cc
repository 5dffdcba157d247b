// Goal: calls come at the rate and in the pattern that the world says.
// Method: long streams, counted; bounds are some ten standard deviations wide.
#include "sim/run/arrivals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "sim/world/distribution.h"

namespace keywalk::sim {
namespace {

using std::chrono::seconds;

std::vector<Instant> Until(const Arrivals& arrivals, Duration end) {
  ArrivalStream stream(arrivals, 1, 0);
  std::vector<Instant> times;
  while (const std::optional<Instant> next = stream.Next()) {
    if (*next >= Instant(end)) break;
    EXPECT_GE(*next, times.empty() ? Instant() : times.back());
    times.push_back(*next);
  }
  return times;
}

std::size_t Between(const std::vector<Instant>& times, Duration from, Duration to) {
  std::size_t count = 0;
  for (const Instant time : times) count += time >= Instant(from) && time < Instant(to) ? 1 : 0;
  return count;
}

TEST(ArrivalStreamTest, PoissonHasItsRate) {
  const std::size_t calls = Until(PoissonArrivals{10}, seconds(10'000)).size();
  EXPECT_NEAR(static_cast<double>(calls), 100'000, 3'000);
}

TEST(ArrivalStreamTest, DaysAreBusierThanNights) {
  DiurnalArrivals diurnal;
  diurnal.per_second = 1;
  diurnal.swing = 1;
  const std::vector<Instant> times = Until(diurnal, seconds(86'400));
  EXPECT_NEAR(static_cast<double>(times.size()), 86'400, 3'000);
  // Of a raised cosine, a tenth around its trough holds 0.16 % and a tenth around its peak 19.8 %.
  const Duration day = seconds(86'400);
  EXPECT_LT(Between(times, {}, day / 20), 200u);
  EXPECT_GT(Between(times, day * 9 / 20, day * 11 / 20), 15'000u);
}

TEST(ArrivalStreamTest, ABurstIsWithinItsSpreadAndWhole) {
  BurstArrivals bursts;
  bursts.every = Milliseconds(10'000);
  bursts.size = 50;
  bursts.spread = Milliseconds(300);
  const std::vector<Instant> times = Until(bursts, seconds(100));
  ASSERT_EQ(times.size(), 500u);
  for (int burst = 0; burst < 10; ++burst) {
    const Duration begin = bursts.every * burst;
    EXPECT_EQ(Between(times, begin, begin + bursts.spread + Milliseconds(1)), 50u);
  }
  EXPECT_NEAR(static_cast<double>(Between(times, {}, Milliseconds(150))), 25, 15);
}

TEST(ArrivalStreamTest, ABurstWithoutSpreadIsAtOnce) {
  BurstArrivals bursts;
  bursts.every = Milliseconds(1000);
  bursts.size = 3;
  const std::vector<Instant> times = Until(bursts, seconds(2));
  EXPECT_THAT(times, ::testing::ElementsAre(Instant(), Instant(), Instant(), Instant(seconds(1)),
                                            Instant(seconds(1)), Instant(seconds(1))));
}

TEST(ArrivalStreamTest, ClosedUsersBeginWithinOnePause) {
  ClosedArrivals closed;
  closed.users = 10;
  closed.think_ms = Distribution::Fixed(1000);
  const std::vector<Instant> times = Until(closed, seconds(100));
  ASSERT_EQ(times.size(), 10u);
  EXPECT_EQ(times.front(), Instant());
  EXPECT_EQ(times.back(), Instant(Milliseconds(900)));
}

TEST(DistributionTest, DrawsAreWhereTheyBelong) {
  RandomEngine engine(3);
  const Distribution uniform{Distribution::Kind::kUniform, 20, 60};
  const Distribution exponential{Distribution::Kind::kExponential, 50, 200};
  const Distribution lognormal{Distribution::Kind::kLogNormal, 50, 0.5};
  double exponential_sum = 0;
  int below_median = 0;
  constexpr int kDraws = 20'000;
  for (int i = 0; i < kDraws; ++i) {
    const double u = uniform.Draw(engine);
    EXPECT_TRUE(u >= 20 && u <= 60) << u;
    const double e = exponential.Draw(engine);
    EXPECT_TRUE(e >= 0 && e <= 200) << e;
    exponential_sum += e;
    below_median += lognormal.Draw(engine) < 50 ? 1 : 0;
  }
  // The mean of an exponential that is cut at four means: 50 (1 - e^-4).
  EXPECT_NEAR(exponential_sum / kDraws, 49.08, 2);
  EXPECT_NEAR(below_median, kDraws / 2, 500);
}

TEST(DistributionTest, MillisecondsAreWholeMicroseconds) {
  RandomEngine engine(3);
  const Distribution uniform{Distribution::Kind::kUniform, 0, 1};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(uniform.DrawMilliseconds(engine).count() % 1000, 0);
  EXPECT_EQ(Distribution::Fixed(1.5).DrawMilliseconds(engine), std::chrono::microseconds(1500));
}

}  // namespace
}  // namespace keywalk::sim
