#include "mockupstream/journal/journal_store.h"

#include <algorithm>

namespace keywalk::mock {
namespace {

// In the list of ends: an entry that was cleared.
constexpr std::uint64_t kCleared = std::numeric_limits<std::uint64_t>::max();

}  // namespace

bool JournalFilter::Takes(const JournalEntry& entry) const {
  return entry.sequence >= from && entry.sequence < until && (!scope || entry.scope == *scope) &&
         (!lane || entry.lane == *lane);
}

std::size_t JournalStore::BodyWeight(const JournalEntry& entry) {
  return entry.body.capacity() + entry.body_sha256.capacity();
}

// What an entry takes, near enough.
std::size_t JournalStore::Weight(const JournalEntry& entry) {
  const std::size_t bytes = sizeof(Slot) + entry.target.size() + entry.method.size() +
                            entry.lane.size() + entry.scope.size() + entry.route.size() +
                            entry.key_hint.size() + BodyWeight(entry);
  constexpr std::size_t kFieldOverhead = 16;  // four offsets (headers.h)
  return bytes + entry.headers.text_bytes() + entry.headers.size() * kFieldOverhead;
}

std::uint64_t JournalStore::Append(JournalEntry&& entry) {
  const std::size_t weight = Weight(entry);
  const MutexLock lock(mutex_);
  const std::uint64_t sequence = first_ + slots_.size();
  entry.sequence = sequence;
  slots_.emplace_back(std::move(entry));
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
  while (!slots_.empty() && (slots_.size() > limits_.max_entries || bytes_ > limits_.max_bytes)) {
    const Slot& oldest = slots_.front();
    bytes_ -= Weight(oldest.entry);
    if (!oldest.cleared) {
      ++dropped_;
      Drops& drops = drops_[oldest.entry.scope];
      ++drops.count;
      drops.last = first_;
      // One that never ends is missed by those who wait for it, as one is that ended unread.
      if (!oldest.entry.ended) AddEnd(first_);
    }
    slots_.pop_front();
    ++first_;
  }
  ForgetEnds();
}

// Places of what is gone, as far as they are the oldest: a reader behind them has missed it.
void JournalStore::ForgetEnds() {
  while (!ends_.empty() && (ends_.front() < first_ || ends_.front() == kCleared)) {
    ends_.pop_front();
    ++first_place_;
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
  changed_.NotifyAll();
}

JournalEntry* JournalStore::Locate(std::uint64_t sequence) {
  return const_cast<JournalEntry*>(static_cast<const JournalStore*>(this)->Locate(sequence));
}

const JournalEntry* JournalStore::Locate(std::uint64_t sequence) const {
  if (sequence < first_ || sequence - first_ >= slots_.size()) return nullptr;
  const Slot& slot = slots_[static_cast<std::size_t>(sequence - first_)];
  return slot.cleared ? nullptr : &slot.entry;
}

std::vector<JournalEntry> JournalStore::Copy(std::uint64_t from) const {
  std::vector<JournalEntry> entries;
  const std::uint64_t next = first_ + slots_.size();
  const std::uint64_t begin = std::min(std::max(from, first_), next);
  entries.reserve(static_cast<std::size_t>(next - begin));
  for (std::uint64_t sequence = begin; sequence < next; ++sequence) {
    if (const JournalEntry* const entry = Locate(sequence)) entries.push_back(*entry);
  }
  return entries;
}

std::vector<JournalEntry> JournalStore::From(std::uint64_t sequence) const {
  const MutexLock lock(mutex_);
  return Copy(sequence);
}

std::vector<JournalEntry> JournalStore::Read(JournalFilter& filter, JournalPiece piece) const {
  std::vector<JournalEntry> entries;
  std::size_t bytes = 0;
  const MutexLock lock(mutex_);
  filter.from = std::max(filter.from, first_);
  const std::uint64_t end = std::min(filter.until, first_ + slots_.size());
  for (; filter.from < end; ++filter.from) {
    const JournalEntry* const entry = Locate(filter.from);
    if (entry == nullptr || !filter.Takes(*entry)) continue;
    bytes += Weight(*entry);
    const bool full = entries.size() >= piece.max_entries || bytes > piece.max_bytes;
    if (full && !entries.empty()) break;
    entries.push_back(*entry);
  }
  return entries;
}

JournalStore::Range JournalStore::ReadAll(const JournalFilter& filter) const {
  Range range;
  const MutexLock lock(mutex_);
  range.dropped = CountDropped(filter);
  const std::uint64_t end = std::min(filter.until, first_ + slots_.size());
  for (std::uint64_t sequence = std::max(filter.from, first_); sequence < end; ++sequence) {
    const JournalEntry* const entry = Locate(sequence);
    if (entry != nullptr && filter.Takes(*entry)) range.entries.push_back(*entry);
  }
  return range;
}

std::uint64_t JournalStore::DroppedOf(const JournalFilter& filter) const {
  const MutexLock lock(mutex_);
  return CountDropped(filter);
}

std::uint64_t JournalStore::Drops::From(std::uint64_t sequence) const {
  return sequence > last ? 0 : std::min(count, last - sequence + 1);
}

std::uint64_t JournalStore::CountDropped(const JournalFilter& filter) const {
  std::uint64_t dropped = 0;
  for (const auto& [scope, drops] : drops_) {
    if (!filter.scope || scope == *filter.scope) dropped += drops.From(filter.from);
  }
  return dropped;
}

std::optional<JournalEntry> JournalStore::Find(std::uint64_t sequence) const {
  const MutexLock lock(mutex_);
  const JournalEntry* const entry = Locate(sequence);
  if (entry == nullptr) return std::nullopt;
  return *entry;
}

std::uint64_t JournalStore::next() const {
  const MutexLock lock(mutex_);
  return first_ + slots_.size();
}

std::uint64_t JournalStore::dropped() const {
  const MutexLock lock(mutex_);
  return dropped_;
}

void JournalStore::Clear(const std::optional<std::string>& scope) {
  const MutexLock lock(mutex_);
  if (scope) {
    drops_.erase(*scope);
  } else {
    drops_.clear();
  }
  for (Slot& slot : slots_) {
    if (slot.cleared || (scope && slot.entry.scope != *scope)) continue;
    bytes_ -= Weight(slot.entry);
    // Not assigned: a string that is assigned a short one keeps the memory that it had.
    const JournalEntry forgotten = std::exchange(slot.entry, JournalEntry());
    slot.cleared = true;
    bytes_ += Weight(slot.entry);
  }
  while (!slots_.empty() && slots_.front().cleared) {
    bytes_ -= Weight(slots_.front().entry);
    slots_.pop_front();
    ++first_;
  }
  // Places stay what they are; who comes to one that was cleared on purpose has missed nothing.
  for (std::uint64_t& end : ends_) {
    if (end != kCleared && Locate(end) == nullptr) end = kCleared;
  }
  Changed();
}

JournalStore::Ended JournalStore::ReadEnded(std::uint64_t place, const JournalFilter& filter,
                                            JournalPiece piece) const {
  Ended ended;
  std::size_t bytes = 0;
  const MutexLock lock(mutex_);
  ended.next = std::max(place, first_place_);
  ended.missed = ended.next - place;
  while (ended.next - first_place_ < ends_.size()) {
    const std::uint64_t sequence = ends_[static_cast<std::size_t>(ended.next - first_place_)];
    const JournalEntry* const entry = Locate(sequence);
    if (entry == nullptr) {
      if (sequence != kCleared) ++ended.missed;
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
  const MutexLock lock(mutex_);
  const auto found = std::find(ends_.begin(), ends_.end(), sequence);
  if (found == ends_.end()) return std::nullopt;
  return first_place_ + static_cast<std::uint64_t>(found - ends_.begin()) + 1;
}

std::uint64_t JournalStore::first_place() const {
  const MutexLock lock(mutex_);
  return first_place_;
}

bool JournalStore::WaitFor(const std::function<bool(const std::vector<JournalEntry>&)>& done,
                           std::chrono::milliseconds limit) const {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  MutexLock lock(mutex_);
  for (;;) {
    const std::vector<JournalEntry> entries = Copy(0);
    const std::uint64_t seen = changes_;
    lock.Unlock();  // `done` is the caller's: it may ask this object
    if (done(entries)) return true;
    lock.Lock();
    while (changes_ == seen) {
      const bool in_time = changed_.WaitUntil(mutex_, deadline);
      if (!in_time && changes_ == seen) return false;
    }
  }
}

JournalWatch::JournalWatch(const JournalStore& store, std::function<void()> wake)
    : store_(store), wake_(std::move(wake)) {
  const MutexLock lock(store_.mutex_);
  store_.watches_.push_back(this);
}

JournalWatch::~JournalWatch() {
  const MutexLock lock(store_.mutex_);
  std::erase(store_.watches_, this);
}

bool JournalWatch::Arm(std::uint64_t place) {
  const MutexLock lock(store_.mutex_);
  armed_ = place >= store_.first_place_ + store_.ends_.size();
  return armed_;
}

}  // namespace keywalk::mock
