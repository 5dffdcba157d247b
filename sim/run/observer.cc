#include "sim/run/observer.h"

#include <array>

namespace keywalk::sim {

std::string_view ToString(Outcome outcome) noexcept {
  static constexpr std::array<std::string_view, kOutcomes> kNames{
      "success", "rate_limited", "unauthorized", "permanent", "upstream_error",
      "reset",   "timeout",      "truncated",    "deadline",  "restarted"};
  return kNames[static_cast<std::size_t>(outcome)];
}

}  // namespace keywalk::sim
