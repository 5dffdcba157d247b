#include "sim/upstream/retry_hint.h"

#include <algorithm>
#include <string>

#include "keywalk/retry_after.h"

namespace keywalk::sim {
namespace {

std::string SecondsRoundedUp(Milliseconds wait) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count());
}

// Rounded up to a second.
std::string HttpDate(Milliseconds wall) {
  return FormatHttpDate(std::chrono::sys_seconds(std::chrono::ceil<std::chrono::seconds>(wall)));
}

}  // namespace

void AddRetryHint(RetryHint::Form form, Milliseconds wait, Milliseconds wall_now,
                  Headers& headers) {
  wait = std::max(wait, Milliseconds(0));
  switch (form) {
    case RetryHint::Form::kProvider:
    case RetryHint::Form::kNone:
      break;
    case RetryHint::Form::kSeconds:
      headers.Add("retry-after", SecondsRoundedUp(wait));
      break;
    case RetryHint::Form::kMilliseconds:
      headers.Add("retry-after-ms", std::to_string(wait.count()));
      break;
    case RetryHint::Form::kHttpDate:
      headers.Add("retry-after", HttpDate(wall_now + wait));
      break;
  }
}

std::optional<Duration> ApplyRetryHint(const RetryHint& hint, const mock::Admission& refused,
                                       Milliseconds wall_now, Headers& headers) {
  const bool as_provider = hint.form == RetryHint::Form::kProvider;
  if (as_provider && hint.skew == Milliseconds(0)) {
    return headers.Contains("retry-after") ? refused.retry_after : std::nullopt;
  }
  const bool told = headers.Contains("retry-after");
  const bool told_ms = headers.Erase("retry-after-ms") > 0;
  headers.Erase("retry-after");
  if (hint.form == RetryHint::Form::kNone || !refused.retry_after) return std::nullopt;
  const Milliseconds wait = std::max(*refused.retry_after + hint.skew, Milliseconds(0));
  if (as_provider) {
    if (told) AddRetryHint(RetryHint::Form::kSeconds, wait, wall_now, headers);
    if (told_ms) AddRetryHint(RetryHint::Form::kMilliseconds, wait, wall_now, headers);
    if (!told && !told_ms) return std::nullopt;
  } else {
    AddRetryHint(hint.form, wait, wall_now, headers);
  }
  return wait;
}

}  // namespace keywalk::sim
