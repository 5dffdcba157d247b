// What differs between AI providers: the auth header, when a request brings its own key, and the
// error that says that no key is left (SPEC provider/).
#ifndef KEYWALK_PROVIDER_H_
#define KEYWALK_PROVIDER_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/headers.h"
#include "keywalk/key_pool.h"
#include "keywalk/policy.h"

namespace keywalk {

// An answer that we make ourselves.
struct ExhaustedAnswer {
  int status = 502;
  Headers headers;  // Content-Type, and Retry-After where it applies
  std::string body;
};

// Header names that carry a client's credential. A centralized request reaches the upstream with
// none of them but the provider's own (SPEC provider/5).
std::span<const std::string_view> CredentialHeaders() noexcept;

// One provider. Immutable; safe for concurrent use; lives for the whole program.
class Provider {
 public:
  Provider() = default;
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;
  virtual ~Provider() = default;

  // "openai", "anthropic", "copilot".
  virtual std::string_view name() const noexcept = 0;

  // False for a provider without centralized keys (copilot): requests always pass through.
  virtual bool has_failover() const noexcept { return true; }

  // True if the client brought its own key.
  virtual bool IsByok(const Headers& headers) const noexcept = 0;

  // Removes every credential header and sets this provider's own with `key` (SPEC provider/5).
  virtual void InjectAuthKey(Headers& headers, std::string_view key) const = 0;

  // The provider's error for an exhausted pool; nullopt if it has none, so that the transport
  // answers 502 itself (SPEC transport/9).
  virtual std::optional<ExhaustedAnswer> BuildExhaustedResponse(const Exhaustion& exhaustion,
                                                                const Policy& policy) const = 0;
};

// The provider of that name, or null.
const Provider* FindProvider(std::string_view name) noexcept;
std::vector<std::string_view> ProviderNames();

// `Retry-After` for an answer: whole seconds rounded up, "60" for exactly 60 s; empty if there is
// none to send (SPEC provider/2).
std::string FormatRetryAfter(Duration retry_after);

// Reads the fields of a JSON error body that policies can match on. Anything that is not a JSON
// object of a known shape gives empty facts; never throws.
ErrorFacts ParseErrorBody(std::string_view body) noexcept;

}  // namespace keywalk

#endif  // KEYWALK_PROVIDER_H_
