// Reading how long a response asks a key to rest, in each form that providers use.
#include <chrono>
#include <string>
#include <string_view>

#include "bench/bench_samples.h"
#include "bench/core_operations.h"
#include "keywalk/retry_after.h"

namespace keywalk::bench {
namespace {

// 2026-05-07, for the century of a two-digit year.
constexpr WallTime kToday{std::chrono::sys_days{std::chrono::year{2026} / 5 / 7}};

// The text is a member of the operation: one that the compiler knows would be parsed by it.
template <typename Parse>
NamedOperation ParseOperation(std::string name, std::string text, Parse parse) {
  return {std::move(name), [text = std::move(text), parse] {
            return Repeat([text, parse] { return parse(std::string_view(text)); });
          }};
}

NamedOperation DateOperation(std::string name, std::string text) {
  return ParseOperation(std::move(name), std::move(text),
                        [](std::string_view value) { return ParseHttpDate(value, kToday); });
}

std::unique_ptr<Operation> FindInHeaders() {
  return Repeat([sources = std::vector{CooldownSource::kRetryAfterMs, CooldownSource::kRetryAfter},
                 response = ResponseOf(429)] { return FindCooldown(sources, response); });
}

}  // namespace

std::vector<NamedOperation> RetryAfterOperations() {
  return {
      ParseOperation("retry_after/seconds", "20", ParseRetryAfterSeconds),
      ParseOperation("retry_after/milliseconds", "1500", ParseRetryAfterMs),
      ParseOperation("retry_after/milliseconds_fraction", "1500.25", ParseRetryAfterMs),
      ParseOperation("retry_after/not_a_number", "soon", ParseRetryAfterSeconds),
      ParseOperation("retry_after/thirty_digits", "123456789012345678901234567890",
                     ParseRetryAfterSeconds),
      DateOperation("retry_after/date_imf_fixdate", "Thu, 07 May 2026 15:46:36 GMT"),
      DateOperation("retry_after/date_rfc850", "Thursday, 07-May-26 15:46:36 GMT"),
      DateOperation("retry_after/date_asctime", "Thu May  7 15:46:36 2026"),
      ParseOperation("retry_after/rfc3339", "2026-05-07T15:46:36Z", ParseRfc3339),
      ParseOperation("retry_after/unit_duration", "2m59.56s", ParseUnitDuration),
      {"retry_after/find_in_headers", FindInHeaders},
  };
}

}  // namespace keywalk::bench
