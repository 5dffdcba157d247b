// The journal's memory: bounded, in order, shared by the server's thread and those that ask.
#ifndef KEYWALK_MOCKUPSTREAM_JOURNAL_JOURNAL_STORE_H_
#define KEYWALK_MOCKUPSTREAM_JOURNAL_JOURNAL_STORE_H_

#include <boost/container/deque.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "keywalk/mutex.h"
#include "mockupstream/journal/journal.h"

namespace keywalk::mock {

struct JournalLimits {
  std::size_t max_entries;
  std::size_t max_bytes;  // of what the entries hold: targets, header fields, names, bodies
};

// Which entries.
struct JournalFilter {
  std::uint64_t from = 0;                                           // the lowest sequence number
  std::uint64_t until = std::numeric_limits<std::uint64_t>::max();  // and the first one too high
  std::optional<std::string> scope;                                 // nullopt: any
  std::optional<std::string> lane;                                  // nullopt: any

  bool Takes(const JournalEntry& entry) const;
};

// How much is copied at once: what a reader that may be slow holds in memory.
struct JournalPiece {
  std::size_t max_entries = 256;
  std::size_t max_bytes = 1 << 20;  // but one entry at least
};

class JournalWatch;

// All methods are safe for concurrent use. Beyond a limit the oldest entries are dropped, whether
// they have ended or not, and counted. Sequence numbers go on after that and after Clear(), so that
// no number ever means two requests.
//
// Entries end in another order than they begin. A *place* counts those that have ended: a reader
// that goes on from its place misses none and sees none twice, also one that was long in flight.
class JournalStore {
 public:
  explicit JournalStore(JournalLimits limits) : limits_(limits) {}

  // Adds an entry, gives it the next sequence number and returns that.
  std::uint64_t Append(JournalEntry&& entry);
  // Changes an entry in place: `change(JournalEntry&)` runs under the lock, and must not ask this
  // object. Not called if the entry has been dropped or cleared.
  template <typename Change>
  void Update(std::uint64_t sequence, Change&& change);
  // The same for its last change, which sets `ended`. False if the entry has been dropped or
  // cleared. REQUIRES: once for an entry
  template <typename Change>
  bool End(std::uint64_t sequence, Change&& change);

  std::vector<JournalEntry> From(std::uint64_t sequence) const;
  // A piece of what the filter takes, in order; moves filter.from behind it. Empty: no more.
  std::vector<JournalEntry> Read(JournalFilter& filter, JournalPiece piece) const;
  // All that the filter takes, and how many of them are missing: dropped, not cleared. Where the
  // filter has a lane it is how many of any, and where it has a beginning it may be too many.
  struct Range {
    std::vector<JournalEntry> entries;
    std::uint64_t dropped = 0;
  };
  Range ReadAll(const JournalFilter& filter) const;
  // Range::dropped alone.
  std::uint64_t DroppedOf(const JournalFilter& filter) const;
  std::optional<JournalEntry> Find(std::uint64_t sequence) const;
  std::uint64_t next() const;
  std::uint64_t dropped() const;
  // Forgets the entries, of that scope only if one is given.
  void Clear(const std::optional<std::string>& scope = std::nullopt);

  // What has ended from `place` on, in the order in which it did.
  struct Ended {
    std::vector<JournalEntry> entries;
    std::uint64_t next = 0;    // the place behind them
    std::uint64_t missed = 0;  // dropped before they were read, whatever the filter
  };
  Ended ReadEnded(std::uint64_t place, const JournalFilter& filter, JournalPiece piece) const;
  // The place behind that entry; nullopt if it has not ended, or is forgotten.
  std::optional<std::uint64_t> PlaceBehind(std::uint64_t sequence) const;
  // The place of the oldest end that is remembered.
  std::uint64_t first_place() const;

  bool WaitFor(const std::function<bool(const std::vector<JournalEntry>&)>& done,
               std::chrono::milliseconds limit) const;

 private:
  friend class JournalWatch;

  // An entry at its place. One that was cleared leaves an empty place, as numbers go on.
  struct Slot {
    explicit Slot(JournalEntry&& filled) : entry(std::move(filled)) {}

