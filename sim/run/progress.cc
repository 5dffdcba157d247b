#include "sim/run/progress.h"

#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <string>

namespace keywalk::sim {
namespace {

// "12d 3h", "3h 12m", "12m 5s", "5s": the two largest units.
std::string Rough(Duration duration) {
  const std::int64_t s = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  struct Unit {
    std::int64_t seconds;
    const char* name;
  };
  static constexpr std::array<Unit, 4> kUnits{{{86'400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}}};
  for (std::size_t i = 0; i + 1 < kUnits.size(); ++i) {
    if (s < kUnits[i].seconds) continue;
    return std::to_string(s / kUnits[i].seconds) + kUnits[i].name + " " +
           std::to_string(s % kUnits[i].seconds / kUnits[i + 1].seconds) + kUnits[i + 1].name;
  }
  return std::to_string(s) + "s";
}

}  // namespace

Progress::Progress(std::uint64_t runs, const char* unit, std::optional<Duration> span)
    : runs_(runs), unit_(unit), span_(span), on_terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void Progress::Show(std::uint64_t done, Instant now, Duration simulated) {
  if (!on_terminal_) return;
  const Steady::time_point real = Steady::now();
  if (real < next_) return;
  next_ = real + std::chrono::milliseconds(250);
  const double seconds = std::chrono::duration<double>(real - began_).count();
  const double speed_up = std::chrono::duration<double>(simulated).count() / seconds;
  std::string line = std::to_string(done);
  if (runs_ > 0) line += " of " + std::to_string(runs_);
  line += std::string(" ") + unit_;
  line += ", " + Rough(now.time_since_epoch());
  if (span_) line += " of " + Rough(*span_);
  std::fprintf(stderr, "\r\033[K%s simulated, %.0f times real time", line.c_str(), speed_up);
  std::fflush(stderr);
  shown_ = true;
}

}  // namespace keywalk::sim
