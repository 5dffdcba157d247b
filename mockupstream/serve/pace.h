// When so many bytes are due, at so many a second.
#ifndef KEYWALK_MOCKUPSTREAM_SERVE_PACE_H_
#define KEYWALK_MOCKUPSTREAM_SERVE_PACE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace keywalk::mock {

// Not safe for concurrent use.
class Pace {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // REQUIRES: bytes_per_second > 0
  explicit Pace(std::uint64_t bytes_per_second) : bytes_per_second_(bytes_per_second) {}

  // The wait from `now` until these bytes are due, after all that were taken before; 0 if they are
  // overdue. The first call begins the count.
  std::chrono::milliseconds Take(std::uint64_t bytes, TimePoint now);

  // How many to send at a time, so that they come evenly: what a fiftieth of a second allows.
  std::size_t piece() const;

 private:
  const std::uint64_t bytes_per_second_;
  std::uint64_t taken_ = 0;
  std::optional<TimePoint> begun_;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SERVE_PACE_H_
