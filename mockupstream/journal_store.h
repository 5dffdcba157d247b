// The journal's memory: bounded, in order, shared by the server's thread and those that ask.
#ifndef KEYWALK_MOCKUPSTREAM_JOURNAL_STORE_H_
#define KEYWALK_MOCKUPSTREAM_JOURNAL_STORE_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "mockupstream/journal.h"

namespace keywalk::mock {

struct JournalLimits {
  std::size_t max_entries;
  std::size_t max_bytes;  // of what the entries hold: targets, header fields, names
};

// All methods are safe for concurrent use. Beyond a limit the oldest entries are dropped, and
// counted. Sequence numbers go on after that and after Clear(), so that no number ever means two
// requests.
class JournalStore {
 public:
  explicit JournalStore(JournalLimits limits) : limits_(limits) {}

  // Adds an entry, gives it the next sequence number and returns that.
  std::uint64_t Append(JournalEntry entry);
  // Changes an entry in place, under the lock; nothing if it has been dropped or cleared.
  void Update(std::uint64_t sequence, const std::function<void(JournalEntry&)>& change);

  std::vector<JournalEntry> From(std::uint64_t sequence) const;
  std::optional<JournalEntry> Find(std::uint64_t sequence) const;
  std::uint64_t next() const;
  std::uint64_t dropped() const;
  void Clear();

  bool WaitFor(const std::function<bool(const std::vector<JournalEntry>&)>& done,
               std::chrono::milliseconds limit) const;

 private:
  JournalEntry* Locate(std::uint64_t sequence);
  std::vector<JournalEntry> Copy(std::uint64_t from) const;

  const JournalLimits limits_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<JournalEntry> entries_;
  std::uint64_t first_ = 0;  // the sequence number of entries_.front()
  std::uint64_t dropped_ = 0;
  std::uint64_t changes_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_JOURNAL_STORE_H_
