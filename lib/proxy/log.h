// Log lines of the proxy: a sink given by the program, and the level below which nothing is said.
#ifndef KEYWALK_PROXY_LOG_H_
#define KEYWALK_PROXY_LOG_H_

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

namespace keywalk::proxy {

enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError };

// Where log lines go; called from several threads. Lines hold no byte of a key.
using LogSink = std::function<void(LogLevel, std::string_view)>;

// Immutable; safe for concurrent use if the sink is.
class Logger {
 public:
  Logger(LogSink sink, LogLevel lowest) : sink_(std::move(sink)), lowest_(lowest) {}

  // To be asked before a line that costs something is put together.
  bool enabled(LogLevel level) const noexcept { return sink_ && level >= lowest_; }

  void Write(LogLevel level, std::string_view line) const {
    if (enabled(level)) sink_(level, line);
  }

 private:
  const LogSink sink_;
  const LogLevel lowest_;
};

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_LOG_H_
