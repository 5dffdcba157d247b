// Goal: means, intervals and quantiles are what statistics say.
// Method: published values of Student's t, and distributions whose quantiles are known.
#include "sim/report/estimate.h"

#include <gtest/gtest.h>

#include <vector>

#include "sim/report/log_histogram.h"
#include "sim/report/terminal_table.h"

namespace keywalk::sim {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(EstimateTest, NothingIsKnownOfNothing) { EXPECT_FALSE(EstimateMean({}).has_value()); }

TEST(EstimateTest, OneSeedHasNoInterval) {
  const std::vector<double> one = {0.25};
  const auto estimate = EstimateMean(one);
  EXPECT_EQ(estimate->seeds, 1u);
  EXPECT_EQ(estimate->mean, 0.25);
  EXPECT_FALSE(estimate->margin.has_value());
  EXPECT_EQ(estimate->low(), 0.25);
}

// t(0.975; 1) = 12.7062, t(0.975; 4) = 2.7764 and t(0.975; 29) = 2.0452 by any table of quantiles.
TEST(EstimateTest, TheIntervalIsStudents) {
  const std::vector<double> two = {0, 1};
  EXPECT_NEAR(*EstimateMean(two)->margin, 12.7062 * 0.5, 1e-4);

  const std::vector<double> five = {1, 2, 3, 4, 5};
  const auto estimate = EstimateMean(five);
  EXPECT_DOUBLE_EQ(estimate->mean, 3);
  EXPECT_NEAR(*estimate->margin, 2.7764 * 1.58114 / 2.23607, 1e-4);
  EXPECT_NEAR(estimate->low(), 1.0368, 1e-4);
  EXPECT_NEAR(estimate->high(), 4.9632, 1e-4);

  std::vector<double> thirty;
  for (int i = 0; i < 30; ++i) thirty.push_back(i % 2);
  EXPECT_NEAR(*EstimateMean(thirty)->margin, 2.0452 * 0.508548 / 5.477226, 1e-5);
}

TEST(EstimateTest, LargeValuesThatDifferLittleKeepTheirInterval) {
  const std::vector<double> values = {1e9 + 1, 1e9 + 2, 1e9 + 3, 1e9 + 4, 1e9 + 5};
  EXPECT_NEAR(*EstimateMean(values)->margin, 1.9632, 1e-4);
}

TEST(EstimateTest, TextHasTheDecimalsThatTheIntervalAllows) {
  EXPECT_EQ(FormatEstimate({5, 0.99872, 0.00031}, Unit::kShare), "99.872 ±0.031 %");
  EXPECT_EQ(FormatEstimate({5, 0.5, 0.12}, Unit::kShare), "50 ±12 %");
  EXPECT_EQ(FormatEstimate({5, 1234.5, 40}, Unit::kMilliseconds), "1234 ±40 ms");
  EXPECT_EQ(FormatEstimate({5, 1.5, 0.0}, Unit::kNumber), "1.500") << "all seeds agree";
  EXPECT_EQ(FormatEstimate({1, 0, std::nullopt}, Unit::kSeconds), "0 s");
}

TEST(LogHistogramTest, QuantilesAreWithinHalfAPercent) {
  LogHistogram histogram;
  for (int i = 1; i <= 100'000; ++i) histogram.Add(microseconds(10 * i));
  const auto close = [](Duration actual, Duration expected) {
    return std::abs(static_cast<double>(actual.count()) / static_cast<double>(expected.count()) -
                    1) < 0.005;
  };
  EXPECT_TRUE(close(histogram.Quantile(500), milliseconds(500))) << histogram.Quantile(500).count();
  EXPECT_TRUE(close(histogram.Quantile(900), milliseconds(900))) << histogram.Quantile(900).count();
  EXPECT_TRUE(close(histogram.Quantile(990), milliseconds(990))) << histogram.Quantile(990).count();
  EXPECT_TRUE(close(histogram.Quantile(999), milliseconds(999))) << histogram.Quantile(999).count();
  EXPECT_EQ(histogram.max(), milliseconds(1000));
  EXPECT_EQ(histogram.Quantile(1000), milliseconds(1000)) << "never above the maximum";
  EXPECT_EQ(histogram.mean(), microseconds(500'005));
  EXPECT_EQ(histogram.count(), 100'000u);
}

TEST(LogHistogramTest, TakesTheShortestAndTheLongest) {
  LogHistogram histogram;
  EXPECT_EQ(histogram.Quantile(500), Duration::zero());
  histogram.Add(Duration::zero());
  EXPECT_EQ(histogram.Quantile(500), Duration::zero());
  histogram.Add(hours(24 * 365));
  EXPECT_EQ(histogram.Quantile(1000), hours(24 * 365));
}

TEST(LogHistogramTest, TheMedianOfThreeIsTheSecond) {
  LogHistogram histogram;
  for (const int ms : {1, 10, 100}) histogram.Add(milliseconds(ms));
  EXPECT_GT(histogram.Quantile(500), milliseconds(9));
  EXPECT_LT(histogram.Quantile(500), milliseconds(11));
}

TEST(LogHistogramTest, TheRareAreSeenOnlyInTheTail) {
  LogHistogram histogram;
  for (int i = 0; i < 998; ++i) histogram.Add(milliseconds(1));
  histogram.Add(milliseconds(100));
  histogram.Add(milliseconds(100));
  EXPECT_LT(histogram.Quantile(998), milliseconds(2));
  EXPECT_GT(histogram.Quantile(999), milliseconds(99));
}

}  // namespace
}  // namespace keywalk::sim
