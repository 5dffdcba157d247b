#include "mockupstream/model/token_estimate.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace keywalk::mock {
namespace {

constexpr std::array kSaid{"messages",     "input",    "prompt",           "system",
                           "instructions", "contents", "systemInstruction"};
constexpr std::int64_t kBytesPerToken = 4;
// No message is nested deeper; what is deeper does not count.
constexpr int kMaxDepth = 32;

std::int64_t TextBytes(const nlohmann::json& value, int depth) {
  if (value.is_string()) {
    return static_cast<std::int64_t>(value.get_ref<const std::string&>().size());
  }
  std::int64_t bytes = 0;
  if (value.is_structured() && depth < kMaxDepth) {
    for (const auto& member : value) bytes += TextBytes(member, depth + 1);
  }
  return bytes;
}

}  // namespace

std::int64_t EstimateInputTokens(const nlohmann::json& request) {
  std::int64_t bytes = 0;
  if (request.is_object()) {
    for (const char* name : kSaid) {
      const auto member = request.find(name);
      if (member != request.end()) bytes += TextBytes(*member, 0);
    }
  }
  return std::max<std::int64_t>((bytes + kBytesPerToken - 1) / kBytesPerToken, 1);
}

}  // namespace keywalk::mock
