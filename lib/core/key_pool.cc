#include "keywalk/key_pool.h"

#include <algorithm>
#include <cassert>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/key_state.h"
#include "keywalk/secret.h"

namespace keywalk {
namespace {

using key_state::Word;

// True if the key can stand in a header without becoming something else.
bool IsValidKey(std::string_view key) noexcept {
  const auto is_control = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  };
  return !key.empty() && std::none_of(key.begin(), key.end(), is_control);
}

Error KeyError(std::string_view what, KeyIndex index, std::size_t count) {
  return Error(std::string(what) + " (key " + std::to_string(index + 1) + " of " +
               std::to_string(count) + ")");
}

// What matters of some keys when none is valid.
struct CoolingKeys {
  Word soonest = key_state::kPermanentBit;  // a permanent word is never below it
  bool any_rate_limited = false;

  // Without a branch: the words of a pool follow no pattern.
  void Add(Word word) noexcept {
    soonest = std::min(soonest, word);
    any_rate_limited |= key_state::IsTemporaryFor(word, MarkReason::kRateLimited);
  }
};

}  // namespace

std::string_view ToString(KeyState state) noexcept {
  switch (state) {
    case KeyState::kValid:
      return "valid";
    case KeyState::kTemporary:
      return "temporary";
    case KeyState::kPermanent:
      return "permanent";
  }
  return "";
}

std::string_view ToString(MarkReason reason) noexcept {
  switch (reason) {
    case MarkReason::kRateLimited:
      return "rate_limited";
    case MarkReason::kUnauthorized:
      return "unauthorized";
  }
  return "";
}

std::string_view ToString(Exhaustion::Kind kind) noexcept {
  switch (kind) {
    case Exhaustion::Kind::kRateLimited:
      return "rate_limited";
    case Exhaustion::Kind::kUnauthorized:
      return "unauthorized";
    case Exhaustion::Kind::kPermanent:
      return "permanent";
  }
  return "";
}

Result<std::shared_ptr<KeyPool>> KeyPool::Create(Secrets keys, Duration default_cooldown) {
  if (keys.empty()) return Error("no keys provided");
  if (default_cooldown <= Duration::zero()) return Error("default cooldown must be positive");
  std::unordered_set<std::string_view> seen;
  for (KeyIndex index = 0; index < keys.size(); ++index) {
    if (!IsValidKey(keys[index])) return KeyError("invalid key", index, keys.size());
    if (!seen.insert(keys[index]).second) return KeyError("duplicate key", index, keys.size());
  }
  return std::shared_ptr<KeyPool>(new KeyPool(std::move(keys), default_cooldown));
}

KeyPool::KeyPool(Secrets keys, Duration default_cooldown)
    : keys_(std::move(keys)),
      default_cooldown_(default_cooldown),
      states_(std::make_unique<std::atomic<Word>[]>(keys_.size())) {
  static_assert(key_state::kNeverMarked == 0, "make_unique zeroes the words");
  hints_.reserve(keys_.size());
  for (const std::string& key : keys_) hints_.push_back(MaskKey(key));
}

std::optional<KeyIndex> KeyPool::Find(std::string_view key) const noexcept {
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  if (found == keys_.end()) return std::nullopt;
  return static_cast<KeyIndex>(found - keys_.begin());
}

void KeyPool::Inherit(const KeyPool& previous) {
  std::unordered_map<std::string_view, KeyIndex> positions;
  for (KeyIndex index = 0; index < previous.size(); ++index) positions[previous.key(index)] = index;
  for (KeyIndex index = 0; index < size(); ++index) {
    const auto found = positions.find(key(index));
    if (found == positions.end()) continue;
    const Word inherited = previous.states_[found->second].load(std::memory_order_acquire);
    std::atomic<Word>& word = states_[index];
    Word seen = word.load(std::memory_order_acquire);
    // In the order of the words a later deadline is the greater one, and permanent the greatest.
    while (seen < inherited && !word.compare_exchange_weak(seen, inherited)) continue;
  }
}

KeyState KeyPool::state(KeyIndex index, Instant now) const noexcept {
  assert(index < size());
  return key_state::StateOf(states_[index].load(std::memory_order_acquire), now);
}