    JournalEntry entry;
    bool cleared = false;
  };
  // A std::deque would allocate each slot by itself.
  using Slots = boost::container::deque<
      Slot, std::allocator<Slot>,
      boost::container::deque_options<boost::container::block_size<128u>>::type>;

  // What was dropped since it was last cleared.
  struct Drops {
    std::uint64_t count = 0;
    std::uint64_t last = 0;  // the highest sequence number

    std::uint64_t From(std::uint64_t sequence) const;
  };

  // Of the parts of an entry that a change may touch.
  static std::size_t BodyWeight(const JournalEntry& entry);
  static std::size_t Weight(const JournalEntry& entry);

  JournalEntry* Locate(std::uint64_t sequence) KEYWALK_REQUIRES(mutex_);
  const JournalEntry* Locate(std::uint64_t sequence) const KEYWALK_REQUIRES(mutex_);
  std::vector<JournalEntry> Copy(std::uint64_t from) const KEYWALK_REQUIRES(mutex_);
  std::uint64_t CountDropped(const JournalFilter& filter) const KEYWALK_REQUIRES(mutex_);
  void Reweigh(const JournalEntry& entry, std::size_t before) KEYWALK_REQUIRES(mutex_);
  void Trim() KEYWALK_REQUIRES(mutex_);
  void ForgetEnds() KEYWALK_REQUIRES(mutex_);
  void AddEnd(std::uint64_t sequence) KEYWALK_REQUIRES(mutex_);
  void Changed() KEYWALK_REQUIRES(mutex_);

  const JournalLimits limits_;
  mutable Mutex mutex_;
  mutable Condition changed_;
  Slots slots_ KEYWALK_GUARDED_BY(mutex_);
  std::uint64_t first_ KEYWALK_GUARDED_BY(mutex_) = 0;  // the sequence number of slots_.front()
  std::uint64_t dropped_ KEYWALK_GUARDED_BY(mutex_) = 0;
  std::map<std::string, Drops, std::less<>> drops_ KEYWALK_GUARDED_BY(mutex_);  // by scope
  std::uint64_t changes_ KEYWALK_GUARDED_BY(mutex_) = 0;
  std::size_t bytes_ KEYWALK_GUARDED_BY(mutex_) = 0;
  std::deque<std::uint64_t> ends_
      KEYWALK_GUARDED_BY(mutex_);  // sequence numbers, in the order in which the entries ended
  std::uint64_t first_place_ KEYWALK_GUARDED_BY(mutex_) = 0;  // of ends_.front()
  mutable std::vector<JournalWatch*> watches_ KEYWALK_GUARDED_BY(mutex_);
};

// Tells a reader, once for each time it asks, that an entry has ended: for those that cannot block.
// Safe for concurrent use; the store outlives it.
class JournalWatch {
 public:
  // `wake` is called on whichever thread made the change, under the store's lock: it may post
  // something, and nothing else. It is not called once the watch is gone.
  JournalWatch(const JournalStore& store, std::function<void()> wake);
  ~JournalWatch();
  JournalWatch(const JournalWatch&) = delete;
  JournalWatch& operator=(const JournalWatch&) = delete;

  // Asks to be woken when something has ended behind `place`. False if something has already: there
  // is no wake then.
  bool Arm(std::uint64_t place);

 private:
  friend class JournalStore;
  const JournalStore& store_;
  const std::function<void()> wake_;
  bool armed_ = false;  // under the store's lock
};

template <typename Change>
void JournalStore::Update(std::uint64_t sequence, Change&& change) {
  const MutexLock lock(mutex_);
  JournalEntry* const entry = Locate(sequence);
  if (entry == nullptr) return;
  const std::size_t before = BodyWeight(*entry);
  change(*entry);
  Reweigh(*entry, before);
  Changed();
}

template <typename Change>
bool JournalStore::End(std::uint64_t sequence, Change&& change) {
  const MutexLock lock(mutex_);
  JournalEntry* const entry = Locate(sequence);
  if (entry == nullptr) return false;
  const std::size_t before = BodyWeight(*entry);
  change(*entry);
  entry->ended = true;
  AddEnd(sequence);
  Reweigh(*entry, before);
  Changed();
  return true;
}

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_JOURNAL_JOURNAL_STORE_H_
