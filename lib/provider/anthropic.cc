// Anthropic: `X-Api-Key: KEY`. Its newer SDKs send the client's key as `Authorization: Bearer`, so
// both headers tell BYOK (SPEC provider/1).
#include <array>

#include "provider/keyed_provider.h"
#include "provider/providers.h"

namespace keywalk {
namespace {

constexpr std::array<std::string_view, 2> kByokHeaders{"X-Api-Key", "Authorization"};

std::string BuildError(ExhaustedAnswerKind kind, const std::string& message) {
  const bool rate_limited = kind == ExhaustedAnswerKind::kRateLimited;
  return std::string(R"({"type":"error","error":{"type":")") +
         (rate_limited ? "rate_limit_error" : "api_error") + R"(","message":")" + message +
         R"("}})";
}

}  // namespace

const Provider& AnthropicProvider() {
  static const KeyedProvider kProvider({"anthropic", "X-Api-Key", "", kByokHeaders, &BuildError});
  return kProvider;
}

}  // namespace keywalk
