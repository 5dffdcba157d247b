// OpenAI: `Authorization: Bearer KEY` (SPEC provider/1).
#include <array>

#include "provider/keyed_provider.h"
#include "provider/providers.h"

namespace keywalk {
namespace {

constexpr std::array<std::string_view, 1> kByokHeaders{"Authorization"};

std::string BuildError(ExhaustedAnswerKind kind, const std::string& message) {
  const bool rate_limited = kind == ExhaustedAnswerKind::kRateLimited;
  return R"({"error":{"message":")" + message + R"(",)" +
         (rate_limited ? R"("type":"rate_limit_error","code":"rate_limit_exceeded")"
                       : R"("type":"api_error","code":"server_error")") +
         "}}";
}

}  // namespace

const Provider& OpenAiProvider() {
  static const KeyedProvider kProvider(
      {"openai", "Authorization", "Bearer ", kByokHeaders, &BuildError});
  return kProvider;
}

}  // namespace keywalk
