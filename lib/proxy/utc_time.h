// Civil time as text.
#ifndef KEYWALK_PROXY_UTC_TIME_H_
#define KEYWALK_PROXY_UTC_TIME_H_

#include <string>

#include "keywalk/clock.h"

namespace keywalk::proxy {

// RFC 3339 in UTC with milliseconds, "2026-07-29T17:28:07.123Z". Pure.
std::string FormatUtc(WallTime time);

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_UTC_TIME_H_
