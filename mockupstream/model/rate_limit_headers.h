// What a provider's answers tell of a key's limits: header fields, as the provider writes them.
//
//   openai, groq  x-ratelimit-{limit,remaining,reset}-{requests,tokens}, reset as "6m0s"; groq
//   tells
//                 of several limits the longest on requests and the shortest on tokens
//   azure         the same, reset in whole seconds
//   anthropic     anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-*, reset as
//                 RFC 3339, remaining tokens to the nearest thousand
//   mistral       x-ratelimit-{limit,remaining}-{req,tokens}-minute, x-ratelimit-tokens-query-cost
//   openrouter    X-RateLimit-{Limit,Remaining,Reset}, reset in Unix milliseconds, refused only
//   gemini, bedrock  none (Gemini: RetryInfo in the body)
//
// They come with every answer, admitted or refused by a limit; an invalid key or an outage tells
// nothing. Refused, beside: `retry-after` in whole seconds (openai, azure, anthropic, groq,
// openrouter) and `retry-after-ms` (openai, azure). A spent quota has neither with openai and
// anthropic: waiting is not what they advise.
//
// Sources: platform.openai.com/docs/guides/rate-limits; docs.claude.com/en/api/rate-limits;
// console.groq.com/docs/rate-limits; learn.microsoft.com answers 5625878 (Azure's seconds);
// openrouter.ai/docs limits and the metadata.headers of its 429 bodies; Mistral's as seen in
// answers that clients published, it documents none.
#ifndef KEYWALK_MOCKUPSTREAM_MODEL_RATE_LIMIT_HEADERS_H_
#define KEYWALK_MOCKUPSTREAM_MODEL_RATE_LIMIT_HEADERS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/headers.h"
#include "mockupstream/model/key_model.h"

namespace keywalk::mock {

enum class ModelProvider : std::uint8_t {
  kOpenAi,
  kAnthropic,
  kAzure,
  kGemini,
  kGroq,
  kMistral,
  kOpenRouter,
  kBedrock,
};
// The names of scripts, in the order of the enumeration: "openai", "anthropic", ...
std::span<const std::string_view> ModelProviderNames();
std::string_view ToString(ModelProvider provider);

// What the fields are made of.
struct LimitReport {
  Admission admission;
  std::vector<LimitState> limits;  // as KeyModel::Admit() gave them
  RequestCost cost;
  Milliseconds wall_now{0};  // Unix time
};

// Pure; safe for concurrent use.
Headers RateLimitHeaders(ModelProvider provider, const LimitReport& report);
// Of these, the ones of a refusal that say when to come back; `headers` gets them.
void AddRetryAfter(Headers& headers, ModelProvider provider, const Admission& admission);

// A duration as Go's time package writes it, and with it OpenAI and Groq: "0s", "12ms", "1s",
// "6m0s", "2m59.56s", "1h0m0s". REQUIRES: not negative.
std::string GoDuration(Milliseconds duration);
// "2026-01-01T00:00:05Z", rounded up to a second. `wall` is Unix time; beyond the year 9999,
// which the form cannot write, it is that year's last second.
std::string Rfc3339Seconds(Milliseconds wall);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_MODEL_RATE_LIMIT_HEADERS_H_
