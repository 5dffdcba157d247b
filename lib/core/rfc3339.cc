// date-time, RFC 3339 section 5.6, for example "2026-05-07T15:46:36.5+01:00":
//
//   date-time   = 4DIGIT "-" 2DIGIT "-" 2DIGIT "T" partial-time time-offset
//   partial-time = 2DIGIT ":" 2DIGIT ":" 2DIGIT [ "." 1*DIGIT ]
//   time-offset = "Z" / ( "+" / "-" ) 2DIGIT ":" 2DIGIT
//
// "T" and "Z" may be lower case. A fraction is rounded up to a nanosecond.
#include "core/civil_time.h"
#include "core/decimal.h"
#include "core/scanner.h"
#include "keywalk/headers.h"
#include "keywalk/retry_after.h"

namespace keywalk {
namespace {

// How far local time is ahead of UTC.
std::optional<std::chrono::minutes> TakeOffset(Scanner& scanner) noexcept {
  if (scanner.Take("Z") || scanner.Take("z")) return std::chrono::minutes(0);
  const bool ahead = scanner.Take("+");
  if (!ahead && !scanner.Take("-")) return std::nullopt;
  int hours = 0;
  int minutes = 0;
  const bool matched =
      scanner.TakeNumber(2, hours) && scanner.Take(":") && scanner.TakeNumber(2, minutes);
  if (!matched || hours > 23 || minutes > 59) return std::nullopt;
  const std::chrono::minutes offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  return ahead ? offset : -offset;
}

std::optional<Duration> TakeFraction(Scanner& scanner) noexcept {
  if (!scanner.Take(".")) return Duration::zero();
  Decimal decimal;
  decimal.fraction = scanner.TakeDigitRun();
  if (decimal.fraction.empty()) return std::nullopt;
  return ToDuration(decimal, kSeconds);
}

}  // namespace

std::optional<WallTime> ParseRfc3339(std::string_view value) noexcept {
  Scanner scanner(TrimWhitespace(value));
  CivilTime civil;
  const bool matched =
      scanner.TakeNumber(4, civil.year) && scanner.Take("-") &&
      scanner.TakeNumber(2, civil.month) && scanner.Take("-") && scanner.TakeNumber(2, civil.day) &&
      (scanner.Take("T") || scanner.Take("t")) && scanner.TakeNumber(2, civil.hour) &&
      scanner.Take(":") && scanner.TakeNumber(2, civil.minute) && scanner.Take(":") &&
      scanner.TakeNumber(2, civil.second);
  if (!matched) return std::nullopt;
  const std::optional<Duration> fraction = TakeFraction(scanner);
  if (!fraction) return std::nullopt;
  const std::optional<std::chrono::minutes> offset = TakeOffset(scanner);
  if (!offset || !scanner.done()) return std::nullopt;
  const std::optional<std::chrono::sys_seconds> local = ToSysSeconds(civil);
  if (!local) return std::nullopt;
  const std::optional<WallTime> time = ToWallTime(*local - *offset);
  return time ? std::optional(*time + *fraction) : std::nullopt;
}

}  // namespace keywalk
