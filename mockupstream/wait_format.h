// Waits and moments in the forms in which providers write them. Pure; safe for concurrent use.
#ifndef KEYWALK_MOCKUPSTREAM_WAIT_FORMAT_H_
#define KEYWALK_MOCKUPSTREAM_WAIT_FORMAT_H_

#include <chrono>
#include <cstdint>
#include <string>

namespace keywalk::mock {

// Rounded up, so that a client which obeys it is not early: 1500 ms are 2.
std::int64_t WholeSeconds(std::chrono::milliseconds wait);

// "20", "50.597", "0.5": seconds without needless digits.
std::string FormatDecimalSeconds(std::chrono::milliseconds wait);

// As Go's time.Duration prints it, and OpenAI and Groq do: "12ms", "1s", "6m0s", "2m59.56s", "1h0m0s".
std::string FormatGoDuration(std::chrono::milliseconds wait);

// "2026-01-31T12:00:20Z": RFC 3339 in UTC, rounded up to the second.
std::string FormatRfc3339(std::chrono::system_clock::time_point when);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_WAIT_FORMAT_H_
