// What happens next: a priority queue by virtual time.
//
// Of events due at the same instant, the one with the lower tie-break comes first, and of equal
// ones the one that was pushed first: the order never depends on the heap's inner workings.
#ifndef KEYWALK_SIM_ENGINE_EVENT_QUEUE_H_
#define KEYWALK_SIM_ENGINE_EVENT_QUEUE_H_

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "keywalk/clock.h"

namespace keywalk::sim {

// `Payload` is small and trivially copyable. Not safe for concurrent use.
template <typename Payload>
class EventQueue {
 public:
  struct Entry {
    Instant at;
    std::uint64_t order;  // tie-break above, count of pushes below
    Payload payload;
  };

  // `tie_break` is drawn where interleavings are explored, else 0.
  void Push(Instant at, const Payload& payload, std::uint16_t tie_break = 0) {
    const std::uint64_t order = static_cast<std::uint64_t>(tie_break) << 48 | pushes_++;
    const Entry pushed{at, order, payload};
    entries_.push_back(pushed);
    SiftUp(pushed, entries_.size() - 1);
  }

  bool empty() const noexcept { return entries_.empty(); }
  std::size_t size() const noexcept { return entries_.size(); }

  // The next event. REQUIRES: !empty()
  const Entry& Peek() const noexcept {
    assert(!entries_.empty());
    return entries_.front();
  }

  // Takes it out. REQUIRES: !empty()
  Entry Pop() {
    assert(!entries_.empty());
    const Entry next = entries_.front();
    const Entry last = entries_.back();
    entries_.pop_back();
    if (!entries_.empty()) SiftDown(last);
    return next;
  }

  void Clear() noexcept { entries_.clear(); }

 private:
  // Four children a node: half as many cache lines on the way down as with two.
  static constexpr std::size_t kArity = 4;

  static bool Before(const Entry& a, const Entry& b) noexcept {
    return a.at != b.at ? a.at < b.at : a.order < b.order;
  }

  // Puts `moved`, which is the last entry, where it belongs.
  void SiftUp(const Entry& moved, std::size_t index) {
    const std::size_t last = index;
    while (index > 0) {
      const std::size_t parent = (index - 1) / kArity;
      if (!Before(moved, entries_[parent])) break;
      entries_[index] = entries_[parent];
      index = parent;
    }
    if (index != last) entries_[index] = moved;
  }

  // Puts `moved` where the first entry was, and the heap in order.
  void SiftDown(const Entry& moved) {
    std::size_t index = 0;
    const std::size_t size = entries_.size();
    while (true) {
      const std::size_t first = index * kArity + 1;
      if (first >= size) break;
      std::size_t least = first;
      const std::size_t end = first + kArity < size ? first + kArity : size;
      for (std::size_t child = first + 1; child < end; ++child) {
        if (Before(entries_[child], entries_[least])) least = child;
      }
      if (!Before(entries_[least], moved)) break;
      entries_[index] = entries_[least];
      index = least;
    }
    entries_[index] = moved;
  }

  std::vector<Entry> entries_;
  std::uint64_t pushes_ = 0;  // below 2^48: 280 million million events
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_ENGINE_EVENT_QUEUE_H_
