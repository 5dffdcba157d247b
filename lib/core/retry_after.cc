// The two plain numbers (SPEC retry/1, retry/2):
//
//   delay-seconds  = 1*DIGIT                       RFC 9110 section 10.2.3, for example "120"
//   retry-after-ms = 1*DIGIT [ "." 1*DIGIT ]       of OpenAI and Azure, for example "1500.5"
#include "keywalk/retry_after.h"

#include "core/decimal.h"
#include "core/scanner.h"
#include "keywalk/headers.h"

namespace keywalk {

std::optional<Duration> ParseRetryAfterMs(std::string_view value) noexcept {
  Scanner scanner(TrimWhitespace(value));
  const std::optional<Decimal> decimal = TakeDecimal(scanner);
  if (!decimal || !scanner.done()) return std::nullopt;
  const std::optional<Duration> parsed = ToDuration(*decimal, kMilliseconds);
  return parsed ? AsCooldown(*parsed) : std::nullopt;
}

std::optional<Duration> ParseRetryAfterSeconds(std::string_view value) noexcept {
  Scanner scanner(TrimWhitespace(value));
  Decimal decimal;
  decimal.whole = scanner.TakeDigitRun();
  if (decimal.whole.empty() || !scanner.done()) return std::nullopt;
  const std::optional<Duration> parsed = ToDuration(decimal, kSeconds);
  return parsed ? AsCooldown(*parsed) : std::nullopt;
}

}  // namespace keywalk
