// The key-failover transport: wraps an inner transport and repeats a request that was refused for
// its key with the next key of the pool (SPEC transport/; the seed's NewKeyFailoverTransport).
#ifndef KEYWALK_KEY_FAILOVER_H_
#define KEYWALK_KEY_FAILOVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "keywalk/body_memory.h"
#include "keywalk/clock.h"
#include "keywalk/failover.h"
#include "keywalk/key_pool.h"
#include "keywalk/policy.h"
#include "keywalk/provider.h"
#include "keywalk/transport.h"

namespace keywalk {

// Told of what happens in the failover layer, on the transport's executor. For metrics and logs.
// Implementations shared by several transports must be safe for concurrent use, and never block.
class FailoverObserver {
 public:
  virtual ~FailoverObserver() = default;
  // A key was marked and the walk goes on. `hint` is the key's masked hint.
  virtual void OnMark(const Mark& /*mark*/, int /*status*/, std::string_view /*hint*/) {}
  virtual void OnExhausted(const Exhaustion& /*exhaustion*/) {}
  // A centralized request ended, however, after that many attempts.
  virtual void OnWalkEnd(std::size_t /*attempts*/) {}
};

// When an attempt may begin: once the client's body is there as a whole (the seed's way; a body
// that fails spends nothing, SPEC transport/10), or with its first bytes, the rest being recorded
// while it is sent.
enum class BodyMode : std::uint8_t { kBuffer, kStream };

// The seed's parts, under its names. An empty configuration (no pool) means no failover.
struct KeyFailoverConfig {
  std::shared_ptr<KeyPool> pool;
  std::function<bool(const Headers&)> is_byok;
  // Removes the client's credentials and sets this attempt's key.
  std::function<void(Headers&, std::string_view key)> inject_auth_key;
  // The verdict on a response; the step machine applies it to the key.
  MarkKey mark_key;
  // True if mark_key may depend on the error body of such a response.
  std::function<bool(int status)> needs_body;
  // mark_key reads error bodies, so attempts ask for uncompressed ones (Accept-Encoding: identity).
  bool asks_for_plain_bodies = false;
  // nullopt: the transport answers 502 itself.
  std::function<std::optional<ExhaustedAnswer>(const Exhaustion&)> build_exhausted_response;

  std::shared_ptr<const Clock> clock;  // required with a pool
  std::uint64_t max_body_bytes = 128ull * 1024 * 1024;
  BodyMode body_mode = BodyMode::kBuffer;
  std::shared_ptr<BodyMemory> body_memory = BodyMemory::Unlimited();
  DiscardLimits discard;
  std::size_t max_error_body_bytes = 64 * 1024;  // read for classification at most
  FailoverObserver* observer = nullptr;          // outlives the transport; may be null
};

// The configuration of a provider's requests: its closures bound to a pool and a policy. Empty for
// a provider without failover or a null pool. `provider` lives for the whole program.
KeyFailoverConfig MakeKeyFailoverConfig(const Provider& provider, std::shared_ptr<KeyPool> pool,
                                        std::shared_ptr<const Policy> policy,
                                        std::shared_ptr<const Clock> clock);

// Without a pool: `inner` itself, the same object. Otherwise a wrapper around it.
std::shared_ptr<Transport> NewKeyFailoverTransport(std::shared_ptr<Transport> inner,
                                                   KeyFailoverConfig config);

}  // namespace keywalk

#endif  // KEYWALK_KEY_FAILOVER_H_
