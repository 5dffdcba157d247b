#include "proxy/log.h"

#include <utility>

namespace keywalk::proxy {
namespace {

constexpr std::pair<std::string_view, LogLevel> kLevels[] = {{"trace", LogLevel::kTrace},
                                                             {"debug", LogLevel::kDebug},
                                                             {"info", LogLevel::kInfo},
                                                             {"warn", LogLevel::kWarn},
                                                             {"error", LogLevel::kError}};

}  // namespace

std::vector<std::string_view> LogLevelNames() {
  std::vector<std::string_view> names;
  for (const auto& [name, level] : kLevels) names.push_back(name);
  return names;
}

std::optional<LogLevel> ParseLogLevel(std::string_view name) {
  for (const auto& [known, level] : kLevels) {
    if (known == name) return level;
  }
  return std::nullopt;
}

}  // namespace keywalk::proxy
