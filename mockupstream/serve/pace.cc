#include "mockupstream/serve/pace.h"

#include <algorithm>

namespace keywalk::mock {
namespace {

constexpr std::uint64_t kPiecesPerSecond = 50;
constexpr std::uint64_t kMaxPieceBytes = 64 * 1024;

}  // namespace

std::chrono::milliseconds Pace::Take(std::uint64_t bytes, TimePoint now) {
  if (!begun_) begun_ = now;
  taken_ += bytes;
  // Whole seconds apart, and no nanoseconds: nothing overflows.
  const std::chrono::milliseconds due(taken_ / bytes_per_second_ * 1000 +
                                      taken_ % bytes_per_second_ * 1000 / bytes_per_second_);
  const auto elapsed = std::chrono::floor<std::chrono::milliseconds>(now - *begun_);
  return std::max(due - elapsed, std::chrono::milliseconds(0));
}

std::size_t Pace::piece() const {
  return static_cast<std::size_t>(
      std::clamp<std::uint64_t>(bytes_per_second_ / kPiecesPerSecond, 1, kMaxPieceBytes));
}

}  // namespace keywalk::mock
