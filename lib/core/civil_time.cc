#include "core/civil_time.h"

namespace keywalk {

using std::chrono::sys_seconds;

std::optional<sys_seconds> ToSysSeconds(const CivilTime& civil) noexcept {
  const std::chrono::year_month_day date{std::chrono::year(civil.year),
                                         std::chrono::month(static_cast<unsigned>(civil.month)),
                                         std::chrono::day(static_cast<unsigned>(civil.day))};
  if (!date.ok()) return std::nullopt;
  if (civil.hour > 23 || civil.minute > 59 || civil.second > 60) return std::nullopt;
  return sys_seconds(std::chrono::sys_days(date)) + std::chrono::hours(civil.hour) +
         std::chrono::minutes(civil.minute) + std::chrono::seconds(civil.second);
}

CivilTime ToCivilTime(sys_seconds time) noexcept {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(time - days);
  CivilTime civil;
  civil.year = static_cast<int>(date.year());
  civil.month = static_cast<int>(static_cast<unsigned>(date.month()));
  civil.day = static_cast<int>(static_cast<unsigned>(date.day()));
  civil.hour = static_cast<int>(clock.hours().count());
  civil.minute = static_cast<int>(clock.minutes().count());
  civil.second = static_cast<int>(clock.seconds().count());
  return civil;
}

std::optional<WallTime> ToWallTime(sys_seconds seconds) noexcept {
  // One second inside either end, so that a fraction can still be added.
  constexpr auto kFirst = std::chrono::ceil<std::chrono::seconds>(WallTime::min());
  constexpr auto kLast = std::chrono::floor<std::chrono::seconds>(WallTime::max());
  if (seconds <= kFirst || seconds >= kLast) return std::nullopt;
  return WallTime(seconds);
}

}  // namespace keywalk
