#include "mockupstream/journal_store.h"

#include <algorithm>

namespace keywalk::mock {

bool JournalFilter::Takes(const JournalEntry& entry) const {
  return entry.sequence >= from && (!scope || entry.scope == *scope) &&
         (!lane || entry.lane == *lane);
}

std::size_t JournalStore::BodyWeight(const JournalEntry& entry) {
  return entry.body.capacity() + entry.body_sha256.capacity();
}

// What an entry takes, near enough.
std::size_t JournalStore::Weight(const JournalEntry& entry) {
  std::size_t bytes = sizeof entry + entry.target.size() + entry.method.size() + entry.lane.size() +
                      entry.scope.size() + entry.key_hint.size() + BodyWeight(entry);
  for (const Headers::Field field : entry.headers) {
    constexpr std::size_t kFieldOverhead = 16;  // four offsets (headers.h)
    bytes += field.name.size() + field.value.size() + kFieldOverhead;
  }
  return bytes;
}

std::uint64_t JournalStore::Append(JournalEntry entry) {
  const std::size_t weight = Weight(entry);
  const std::lock_guard lock(mutex_);
  const std::uint64_t sequence = first_ + entries_.size();
  entry.sequence = sequence;
  entries_.push_back(std::move(entry));
  bytes_ += weight;
  Trim();
  Changed();
  return sequence;
}

void JournalStore::Reweigh(const JournalEntry& entry, std::size_t before) {
  bytes_ += BodyWeight(entry) - before;
  Trim();
}

void JournalStore::Trim() {
  while (!entries_.empty() &&
         (entries_.size() > limits_.max_entries || bytes_ > limits_.max_bytes)) {
    const JournalEntry& oldest = entries_.front();
    bytes_ -= Weight(oldest);
    // One that never ends is missed by those who wait for it, as one is that ended unread.
    if (!oldest.ended) AddEnd(oldest.sequence);
    entries_.pop_front();
    ++first_;
    ++dropped_;
  }
}

void JournalStore::AddEnd(std::uint64_t sequence) {
  ends_.push_back(sequence);
  if (ends_.size() > std::max<std::size_t>(limits_.max_entries, 1)) {
    ends_.pop_front();
    ++first_place_;
  }
  for (JournalWatch* const watch : watches_) {
    if (std::exchange(watch->armed_, false)) watch->wake_();
  }
}

// Nearly free while nobody waits: that is the condition variable's own first question.
void JournalStore::Changed() {
  ++changes_;
  changed_.notify_all();
}

JournalEntry* JournalStore::Locate(std::uint64_t sequence) {
  return const_cast<JournalEntry*>(std::as_const(*this).Locate(sequence));
}

const JournalEntry* JournalStore::Locate(std::uint64_t sequence) const {
  if (sequence < first_ || sequence - first_ >= entries_.size()) return nullptr;
  return &entries_[static_cast<std::size_t>(sequence - first_)];
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

std::vector<JournalEntry> JournalStore::Read(JournalFilter& filter, JournalPiece piece) const {
  std::vector<JournalEntry> entries;
  std::size_t bytes = 0;
  const std::lock_guard lock(mutex_);
  filter.from = std::max(filter.from, first_);
  while (const JournalEntry* const entry = Locate(filter.from)) {
    const bool taken = filter.Takes(*entry);
    if (taken) {
      bytes += Weight(*entry);
      const bool full = entries.size() >= piece.max_entries || bytes > piece.max_bytes;
      if (full && !entries.empty()) break;
      entries.push_back(*entry);
    }
    ++filter.from;
  }
  return entries;
}

std::optional<JournalEntry> JournalStore::Find(std::uint64_t sequence) const {
  const std::lock_guard lock(mutex_);
  const JournalEntry* const entry = Locate(sequence);
  if (entry == nullptr) return std::nullopt;
  return *entry;
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
  first_place_ += ends_.size();
  ends_.clear();
  Changed();
}

JournalStore::Ended JournalStore::ReadEnded(std::uint64_t place, const JournalFilter& filter,
                                            JournalPiece piece) const {
  Ended ended;
  std::size_t bytes = 0;
  const std::lock_guard lock(mutex_);
  ended.next = std::max(place, first_place_);
  ended.missed = ended.next - place;
  while (ended.next - first_place_ < ends_.size()) {
    const std::uint64_t sequence = ends_[static_cast<std::size_t>(ended.next - first_place_)];
    const JournalEntry* const entry = Locate(sequence);
    if (entry == nullptr) {
      if (sequence >= filter.from) ++ended.missed;
    } else if (filter.Takes(*entry)) {
      bytes += Weight(*entry);
      const bool full = ended.entries.size() >= piece.max_entries || bytes > piece.max_bytes;
      if (full && !ended.entries.empty()) break;
      ended.entries.push_back(*entry);
    }
    ++ended.next;
  }
  return ended;
}

std::optional<std::uint64_t> JournalStore::PlaceBehind(std::uint64_t sequence) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find(ends_.begin(), ends_.end(), sequence);
  if (found == ends_.end()) return std::nullopt;
  return first_place_ + static_cast<std::uint64_t>(found - ends_.begin()) + 1;
}

std::uint64_t JournalStore::first_place() const {
  const std::lock_guard lock(mutex_);
  return first_place_;
}

std::uint64_t JournalStore::first() const {
  const std::lock_guard lock(mutex_);
  return first_;
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

JournalWatch::JournalWatch(const JournalStore& store, std::function<void()> wake)
    : store_(store), wake_(std::move(wake)) {
  const std::lock_guard lock(store_.mutex_);
  store_.watches_.push_back(this);
}

JournalWatch::~JournalWatch() {
  const std::lock_guard lock(store_.mutex_);
  std::erase(store_.watches_, this);
}

bool JournalWatch::Arm(std::uint64_t place) {
  const std::lock_guard lock(store_.mutex_);
  armed_ = place >= store_.first_place_ + store_.ends_.size();
  return armed_;
}

}  // namespace keywalk::mock
