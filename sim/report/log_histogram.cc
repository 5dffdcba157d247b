#include "sim/report/log_histogram.h"

#include <algorithm>
#include <bit>

namespace keywalk::sim {

std::size_t LogHistogram::BucketOf(std::uint64_t value) noexcept {
  if (value < std::uint64_t{1} << kFirstExponent) return 0;
  if (value >= std::uint64_t{1} << kEndExponent) return kBuckets - 1;
  const int exponent = std::bit_width(value) - 1;
  const std::uint64_t split = value >> (exponent - kSplitBits);  // 128 to 255
  return (static_cast<std::size_t>(exponent - kFirstExponent) << kSplitBits) +
         (split - (std::uint64_t{1} << kSplitBits)) + 1;
}

std::uint64_t LogHistogram::MiddleOf(std::size_t bucket) noexcept {
  if (bucket == 0) return std::uint64_t{1} << (kFirstExponent - 1);
  if (bucket == kBuckets - 1) return std::uint64_t{1} << kEndExponent;
  const std::size_t place = bucket - 1;
  const int exponent = static_cast<int>(place >> kSplitBits) + kFirstExponent;
  const std::uint64_t split = (place & ((1u << kSplitBits) - 1)) + (1u << kSplitBits);
  const int shift = exponent - kSplitBits;
  return (split << shift) + (std::uint64_t{1} << shift) / 2;
}

void LogHistogram::Add(Duration duration) noexcept {
  const auto value = static_cast<std::uint64_t>(std::max(duration, Duration::zero()).count());
  ++counts_[BucketOf(value)];
  ++count_;
  sum_us_ += value / 1000;
  max_ = std::max(max_, duration);
}

Duration LogHistogram::mean() const noexcept {
  if (count_ == 0) return {};
  return std::chrono::microseconds(sum_us_ / count_);
}

Duration LogHistogram::Quantile(unsigned thousandths) const noexcept {
  if (count_ == 0) return {};
  const std::uint64_t wanted = (count_ * thousandths + 999) / 1000;
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += counts_[bucket];
    if (seen < wanted) continue;
    // The last bucket has no upper end but the maximum.
    if (bucket == kBuckets - 1) return max_;
    return std::min(Duration(static_cast<std::int64_t>(MiddleOf(bucket))), max_);
  }
  return max_;
}

}  // namespace keywalk::sim
