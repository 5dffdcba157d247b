// A decimal number and its exact value as a duration, without floating point: no digit count, no
// `1e400` and no `NaN` can make it infinite, negative or wrong (SPEC retry/5).
//
//   decimal = 1*DIGIT [ "." 1*DIGIT ]        for example "1500", "0.25"
#ifndef KEYWALK_CORE_DECIMAL_H_
#define KEYWALK_CORE_DECIMAL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/scanner.h"
#include "keywalk/clock.h"

namespace keywalk {

struct Decimal {
  std::string_view whole;     // digits before the point, at least one
  std::string_view fraction;  // digits after it; empty if there is no point
};

// Takes a decimal; nullopt if none stands here (the scanner may then have moved).
std::optional<Decimal> TakeDecimal(Scanner& scanner) noexcept;

// A unit of time as multiple * 10^power nanoseconds, which keeps the arithmetic in 64 bits.
struct TimeUnit {
  std::uint64_t multiple = 1;  // at most 36
  std::size_t power = 0;       // at most 11
};
inline constexpr TimeUnit kHours{36, 11};
inline constexpr TimeUnit kMinutes{6, 10};
inline constexpr TimeUnit kSeconds{1, 9};
inline constexpr TimeUnit kMilliseconds{1, 6};
inline constexpr TimeUnit kMicroseconds{1, 3};
inline constexpr TimeUnit kNanoseconds{1, 0};

// That many units, rounded up to a nanosecond, so that a positive number never becomes zero.
// nullopt above kMaxRetryAfter.
std::optional<Duration> ToDuration(const Decimal& decimal, TimeUnit unit) noexcept;

// A parsed cooldown as the parsers answer it: nullopt for zero, at least 1 ms otherwise
// (SPEC retry/2, retry/4), nullopt above kMaxRetryAfter.
std::optional<Duration> AsCooldown(Duration parsed) noexcept;

}  // namespace keywalk

#endif  // KEYWALK_CORE_DECIMAL_H_
