// How often a duration occurred: counts in buckets that widen with the value, as much memory for
// a year of requests as for ten.
#ifndef KEYWALK_SIM_REPORT_LOG_HISTOGRAM_H_
#define KEYWALK_SIM_REPORT_LOG_HISTOGRAM_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "keywalk/clock.h"

namespace keywalk::sim {

// Each power of two is split into 128 buckets: a quantile is off by at most 0.4 %. Durations below
// 1024 ns are one bucket, those of 2^43 ns (2.4 hours) and more another. Integers only, so that
// every compiler counts alike. Not safe for concurrent use.
class LogHistogram {
 public:
  void Add(Duration duration) noexcept;

  std::uint64_t count() const noexcept { return count_; }
  // Exact. Zero if nothing was added, as are those below.
  Duration max() const noexcept { return max_; }
  Duration mean() const noexcept;
  // The smallest value that so many thousandths of all are not above: the middle of its bucket, or
  // the exact maximum where that is less. REQUIRES: 0 < thousandths <= 1000
  Duration Quantile(unsigned thousandths) const noexcept;

 private:
  static constexpr int kSplitBits = 7;
  static constexpr int kFirstExponent = 10;
  static constexpr int kEndExponent = 43;
  static constexpr std::size_t kBuckets =
      (static_cast<std::size_t>(kEndExponent - kFirstExponent) << kSplitBits) + 2;

  static std::size_t BucketOf(std::uint64_t value) noexcept;
  static std::uint64_t MiddleOf(std::size_t bucket) noexcept;

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  // Of microseconds: a year of requests of ten minutes each fits.
  std::uint64_t sum_us_ = 0;
  Duration max_{};
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_REPORT_LOG_HISTOGRAM_H_
