#include "mockupstream/model/model_answer.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace keywalk::mock {
namespace {

// In the order of preference; every provider has the last.
std::vector<std::string_view> AnswersFor(const Admission& refused) {
  switch (*refused.refusal) {
    case Refusal::kRequests:
      return {"rate_limited_requests", "rate_limited_calls", "rate_limited"};
    case Refusal::kTokens:
      return {"rate_limited_tokens", "throttled_tokens", "rate_limited"};
    case Refusal::kQuota:
      return {"daily_quota", "quota_exhausted"};
    case Refusal::kRevoked:
      return {"invalid_key"};
    case Refusal::kOutage:
      break;
  }
  if (refused.outage_status == 401) return {"invalid_key"};
  const bool overloaded = refused.outage_status == 503 || refused.outage_status == 529;
  return {overloaded ? "overloaded" : "server_error"};
}

// A field that tells of limits or of waiting: the catalogue's values are not this key's.
bool TellsOfLimits(std::string_view name) {
  const auto begins = [name](std::string_view prefix) {
    return EqualsIgnoreCase(name.substr(0, prefix.size()), prefix);
  };
  return EqualsIgnoreCase(name, "retry-after") || EqualsIgnoreCase(name, "retry-after-ms") ||
         begins("x-ratelimit-") || begins("anthropic-ratelimit-");
}

void EraseLimitFields(Headers& headers) {
  std::vector<std::string> names;
  for (const Headers::Field field : headers) {
    if (TellsOfLimits(field.name)) names.emplace_back(field.name);
  }
  for (const std::string& name : names) headers.Erase(name);
}

bool IsRefusedBy(const LimitState& limit, Refusal refusal) {
  if (limit.kind == LimitKind::kDailyQuota) return refusal == Refusal::kQuota;
  if (limit.counted == Counted::kRequests) return refusal == Refusal::kRequests;
  return refusal == Refusal::kTokens;
}

// Of the first limit that is too small for the request.
std::optional<LimitFigures> FiguresOf(const LimitReport& report) {
  for (const LimitState& limit : report.limits) {
    const std::int64_t requested = UnitsOf(limit.counted, report.cost);
    if (!IsRefusedBy(limit, *report.admission.refusal) || requested <= limit.remaining) continue;
    LimitFigures figures;
    figures.limit = limit.limit;
    figures.used = std::max<std::int64_t>(limit.limit - limit.remaining, 0);
    figures.requested = requested;
    return figures;
  }
  return std::nullopt;
}

}  // namespace

std::string RefusalAnswer(ModelProvider provider, const Admission& refused) {
  std::string name;
  for (const std::string_view answer : AnswersFor(refused)) {
    name = std::string(ToString(provider)) + "." + std::string(answer);
    if (HasAnswer(name)) break;
  }
  return name;
}

void AddLimitFields(ModelProvider provider, const LimitReport& report, ScriptStep& step) {
  for (const Headers::Field field : RateLimitHeaders(provider, report)) {
    if (!step.headers.Contains(field.name)) step.headers.Add(field.name, field.value);
  }
}

ScriptStep RenderRefusal(ModelProvider provider, const LimitReport& report, AnswerRequest request) {
  request.limit = FiguresOf(report);
  AnswerSpec spec;
  spec.name = RefusalAnswer(provider, report.admission);
  if (report.admission.refusal != Refusal::kOutage) spec.retry_after = report.admission.retry_after;
  ScriptStep step = RenderAnswer(spec, request);
  EraseLimitFields(step.headers);
  AddLimitFields(provider, report, step);
  if (report.admission.refusal == Refusal::kOutage) step.status = report.admission.outage_status;
  return step;
}

}  // namespace keywalk::mock
