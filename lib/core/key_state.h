// One key's state in one 64-bit word, so that it is read and changed atomically without a lock.
//
//   bit 63      permanent
//   bits 62..2  end of the cooldown, nanoseconds of the injected clock (some 73 years); 0: none
//   bits 1..0   why: 0 never marked, else MarkReason + 1
//
// The order of the fields is the point: "valid at now" is the single comparison
// `word < ValidBelow(now)`, and a walk over many cooling keys is a scan of plain integers.
#ifndef KEYWALK_CORE_KEY_STATE_H_
#define KEYWALK_CORE_KEY_STATE_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

#include "keywalk/clock.h"
#include "keywalk/key_pool.h"

namespace keywalk::key_state {

using Word = std::uint64_t;
static_assert(std::atomic<Word>::is_always_lock_free, "SPEC pool/6");

inline constexpr int kReasonBits = 2;
inline constexpr Word kReasonMask = (Word{1} << kReasonBits) - 1;
inline constexpr Word kPermanentBit = Word{1} << 63;
inline constexpr Word kMaxDeadlineNs = (kPermanentBit >> kReasonBits) - 1;
inline constexpr Word kNeverMarked = 0;

// An instant as unsigned nanoseconds; one outside the representable is clamped into it.
constexpr Word ToNs(Instant at) noexcept {
  const std::int64_t ns = at.time_since_epoch().count();
  return std::min(ns < 0 ? Word{0} : static_cast<Word>(ns), kMaxDeadlineNs);
}

// Words below this are of keys valid at `now`: those whose deadline is at most `now`, whatever
// their reason. Never above kPermanentBit, so a permanent key is never below it.
constexpr Word ValidBelow(Instant now) noexcept { return (ToNs(now) + 1) << kReasonBits; }

constexpr Word MakeTemporary(Word deadline_ns, MarkReason reason) noexcept {
  return deadline_ns << kReasonBits | (static_cast<Word>(reason) + 1);
}

constexpr Word MakePermanent(MarkReason reason) noexcept {
  return kPermanentBit | (static_cast<Word>(reason) + 1);
}

// The deadline of a cooldown that begins now. REQUIRES: cooldown > 0
constexpr Word DeadlineNs(Instant now, Duration cooldown) noexcept {
  // Below 2^61 + 2^63: no overflow.
  return std::min(ToNs(now) + static_cast<Word>(cooldown.count()), kMaxDeadlineNs);
}

constexpr bool IsPermanent(Word word) noexcept { return (word & kPermanentBit) != 0; }

// The end of the cooldown last set. REQUIRES: !IsPermanent(word)
constexpr Word DeadlineOf(Word word) noexcept { return word >> kReasonBits; }

// The reason of the mark last set. REQUIRES: word != kNeverMarked
constexpr MarkReason ReasonOf(Word word) noexcept {
  return static_cast<MarkReason>((word & kReasonMask) - 1);
}

// True if the last mark was a cooldown, over or not, for that reason. One comparison.
constexpr bool IsTemporaryFor(Word word, MarkReason reason) noexcept {
  return (word & (kPermanentBit | kReasonMask)) == MakeTemporary(0, reason);
}

constexpr KeyState StateOf(Word word, Instant now) noexcept {
  if (IsPermanent(word)) return KeyState::kPermanent;
  return word < ValidBelow(now) ? KeyState::kValid : KeyState::kTemporary;
}

}  // namespace keywalk::key_state

#endif  // KEYWALK_CORE_KEY_STATE_H_
