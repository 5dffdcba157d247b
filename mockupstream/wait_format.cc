#include "mockupstream/wait_format.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace keywalk::mock {
namespace {

constexpr std::int64_t kMillisecondsPerSecond = 1000;
constexpr std::int64_t kMillisecondsPerMinute = 60 * kMillisecondsPerSecond;
constexpr std::int64_t kMillisecondsPerHour = 60 * kMillisecondsPerMinute;

// 59560 to "59.56".
std::string Decimal(std::int64_t ms) {
  std::string text = std::to_string(ms / kMillisecondsPerSecond);
  const std::int64_t rest = ms % kMillisecondsPerSecond;
  if (rest == 0) return text;
  std::string digits = std::to_string(kMillisecondsPerSecond + rest).substr(1);
  digits.erase(digits.find_last_not_of('0') + 1);
  return text + "." + digits;
}

}  // namespace

std::int64_t WholeSeconds(std::chrono::milliseconds wait) {
  return std::chrono::ceil<std::chrono::seconds>(wait).count();
}

std::string FormatDecimalSeconds(std::chrono::milliseconds wait) { return Decimal(wait.count()); }

std::string FormatGoDuration(std::chrono::milliseconds wait) {
  const std::int64_t ms = wait.count();
  if (ms > 0 && ms < kMillisecondsPerSecond) return std::to_string(ms) + "ms";
  std::string text;
  if (ms >= kMillisecondsPerHour) text += std::to_string(ms / kMillisecondsPerHour) + "h";
  if (ms >= kMillisecondsPerMinute) {
    text += std::to_string(ms % kMillisecondsPerHour / kMillisecondsPerMinute) + "m";
  }
  return text + Decimal(ms % kMillisecondsPerMinute) + "s";
}

std::string FormatRfc3339(std::chrono::system_clock::time_point when) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(when);
  const std::time_t time = std::chrono::system_clock::to_time_t(seconds);
  std::tm utc{};
  gmtime_r(&time, &utc);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return std::string(text.data(), size);
}

}  // namespace keywalk::mock
