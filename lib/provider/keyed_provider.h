// A provider with centralized keys, described by data. A new one is a file like openai.cc: the
// data, its error body, and a line in provider.cc (SPEC provider/4).
#ifndef KEYWALK_PROVIDER_KEYED_PROVIDER_H_
#define KEYWALK_PROVIDER_KEYED_PROVIDER_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "keywalk/provider.h"

namespace keywalk {

struct ProviderData {
  std::string_view name;
  std::string_view auth_header;
  std::string_view auth_scheme;  // stands before the key, such as "Bearer "; may be empty
  // A request with any of these headers, not empty, brought its own key.
  std::span<const std::string_view> byok_headers;
  // The provider's JSON error. `message` is ours: no character of it needs care.
  std::string (*build_error)(ExhaustedAnswerKind kind, const std::string& message);
};

class KeyedProvider final : public Provider {
 public:
  // What `data` points to must live for the whole program.
  explicit KeyedProvider(const ProviderData& data) : data_(data) {}

  std::string_view name() const noexcept override { return data_.name; }
  bool IsByok(const Headers& headers) const noexcept override;
  void InjectAuthKey(Headers& headers, std::string_view key) const override;
  std::optional<ExhaustedAnswer> BuildExhaustedResponse(const Exhaustion& exhaustion,
                                                        const Policy& policy) const override;

 private:
  const ProviderData data_;
};

}  // namespace keywalk

#endif  // KEYWALK_PROVIDER_KEYED_PROVIDER_H_
