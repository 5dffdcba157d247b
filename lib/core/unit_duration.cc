// A duration in words, as OpenAI, Groq and Google write it:
//
//   unit-duration = 1*( decimal unit )             for example "6m0s", "12ms", "2m59.56s", "22s"
//   unit          = "h" / "m" / "s" / "ms" / "us" / "ns"       case-sensitive
//
// The format of Go's time.Duration without sign. White space around it is ignored.
#include <array>

#include "core/decimal.h"
#include "core/scanner.h"
#include "keywalk/headers.h"
#include "keywalk/retry_after.h"

namespace keywalk {
namespace {

struct NamedUnit {
  std::string_view name;
  TimeUnit unit;
};

// A longer name stands before the one it begins with.
constexpr std::array<NamedUnit, 6> kUnits{{{"ms", kMilliseconds},
                                           {"us", kMicroseconds},
                                           {"ns", kNanoseconds},
                                           {"h", kHours},
                                           {"m", kMinutes},
                                           {"s", kSeconds}}};

std::optional<TimeUnit> TakeUnit(Scanner& scanner) noexcept {
  for (const NamedUnit& candidate : kUnits) {
    if (scanner.Take(candidate.name)) return candidate.unit;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Duration> ParseUnitDuration(std::string_view value) noexcept {
  Scanner scanner(TrimWhitespace(value));
  Duration total{};
  while (!scanner.done()) {
    const std::optional<Decimal> decimal = TakeDecimal(scanner);
    if (!decimal) return std::nullopt;
    const std::optional<TimeUnit> unit = TakeUnit(scanner);
    if (!unit) return std::nullopt;
    const std::optional<Duration> part = ToDuration(*decimal, *unit);
    if (!part || *part > kMaxRetryAfter - total) return std::nullopt;
    total += *part;
  }
  return AsCooldown(total);
}

}  // namespace keywalk
