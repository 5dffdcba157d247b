// A date and time of day as a response writes it, checked and turned into UTC.
#ifndef KEYWALK_CORE_CIVIL_TIME_H_
#define KEYWALK_CORE_CIVIL_TIME_H_

#include <chrono>
#include <optional>

#include "keywalk/clock.h"

namespace keywalk {

struct CivilTime {
  int year = 0;
  int month = 0;  // 1-12
  int day = 0;    // 1-31
  int hour = 0;
  int minute = 0;
  int second = 0;  // 60 is a leap second: the beginning of the next minute
};

// nullopt for a date that the calendar does not have, or a time beyond 23:59:60.
std::optional<std::chrono::sys_seconds> ToSysSeconds(const CivilTime& civil) noexcept;

CivilTime ToCivilTime(std::chrono::sys_seconds time) noexcept;

// nullopt outside what WallTime can hold (years 1678 to 2261): no overflow.
std::optional<WallTime> ToWallTime(std::chrono::sys_seconds seconds) noexcept;

}  // namespace keywalk

#endif  // KEYWALK_CORE_CIVIL_TIME_H_
