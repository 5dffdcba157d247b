// Log lines of the proxy: a sink given by the program, and the level below which nothing is said.
#ifndef KEYWALK_PROXY_LOG_H_
#define KEYWALK_PROXY_LOG_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace keywalk::proxy {

enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError };

// "trace", "debug", "info", "warn", "error".
std::vector<std::string_view> LogLevelNames();
// nullopt for another name.
std::optional<LogLevel> ParseLogLevel(std::string_view name);

// Where log lines go; called from several threads. Lines hold no byte of a key.
using LogSink = std::function<void(LogLevel, std::string_view)>;

// Safe for concurrent use if the sink is.
class Logger {
 public:
  Logger(LogSink sink, LogLevel lowest) : sink_(std::move(sink)), lowest_(lowest) {}

  // To be asked before a line that costs something is put together.
  bool enabled(LogLevel level) const noexcept {
    return sink_ && level >= lowest_.load(std::memory_order_relaxed);
  }
  void SetLowest(LogLevel lowest) noexcept { lowest_.store(lowest, std::memory_order_relaxed); }

  void Write(LogLevel level, std::string_view line) const {
    if (enabled(level)) sink_(level, line);
  }

 private:
  const LogSink sink_;
  std::atomic<LogLevel> lowest_;
};

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_LOG_H_
