// One limit of a modelled key or organisation, and how much of it is left.
//
// Time is milliseconds on an injected clock; nothing here reads one. All arithmetic is on integers:
// no rounding adds up, however long a simulation runs.
#ifndef KEYWALK_MOCKUPSTREAM_MODEL_LIMIT_METER_H_
#define KEYWALK_MOCKUPSTREAM_MODEL_LIMIT_METER_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <variant>

namespace keywalk::mock {

using Milliseconds = std::chrono::milliseconds;

// What a limit counts; tokens are input and output together.
enum class Counted : std::uint8_t { kRequests, kTokens, kInputTokens, kOutputTokens };

// What one request costs, beside being one request. Negative counts as nothing.
struct RequestCost {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
};

// How much of a limit a request takes; no overflow, whatever the cost.
std::int64_t UnitsOf(Counted counted, RequestCost cost);

enum class LimitKind : std::uint8_t {
  kTokenBucket,  // holds `burst` units, full at first, and gains `limit` units each `per`
  kFixedWindow,  // `limit` units in each window of length `per`; windows begin at the clock's zero
  kDailyQuota,   // `limit` units a day; days begin at midnight UTC
};

inline constexpr std::int64_t kMaxLimit = 1'000'000'000;    // of `limit` and `burst`
inline constexpr Milliseconds kMaxLimitPer{1'000'000'000};  // 11.5 days
inline constexpr Milliseconds kLimitDay{24 * 60 * 60 * 1000};

struct LimitSpec {
  LimitKind kind = LimitKind::kTokenBucket;
  Counted counted = Counted::kRequests;
  std::int64_t limit = 1;    // 1 to kMaxLimit
  Milliseconds per{60'000};  // 1 ms to kMaxLimitPer; a daily quota ignores it
  std::int64_t burst = 1;    // 1 to kMaxLimit; a token bucket's size, others ignore it
};

// A limit as it stands, for headers.
struct LimitState {
  LimitKind kind = LimitKind::kTokenBucket;
  Counted counted = Counted::kRequests;
  std::int64_t limit = 0;
  Milliseconds per{0};         // a day, for a daily quota
  std::int64_t remaining = 0;  // whole units; more than `limit` where the burst is
  Milliseconds reset_in{0};    // until nothing of it is used any more
};

// Not safe for concurrent use.
class LimitMeter {
 public:
  // `wall_at_zero`: what the clock's zero is in Unix time; days depend on it.
  LimitMeter(const LimitSpec& spec, Milliseconds wall_at_zero);

  // Moves to `now`, at least 0 and below 2^60 ms; an earlier time than before changes nothing.
  void AdvanceTo(Milliseconds now);

  // How long from now on until so many units can be taken, if none are taken before: zero if they
  // can be taken now, nullopt if never, since the limit is smaller. Exact: not a millisecond
  // sooner.
  std::optional<Milliseconds> WaitFor(std::int64_t units) const;

  // REQUIRES: WaitFor(units) is zero.
  void Take(std::int64_t units);

  LimitState state() const;
  const LimitSpec& spec() const { return spec_; }

 private:
  // A unit is made of `per` parts, and each millisecond brings `limit` parts.
  struct Bucket {
    std::int64_t parts;
  };
  struct Window {
    std::int64_t used;
    std::int64_t end_ms;
  };

  // When the window or day ends that `now_ms_` is in.
  std::int64_t WindowEnd() const;

  LimitSpec spec_;
  std::int64_t phase_ms_;  // how far the clock's zero is into a window
  std::int64_t now_ms_ = 0;
  std::variant<Bucket, Window> level_;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_MODEL_LIMIT_METER_H_
