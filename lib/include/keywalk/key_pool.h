// The pool of API keys of one provider, the state of each key, and a walk over them.
//
// A key's state is one 64-bit atomic: permanence, the end of its cooldown, and why. It is derived
// from the time given when asked, never changed by a timer (SPEC state/1). A KeyPool is safe for
// concurrent use; no operation blocks, takes a lock or does I/O (SPEC pool/6). Asking for the next
// key allocates nothing.
#ifndef KEYWALK_KEY_POOL_H_
#define KEYWALK_KEY_POOL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/clock.h"
#include "keywalk/result.h"
#include "keywalk/secret.h"

namespace keywalk {

enum class KeyState : std::uint8_t { kValid, kTemporary, kPermanent };
enum class MarkReason : std::uint8_t { kRateLimited, kUnauthorized };

// "valid", "temporary", "permanent"; "rate_limited", "unauthorized".
std::string_view ToString(KeyState state) noexcept;
std::string_view ToString(MarkReason reason) noexcept;

// A key's position in the operator's order, from 0.
using KeyIndex = std::size_t;

// Why a walk found no key, and when asking again makes sense (SPEC walk/6).
struct Exhaustion {
  enum class Kind : std::uint8_t { kRateLimited, kUnauthorized, kPermanent };
  Kind kind = Kind::kPermanent;
  // Time until the soonest cooldown of the whole pool ends; zero if a key is valid again by now,
  // and for kPermanent.
  Duration retry_after{};
};
// "rate_limited", "unauthorized", "permanent".
std::string_view ToString(Exhaustion::Kind kind) noexcept;

// How many keys are in each state.
struct KeyCounts {
  std::size_t valid = 0;
  std::size_t temporary = 0;
  std::size_t permanent = 0;
};

class KeyPool {
 public:
  static constexpr Duration kDefaultCooldown = std::chrono::seconds(60);

  // Fails with "no keys provided", "duplicate key" or "invalid key" (empty, or holding a control
  // character, CR or LF: header injection), naming the key's position, never its text.
  // `default_cooldown` > 0 stands in where a mark gives none.
  static Result<std::shared_ptr<KeyPool>> Create(Secrets keys,
                                                 Duration default_cooldown = kDefaultCooldown);
  KeyPool(const KeyPool&) = delete;
  KeyPool& operator=(const KeyPool&) = delete;

  std::size_t size() const noexcept { return keys_.size(); }
  Duration default_cooldown() const noexcept { return default_cooldown_; }

  // The secret itself, for the request that is sent. REQUIRES: index < size(), here and below.
  const std::string& key(KeyIndex index) const noexcept { return keys_[index]; }
  // MaskKey(key(index)), computed once.
  const std::string& hint(KeyIndex index) const noexcept { return hints_[index]; }

  // The position of that key; nullopt if the pool does not have it. Compares with every key.
  std::optional<KeyIndex> Find(std::string_view key) const noexcept;

  // For a pool that replaces another one: keys that `previous` has too are marked as there, unless
  // they are marked for longer here. Both pools may be in use.
  void Inherit(const KeyPool& previous);

  KeyState state(KeyIndex index, Instant now) const noexcept;
  // Remaining cooldown of a temporary key; zero for a valid or permanent one.
  Duration cooldown_left(KeyIndex index, Instant now) const noexcept;
  // Why a temporary key cools, or why a permanent one was marked; nullopt for a valid one.
  std::optional<MarkReason> reason(KeyIndex index, Instant now) const noexcept;
  KeyCounts counts(Instant now) const noexcept;

  // Starts or extends a cooldown (SPEC state/2-5, 7). `cooldown` <= 0 means the default. A deadline
  // is never shortened; on equal deadlines the later mark's reason stands; a deadline beyond the
  // representable (some 73 years) is clamped. True only on the valid -> temporary transition.
  bool MarkTemporary(KeyIndex index, Duration cooldown, MarkReason reason, Instant now) noexcept;

  // Takes the key out for good (SPEC state/6). True only the first time.
  bool MarkPermanent(KeyIndex index, MarkReason reason = MarkReason::kUnauthorized) noexcept;

  // What a walk that found no further key answers (SPEC walk/6).
  Exhaustion exhaustion(Instant now) const noexcept;

 private:
  friend class Walk;
  KeyPool(Secrets keys, Duration default_cooldown);

  const Secrets keys_;
  std::vector<std::string> hints_;
  const Duration default_cooldown_;
  // One word a key; see key_state.h for its layout.
  std::unique_ptr<std::atomic<std::uint64_t>[]> states_;
};

// One request's pass over the pool: from the first key forward, each key at most once (SPEC walk/).
// Asking changes no state. Not safe for concurrent use; many walks over one pool are.
class Walk {
 public:
  // `pool` must outlive the walk.
  explicit Walk(const KeyPool& pool) noexcept : pool_(&pool) {}

  // The next key that is valid at `now`, or nullopt when no key is left for this walk.
  std::optional<KeyIndex> Next(Instant now) noexcept;

  // How many keys this walk handed out.
  std::size_t attempts() const noexcept { return attempts_; }

 private:
  const KeyPool* pool_;
  KeyIndex position_ = 0;
  std::size_t attempts_ = 0;
};

}  // namespace keywalk

#endif  // KEYWALK_KEY_POOL_H_
