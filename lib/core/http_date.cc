// HTTP-date, RFC 9110 section 5.6.7, case-sensitive, all three forms:
//
//   IMF-fixdate  = day-name "," SP 2DIGIT SP month SP 4DIGIT SP time-of-day SP "GMT"
//   rfc850-date  = day-name-l "," SP 2DIGIT "-" month "-" 2DIGIT SP time-of-day SP "GMT"
//   asctime-date = day-name SP month SP ( 2DIGIT / ( SP 1DIGIT )) SP time-of-day SP 4DIGIT
//   time-of-day  = 2DIGIT ":" 2DIGIT ":" 2DIGIT
//
// for example "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT" and
// "Sun Nov  6 08:49:37 1994". The day's name must be one but need not fit the date.
#include <array>
#include <string>
#include <tuple>

#include "core/civil_time.h"
#include "core/scanner.h"
#include "keywalk/headers.h"
#include "keywalk/retry_after.h"

namespace keywalk {
namespace {

constexpr std::array<std::string_view, 7> kDayNames{"Mon", "Tue", "Wed", "Thu",
                                                    "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> kLongDayNames{
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> kMonthNames{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool TakeMonth(Scanner& scanner, CivilTime& civil) noexcept {
  const std::optional<std::size_t> month = scanner.TakeOneOf(kMonthNames);
  civil.month = static_cast<int>(month.value_or(0)) + 1;
  return month.has_value();
}

bool TakeTimeOfDay(Scanner& scanner, CivilTime& civil) noexcept {
  return scanner.TakeNumber(2, civil.hour) && scanner.Take(":") &&
         scanner.TakeNumber(2, civil.minute) && scanner.Take(":") &&
         scanner.TakeNumber(2, civil.second);
}

std::optional<CivilTime> ParseImfFixdate(Scanner scanner) noexcept {
  CivilTime civil;
  const bool matched = scanner.TakeOneOf(kDayNames) && scanner.Take(", ") &&
                       scanner.TakeNumber(2, civil.day) && scanner.Take(" ") &&
                       TakeMonth(scanner, civil) && scanner.Take(" ") &&
                       scanner.TakeNumber(4, civil.year) && scanner.Take(" ") &&
                       TakeTimeOfDay(scanner, civil) && scanner.Take(" GMT") && scanner.done();
  return matched ? std::optional(civil) : std::nullopt;
}

// The year that two digits mean: the latest that is not more than 50 years ahead of now.
int ExpandYear(const CivilTime& civil, const CivilTime& now) noexcept {
  constexpr int kMostAhead = 50;
  const int latest = now.year + kMostAhead;
  const int year = latest - (latest - civil.year) % 100;
  const auto within_year = [](const CivilTime& time) {
    return std::make_tuple(time.month, time.day, time.hour, time.minute, time.second);
  };
  const bool too_far_ahead = year == latest && within_year(civil) > within_year(now);
  return too_far_ahead ? year - 100 : year;
}

std::optional<CivilTime> ParseRfc850Date(Scanner scanner, WallTime now) noexcept {
  CivilTime civil;
  const bool matched = scanner.TakeOneOf(kLongDayNames) && scanner.Take(", ") &&
                       scanner.TakeNumber(2, civil.day) && scanner.Take("-") &&
                       TakeMonth(scanner, civil) && scanner.Take("-") &&
                       scanner.TakeNumber(2, civil.year) && scanner.Take(" ") &&
                       TakeTimeOfDay(scanner, civil) && scanner.Take(" GMT") && scanner.done();
  if (!matched) return std::nullopt;
  civil.year = ExpandYear(civil, ToCivilTime(std::chrono::floor<std::chrono::seconds>(now)));
  return civil;
}

std::optional<CivilTime> ParseAsctimeDate(Scanner scanner) noexcept {
  CivilTime civil;
  const bool matched = scanner.TakeOneOf(kDayNames) && scanner.Take(" ") &&
                       TakeMonth(scanner, civil) && scanner.Take(" ") &&
                       scanner.TakeNumber(scanner.Take(" ") ? 1 : 2, civil.day) &&
                       scanner.Take(" ") && TakeTimeOfDay(scanner, civil) && scanner.Take(" ") &&
                       scanner.TakeNumber(4, civil.year) && scanner.done();
  return matched ? std::optional(civil) : std::nullopt;
}

// A number that is not negative, with zeros in front.
std::string Digits(int value, std::size_t width) {
  std::string text = std::to_string(value);
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

}  // namespace

std::optional<WallTime> ParseHttpDate(std::string_view value, WallTime now) noexcept {
  const Scanner scanner(TrimWhitespace(value));
  std::optional<CivilTime> civil = ParseImfFixdate(scanner);
  if (!civil) civil = ParseRfc850Date(scanner, now);
  if (!civil) civil = ParseAsctimeDate(scanner);
  if (!civil) return std::nullopt;
  const std::optional<std::chrono::sys_seconds> seconds = ToSysSeconds(*civil);
  return seconds ? ToWallTime(*seconds) : std::nullopt;
}

std::string FormatHttpDate(std::chrono::sys_seconds time) {
  const CivilTime civil = ToCivilTime(time);
  const std::chrono::weekday day(std::chrono::floor<std::chrono::days>(time));
  std::string text(kDayNames[day.iso_encoding() - 1]);
  text.append(", ").append(Digits(civil.day, 2)).append(" ");
  text.append(kMonthNames[static_cast<std::size_t>(civil.month) - 1]).append(" ");
  text.append(Digits(civil.year, 4)).append(" ").append(Digits(civil.hour, 2)).append(":");
  text.append(Digits(civil.minute, 2)).append(":").append(Digits(civil.second, 2)).append(" GMT");
  return text;
}

}  // namespace keywalk
