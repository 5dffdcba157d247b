#include "core/decimal.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <limits>

#include "keywalk/retry_after.h"

namespace keywalk {
namespace {

// Digits of a fraction that are kept; the product with TimeUnit::multiple stays below 2^64.
constexpr std::size_t kFractionDigits = 17;

constexpr auto kPowersOfTen = [] {
  std::array<std::uint64_t, kFractionDigits + 1> powers{};
  std::uint64_t power = 1;
  for (std::uint64_t& entry : powers) {
    entry = power;
    power *= 10;
  }
  return powers;
}();

// The number that the digits spell, or the largest there is if it is larger.
std::uint64_t SaturatedNumber(std::string_view digits) noexcept {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t number = 0;
  for (const char c : digits) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (number > (kMax - digit) / 10) return kMax;
    number = number * 10 + digit;
  }
  return number;
}

// The fraction in units of 10^-kFractionDigits, rounded up.
std::uint64_t ScaledFraction(std::string_view digits) noexcept {
  const std::size_t kept = std::min(digits.size(), kFractionDigits);
  std::uint64_t number = SaturatedNumber(digits.substr(0, kept));
  number *= kPowersOfTen[kFractionDigits - kept];
  const bool inexact = digits.substr(kept).find_first_not_of('0') != std::string_view::npos;
  return number + (inexact ? 1 : 0);
}

}  // namespace

std::optional<Decimal> TakeDecimal(Scanner& scanner) noexcept {
  Decimal decimal;
  decimal.whole = scanner.TakeDigitRun();
  if (decimal.whole.empty()) return std::nullopt;
  if (scanner.Take(".")) {
    decimal.fraction = scanner.TakeDigitRun();
    if (decimal.fraction.empty()) return std::nullopt;
  }
  return decimal;
}

std::optional<Duration> ToDuration(const Decimal& decimal, TimeUnit unit) noexcept {
  constexpr auto kMaxNs = static_cast<std::uint64_t>(kMaxRetryAfter.count());
  const std::uint64_t unit_ns = unit.multiple * kPowersOfTen[unit.power];
  const std::uint64_t whole = SaturatedNumber(decimal.whole);
  if (whole > kMaxNs / unit_ns) return std::nullopt;

  const std::uint64_t divisor = kPowersOfTen[kFractionDigits - unit.power];
  const std::uint64_t scaled = ScaledFraction(decimal.fraction) * unit.multiple;
  const std::uint64_t fraction_ns = scaled / divisor + (scaled % divisor != 0 ? 1 : 0);
  const std::uint64_t total_ns = whole * unit_ns + fraction_ns;
  if (total_ns > kMaxNs) return std::nullopt;
  return Duration(total_ns);
}

std::optional<Duration> AsCooldown(Duration parsed) noexcept {
  if (parsed <= Duration::zero() || parsed > kMaxRetryAfter) return std::nullopt;
  return std::max(parsed, Duration(std::chrono::milliseconds(1)));
}

}  // namespace keywalk
