#include "sim/report/estimate.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace keywalk::sim {
namespace {

constexpr double kOneTail = 0.025;  // of 95 %, beyond each end

}  // namespace

std::optional<Estimate> EstimateMean(std::span<const double> values) {
  if (values.empty()) return std::nullopt;
  // Welford's recurrence: no cancellation where the values differ little.
  double mean = 0;
  double squares = 0;
  std::size_t count = 0;
  for (const double value : values) {
    const double from_before = value - mean;
    mean += from_before / static_cast<double>(++count);
    squares += from_before * (value - mean);
  }
  Estimate estimate{.seeds = count, .mean = mean, .margin = std::nullopt};
  if (count < 2) return estimate;
  const double freedom = static_cast<double>(count - 1);
  const boost::math::students_t distribution(freedom);
  const double quantile = boost::math::quantile(boost::math::complement(distribution, kOneTail));
  estimate.margin = quantile * std::sqrt(squares / freedom) / std::sqrt(static_cast<double>(count));
  return estimate;
}

}  // namespace keywalk::sim