Duration KeyPool::cooldown_left(KeyIndex index, Instant now) const noexcept {
  assert(index < size());
  const Word word = states_[index].load(std::memory_order_acquire);
  if (key_state::StateOf(word, now) != KeyState::kTemporary) return Duration::zero();
  return Duration(key_state::DeadlineOf(word) - key_state::ToNs(now));
}

std::optional<MarkReason> KeyPool::reason(KeyIndex index, Instant now) const noexcept {
  assert(index < size());
  const Word word = states_[index].load(std::memory_order_acquire);
  if (key_state::StateOf(word, now) == KeyState::kValid) return std::nullopt;
  return key_state::ReasonOf(word);
}

KeyCounts KeyPool::counts(Instant now) const noexcept {
  KeyCounts counts;
  for (KeyIndex index = 0; index < size(); ++index) {
    switch (state(index, now)) {
      case KeyState::kValid:
        ++counts.valid;
        break;
      case KeyState::kTemporary:
        ++counts.temporary;
        break;
      case KeyState::kPermanent:
        ++counts.permanent;
        break;
    }
  }
  return counts;
}

bool KeyPool::MarkTemporary(KeyIndex index, Duration cooldown, MarkReason reason,
                            Instant now) noexcept {
  assert(index < size());
  if (cooldown <= Duration::zero()) cooldown = default_cooldown_;
  const Word deadline = key_state::DeadlineNs(now, cooldown);
  const Word marked = key_state::MakeTemporary(deadline, reason);
  std::atomic<Word>& word = states_[index];
  Word seen = word.load(std::memory_order_acquire);
  do {
    if (key_state::IsPermanent(seen)) return false;
    if (key_state::DeadlineOf(seen) > deadline) return false;
  } while (!word.compare_exchange_weak(seen, marked, std::memory_order_acq_rel,
                                       std::memory_order_acquire));
  // The winner of a race is the one that replaced a valid word: exactly one of N (concurrency/1).
  return key_state::StateOf(seen, now) == KeyState::kValid &&
         key_state::StateOf(marked, now) == KeyState::kTemporary;
}

bool KeyPool::MarkPermanent(KeyIndex index, MarkReason reason) noexcept {
  assert(index < size());
  const Word marked = key_state::MakePermanent(reason);
  std::atomic<Word>& word = states_[index];
  Word seen = word.load(std::memory_order_acquire);
  do {
    if (key_state::IsPermanent(seen)) return false;  // the first mark's reason stays
  } while (!word.compare_exchange_weak(seen, marked, std::memory_order_acq_rel,
                                       std::memory_order_acquire));
  return true;
}

Exhaustion KeyPool::exhaustion(Instant now) const noexcept {
  const std::atomic<Word>* const states = states_.get();
  const KeyIndex count = size();
  // Two of them, because each minimum waits for the one before: a third of the time less.
  CoolingKeys even;
  CoolingKeys odd;
  for (KeyIndex index = 0; index + 1 < count; index += 2) {
    even.Add(states[index].load(std::memory_order_acquire));
    odd.Add(states[index + 1].load(std::memory_order_acquire));
  }
  if (count % 2 != 0) even.Add(states[count - 1].load(std::memory_order_acquire));

  const Word soonest = std::min(even.soonest, odd.soonest);
  if (soonest < key_state::ValidBelow(now)) {
    return {Exhaustion::Kind::kRateLimited, Duration::zero()};
  }
  if (soonest == key_state::kPermanentBit) {
    return {Exhaustion::Kind::kPermanent, Duration::zero()};
  }
  const bool any_rate_limited = even.any_rate_limited || odd.any_rate_limited;
  return {any_rate_limited ? Exhaustion::Kind::kRateLimited : Exhaustion::Kind::kUnauthorized,
          Duration(key_state::DeadlineOf(soonest) - key_state::ToNs(now))};
}

std::optional<KeyIndex> Walk::Next(Instant now) noexcept {
  const Word valid_below = key_state::ValidBelow(now);
  const std::atomic<Word>* const states = pool_->states_.get();
  const KeyIndex size = pool_->size();
  for (; position_ < size; ++position_) {
    if (states[position_].load(std::memory_order_acquire) < valid_below) {
      ++attempts_;
      return position_++;
    }
  }
  return std::nullopt;
}

}  // namespace keywalk
