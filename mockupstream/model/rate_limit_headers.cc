#include "mockupstream/model/rate_limit_headers.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

namespace keywalk::mock {
namespace {

constexpr std::array<std::string_view, 8> kNames{"openai", "anthropic", "azure",      "gemini",
                                                 "groq",   "mistral",   "openrouter", "bedrock"};
constexpr Milliseconds kMinute{60'000};

std::int64_t Seconds(Milliseconds duration) {
  return std::chrono::ceil<std::chrono::seconds>(duration).count();
}

// Providers never report more than the limit; a bucket with a larger burst may hold it.
std::int64_t Remaining(const LimitState& limit) { return std::min(limit.remaining, limit.limit); }

// a / b < c / d without division; the factors are at most 10^9.
bool LessLeft(const LimitState& a, const LimitState& b) {
  return Remaining(a) * b.limit < Remaining(b) * a.limit;
}

bool Shorter(const LimitState& a, const LimitState& b) { return a.per < b.per; }
bool Longer(const LimitState& a, const LimitState& b) { return a.per > b.per; }

using Better = bool (*)(const LimitState&, const LimitState&);

// Of the limits that count this, the first that no other is better than; null if there is none.
const LimitState* Choose(const std::vector<LimitState>& limits, Counted counted, Better better) {
  const LimitState* chosen = nullptr;
  for (const LimitState& limit : limits) {
    if (limit.counted != counted) continue;
    if (chosen == nullptr || better(limit, *chosen)) chosen = &limit;
  }
  return chosen;
}

void Add(Headers& headers, const std::string& name, std::int64_t value) {
  headers.Add(name, std::to_string(value));
}

// x-ratelimit-{limit,remaining,reset}-{requests,tokens}.
using ResetText = std::string (*)(Milliseconds);

struct OpenAiStyle {
  Better requests;
  Better tokens;
  ResetText reset;
};

void AddOpenAiStyle(Headers& headers, const LimitReport& report, const OpenAiStyle& style) {
  const LimitState* const requests = Choose(report.limits, Counted::kRequests, style.requests);
  const LimitState* const tokens = Choose(report.limits, Counted::kTokens, style.tokens);
  if (requests != nullptr) Add(headers, "x-ratelimit-limit-requests", requests->limit);
  if (tokens != nullptr) Add(headers, "x-ratelimit-limit-tokens", tokens->limit);
  if (requests != nullptr) Add(headers, "x-ratelimit-remaining-requests", Remaining(*requests));
  if (tokens != nullptr) Add(headers, "x-ratelimit-remaining-tokens", Remaining(*tokens));
  if (requests != nullptr) {
    headers.Add("x-ratelimit-reset-requests", style.reset(requests->reset_in));
  }
  if (tokens != nullptr) headers.Add("x-ratelimit-reset-tokens", style.reset(tokens->reset_in));
}

std::string WholeSeconds(Milliseconds duration) { return std::to_string(Seconds(duration)); }

std::int64_t NearestThousand(const LimitState& limit) {
  return std::min((Remaining(limit) + 500) / 1000 * 1000, limit.limit);
}

void AddAnthropicLimit(Headers& headers, std::string_view what, const LimitState* limit,
                       const LimitReport& report) {
  if (limit == nullptr) return;
  const std::string prefix = "anthropic-ratelimit-" + std::string(what);
  const bool requests = limit->counted == Counted::kRequests;
  Add(headers, prefix + "-limit", limit->limit);
  Add(headers, prefix + "-remaining", requests ? Remaining(*limit) : NearestThousand(*limit));
  headers.Add(prefix + "-reset", Rfc3339Seconds(report.wall_now + limit->reset_in));
}

void AddAnthropic(Headers& headers, const LimitReport& report) {
  const auto strictest = [&report](Counted counted) {
    return Choose(report.limits, counted, LessLeft);
  };
  // The plain tokens fields show the most restrictive of all limits on tokens.
  const LimitState* tokens = nullptr;
  for (const Counted counted : {Counted::kTokens, Counted::kInputTokens, Counted::kOutputTokens}) {
    const LimitState* const limit = strictest(counted);
    if (limit != nullptr && (tokens == nullptr || LessLeft(*limit, *tokens))) tokens = limit;
  }
  AddAnthropicLimit(headers, "requests", strictest(Counted::kRequests), report);
  AddAnthropicLimit(headers, "tokens", tokens, report);
  AddAnthropicLimit(headers, "input-tokens", strictest(Counted::kInputTokens), report);
  AddAnthropicLimit(headers, "output-tokens", strictest(Counted::kOutputTokens), report);
}

// Only limits by the minute: the names say so.
void AddMistral(Headers& headers, const LimitReport& report) {
  std::vector<LimitState> by_minute;
  for (const LimitState& limit : report.limits) {
    if (limit.per == kMinute) by_minute.push_back(limit);
  }
  const LimitState* const requests = Choose(by_minute, Counted::kRequests, LessLeft);
  const LimitState* const tokens = Choose(by_minute, Counted::kTokens, LessLeft);
  if (requests != nullptr) {
    Add(headers, "x-ratelimit-limit-req-minute", requests->limit);
    Add(headers, "x-ratelimit-remaining-req-minute", Remaining(*requests));
  }
  if (tokens != nullptr) {
    Add(headers, "x-ratelimit-limit-tokens-minute", tokens->limit);
    Add(headers, "x-ratelimit-remaining-tokens-minute", Remaining(*tokens));
  }
  if (report.admission.admitted()) {
    Add(headers, "x-ratelimit-tokens-query-cost", UnitsOf(Counted::kTokens, report.cost));
  }
}

void AddOpenRouter(Headers& headers, const LimitReport& report) {
  if (report.admission.admitted() || !report.admission.retry_after) return;
  const LimitState* strictest = nullptr;
  for (const LimitState& limit : report.limits) {
    if (strictest == nullptr || LessLeft(limit, *strictest)) strictest = &limit;
  }
  if (strictest == nullptr) return;
  Add(headers, "X-RateLimit-Limit", strictest->limit);
  Add(headers, "X-RateLimit-Remaining", Remaining(*strictest));
  Add(headers, "X-RateLimit-Reset", (report.wall_now + *report.admission.retry_after).count());
}

struct RetryFields {
  bool seconds;
  bool milliseconds;
  bool for_quota;
};

bool IsByLimit(const Admission& refused) {
  return refused.refusal != Refusal::kRevoked && refused.refusal != Refusal::kOutage;
}

RetryFields RetryFieldsOf(ModelProvider provider) {
  switch (provider) {
    case ModelProvider::kOpenAi:
      return {true, true, false};
    case ModelProvider::kAzure:
      return {true, true, true};
    case ModelProvider::kAnthropic:
      return {true, false, false};
    case ModelProvider::kGroq:
    case ModelProvider::kOpenRouter:
      return {true, false, true};
    case ModelProvider::kGemini:
    case ModelProvider::kMistral:
    case ModelProvider::kBedrock:
      return {false, false, false};
  }
  return {false, false, false};
}

void AddLimits(Headers& headers, ModelProvider provider, const LimitReport& report) {
  switch (provider) {
    case ModelProvider::kOpenAi:
      return AddOpenAiStyle(headers, report, {LessLeft, LessLeft, GoDuration});
    case ModelProvider::kGroq:
      return AddOpenAiStyle(headers, report, {Longer, Shorter, GoDuration});
    case ModelProvider::kAzure:
      return AddOpenAiStyle(headers, report, {LessLeft, LessLeft, WholeSeconds});
    case ModelProvider::kAnthropic:
      return AddAnthropic(headers, report);
    case ModelProvider::kMistral:
      return AddMistral(headers, report);
    case ModelProvider::kOpenRouter:
      return AddOpenRouter(headers, report);
    case ModelProvider::kGemini:
    case ModelProvider::kBedrock:
      return;
  }
}

}  // namespace

std::span<const std::string_view> ModelProviderNames() { return kNames; }

std::string_view ToString(ModelProvider provider) {
  return kNames[static_cast<std::size_t>(provider)];
}

// An invalid key and an outage tell nothing.
void AddRetryAfter(Headers& headers, ModelProvider provider, const Admission& admission) {
  if (admission.admitted() || !admission.retry_after) return;
  if (!IsByLimit(admission)) return;
  const RetryFields fields = RetryFieldsOf(provider);
  if (admission.refusal == Refusal::kQuota && !fields.for_quota) return;
  if (fields.seconds) Add(headers, "retry-after", Seconds(*admission.retry_after));
  if (fields.milliseconds) Add(headers, "retry-after-ms", admission.retry_after->count());
}

Headers RateLimitHeaders(ModelProvider provider, const LimitReport& report) {
  Headers headers;
  if (!report.admission.admitted() && !IsByLimit(report.admission)) return headers;
  AddRetryAfter(headers, provider, report.admission);
  AddLimits(headers, provider, report);
  return headers;
}

std::string GoDuration(Milliseconds duration) {
  const std::int64_t ms = duration.count();
  if (ms == 0) return "0s";
  if (ms < 1000) return std::to_string(ms) + "ms";
  std::string text;
  const std::int64_t hours = ms / 3'600'000;
  const std::int64_t minutes = ms / 60'000 % 60;
  if (hours > 0) text += std::to_string(hours) + "h";
  if (hours > 0 || minutes > 0) text += std::to_string(minutes) + "m";
  text += std::to_string(ms / 1000 % 60);
  if (ms % 1000 != 0) {
    std::string fraction = std::to_string(1000 + ms % 1000).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += "." + fraction;
  }
  return text + "s";
}

std::string Rfc3339Seconds(Milliseconds wall) {
  using std::chrono::sys_seconds;
  constexpr sys_seconds kLast =
      std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1) - std::chrono::seconds(1);
  const auto seconds = std::min(sys_seconds(std::chrono::ceil<std::chrono::seconds>(wall)), kLast);
  const auto days = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss time(seconds - days);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

}  // namespace keywalk::mock
