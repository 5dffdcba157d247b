#include "provider/keyed_provider.h"

#include <algorithm>
#include <chrono>

namespace keywalk {
namespace {

std::string RateLimitedMessage(Duration retry_after) {
  const std::string seconds = FormatRetryAfter(retry_after);
  return "all configured keys are rate-limited (retry after " +
         (seconds.empty() ? std::string("0") : seconds) + "s)";
}

}  // namespace

std::string FormatRetryAfter(Duration retry_after) {
  if (retry_after <= Duration::zero()) return {};
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(retry_after).count());
}

bool KeyedProvider::IsByok(const Headers& headers) const noexcept {
  return std::any_of(data_.byok_headers.begin(), data_.byok_headers.end(), [&](auto name) {
    return !TrimWhitespace(headers.Find(name).value_or("")).empty();
  });
}

void KeyedProvider::InjectAuthKey(Headers& headers, std::string_view key) const {
  for (const std::string_view name : CredentialHeaders()) headers.Erase(name);
  std::string value;
  const WipeAtEnd wiped(value);
  value.reserve(data_.auth_scheme.size() + key.size());
  value.append(data_.auth_scheme).append(key);
  headers.Set(data_.auth_header, value);
}

std::optional<ExhaustedAnswer> KeyedProvider::BuildExhaustedResponse(const Exhaustion& exhaustion,
                                                                     const Policy& policy) const {
  const ExhaustedAnswerKind kind = policy.AnswerFor(exhaustion.kind);
  const bool rate_limited = kind == ExhaustedAnswerKind::kRateLimited;
  ExhaustedAnswer answer;
  answer.status = rate_limited ? 429 : 502;
  answer.headers.Add("Content-Type", "application/json");
  const std::string retry_after = FormatRetryAfter(exhaustion.retry_after);
  if (rate_limited && !retry_after.empty()) answer.headers.Add("Retry-After", retry_after);
  answer.body = data_.build_error(kind, rate_limited ? RateLimitedMessage(exhaustion.retry_after)
                                                     : "all configured keys failed authentication");
  return answer;
}

}  // namespace keywalk
