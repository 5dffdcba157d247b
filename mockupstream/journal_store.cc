#include "mockupstream/journal_store.h"

#include <algorithm>
#include <utility>

namespace keywalk::mock {
namespace {

// What an entry takes, near enough; only of parts that never change once it is stored.
std::size_t Weight(const JournalEntry& entry) {
  std::size_t bytes = sizeof entry + entry.target.size() + entry.method.size() + entry.lane.size() +
                      entry.key_hint.size();
  for (const Headers::Field field : entry.headers) {
    constexpr std::size_t kFieldOverhead = 16;  // four offsets (headers.h)
    bytes += field.name.size() + field.value.size() + kFieldOverhead;
  }
  return bytes;
}

}  // namespace

std::uint64_t JournalStore::Append(JournalEntry entry) {
  const std::size_t weight = Weight(entry);
  const std::lock_guard lock(mutex_);
  const std::uint64_t sequence = first_ + entries_.size();
  entry.sequence = sequence;
  entries_.push_back(std::move(entry));
  bytes_ += weight;
  while (entries_.size() > limits_.max_entries || bytes_ > limits_.max_bytes) {
    bytes_ -= Weight(entries_.front());
    entries_.pop_front();
    ++first_;
    ++dropped_;
    if (entries_.empty()) break;
  }
  ++changes_;
  changed_.notify_all();
  return sequence;
}

JournalEntry* JournalStore::Locate(std::uint64_t sequence) {
  if (sequence < first_ || sequence - first_ >= entries_.size()) return nullptr;
  return &entries_[static_cast<std::size_t>(sequence - first_)];
}

void JournalStore::Update(std::uint64_t sequence,
                          const std::function<void(JournalEntry&)>& change) {
  const std::lock_guard lock(mutex_);
  JournalEntry* entry = Locate(sequence);
  if (entry == nullptr) return;
  change(*entry);
  ++changes_;
  changed_.notify_all();
}

std::vector<JournalEntry> JournalStore::Copy(std::uint64_t from) const {
  const std::uint64_t skipped = from <= first_ ? 0 : from - first_;
  if (skipped >= entries_.size()) return {};
  return {entries_.begin() + static_cast<std::ptrdiff_t>(skipped), entries_.end()};
}

std::vector<JournalEntry> JournalStore::From(std::uint64_t sequence) const {
  const std::lock_guard lock(mutex_);
  return Copy(sequence);
}

std::optional<JournalEntry> JournalStore::Find(std::uint64_t sequence) const {
  const std::lock_guard lock(mutex_);
  if (sequence < first_ || sequence - first_ >= entries_.size()) return std::nullopt;
  return entries_[static_cast<std::size_t>(sequence - first_)];
}

std::uint64_t JournalStore::next() const {
  const std::lock_guard lock(mutex_);
  return first_ + entries_.size();
}

std::uint64_t JournalStore::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void JournalStore::Clear() {
  const std::lock_guard lock(mutex_);
  first_ += entries_.size();
  entries_.clear();
  bytes_ = 0;
  ++changes_;
  changed_.notify_all();
}

bool JournalStore::WaitFor(const std::function<bool(const std::vector<JournalEntry>&)>& done,
                           std::chrono::milliseconds limit) const {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::unique_lock lock(mutex_);
  for (;;) {
    const std::vector<JournalEntry> entries = Copy(0);
    const std::uint64_t seen = changes_;
    lock.unlock();  // `done` is the caller's: it may ask this object
    if (done(entries)) return true;
    lock.lock();
    if (!changed_.wait_until(lock, deadline, [&] { return changes_ != seen; })) return false;
  }
}

}  // namespace keywalk::mock
