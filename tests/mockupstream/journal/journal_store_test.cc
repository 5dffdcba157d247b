// Goal: the journal is bounded, numbered for good, and wakes those who wait for a change.
// Method: the store alone.

#include "mockupstream/journal/journal_store.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace keywalk::mock {
namespace {

JournalEntry StoredEntry(std::string target) {
  JournalEntry entry;
  entry.target = std::move(target);
  return entry;
}

TEST(JournalStoreTest, NumbersEntriesInOrder) {
  JournalStore store({10, 1 << 20});
  EXPECT_EQ(store.Append(StoredEntry("/a")), 0u);
  EXPECT_EQ(store.Append(StoredEntry("/b")), 1u);
  EXPECT_EQ(store.next(), 2u);
  ASSERT_EQ(store.From(1).size(), 1u);
  EXPECT_EQ(store.From(1)[0].target, "/b");
  EXPECT_TRUE(store.From(2).empty());
}

TEST(JournalStoreTest, DropsTheOldestBeyondTheCountAndTellsHowMany) {
  JournalStore store({3, 1 << 20});
  for (int i = 0; i < 5; ++i) store.Append(StoredEntry("/" + std::to_string(i)));
  const std::vector<JournalEntry> entries = store.From(0);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].sequence, 2u);
  EXPECT_EQ(entries[0].target, "/2");
  EXPECT_EQ(store.dropped(), 2u);
  EXPECT_EQ(store.next(), 5u);
}

TEST(JournalStoreTest, DropsTheOldestBeyondTheBytes) {
  constexpr std::size_t kLarge = 10'000;
  JournalStore store({1000, 3 * kLarge});
  for (int i = 0; i < 9; ++i) store.Append(StoredEntry(std::string(kLarge, 'x')));
  EXPECT_EQ(store.From(0).size(), 2u);
  EXPECT_EQ(store.dropped(), 7u);
}

TEST(JournalStoreTest, UpdatesInPlaceAndForgetsWhatIsGone) {
  JournalStore store({2, 1 << 20});
  const std::uint64_t first = store.Append(StoredEntry("/a"));
  store.Update(first, [](JournalEntry& entry) { entry.status = 200; });
  EXPECT_EQ(store.Find(first)->status, 200);
  store.Append(StoredEntry("/b"));
  store.Append(StoredEntry("/c"));
  store.Update(first, [](JournalEntry&) { FAIL() << "the entry was dropped"; });
  EXPECT_EQ(store.Find(first), std::nullopt);
}

TEST(JournalStoreTest, ClearingKeepsNumbersGoing) {
  JournalStore store({10, 1 << 20});
  const std::uint64_t old = store.Append(StoredEntry("/a"));
  store.Clear();
  EXPECT_TRUE(store.From(0).empty());
  EXPECT_EQ(store.Append(StoredEntry("/b")), old + 1);
  store.Update(old, [](JournalEntry&) { FAIL() << "the entry was cleared"; });
}

TEST(JournalStoreTest, WaitsForAChange) {
  JournalStore store({10, 1 << 20});
  const auto two = [](const std::vector<JournalEntry>& entries) { return entries.size() == 2; };
  EXPECT_FALSE(store.WaitFor(two, std::chrono::milliseconds(1)));
  std::thread writer([&store] {
    store.Append(StoredEntry("/a"));
    store.Append(StoredEntry("/b"));
  });
  EXPECT_TRUE(store.WaitFor(two, std::chrono::seconds(10)));
  writer.join();
}

std::uint64_t AppendTo(JournalStore& store, std::string scope, std::string lane = "k0") {
  JournalEntry entry;
  entry.scope = std::move(scope);
  entry.lane = std::move(lane);
  return store.Append(std::move(entry));
}

void End(JournalStore& store, std::uint64_t sequence) {
  store.End(sequence, [](JournalEntry& entry) { entry.answered = true; });
}

std::vector<std::uint64_t> Numbers(const std::vector<JournalEntry>& entries) {
  std::vector<std::uint64_t> numbers;
  for (const JournalEntry& entry : entries) numbers.push_back(entry.sequence);
  return numbers;
}

using List = std::vector<std::uint64_t>;

TEST(JournalStoreTest, WhatAnUpdateAddsCountsAsBytes) {
  constexpr std::size_t kLarge = 10'000;
  JournalStore store({1000, 3 * kLarge});
  for (int i = 0; i < 5; ++i) {
    const std::uint64_t sequence = store.Append(StoredEntry("/"));
    store.Update(sequence, [](JournalEntry& entry) { entry.body.assign(kLarge, 'x'); });
  }
  EXPECT_EQ(Numbers(store.From(0)), (List{3, 4}));
  store.Update(3, [](JournalEntry& entry) { entry.body = std::string(); });
  store.Update(4, [](JournalEntry& entry) { entry.body = std::string(); });
  for (int i = 0; i < 3; ++i) store.Append(StoredEntry("/"));
  EXPECT_EQ(store.From(0).size(), 5u) << "what was given back is there again";
  store.Update(7, [](JournalEntry& entry) { entry.body.assign(4 * kLarge, 'x'); });
  EXPECT_TRUE(store.From(0).empty()) << "an entry may be too large by itself";
  EXPECT_EQ(store.next(), 8u);
}

TEST(JournalStoreTest, IsReadInPieces) {
  JournalStore store({100, 1 << 20});
  for (int i = 0; i < 7; ++i) AppendTo(store, i % 2 == 0 ? "a" : "b", i < 5 ? "k0" : "k1");
  JournalFilter all;
  all.from = 1;
  EXPECT_EQ(Numbers(store.Read(all, {3, 1 << 20})), (List{1, 2, 3}));
  EXPECT_EQ(Numbers(store.Read(all, {9, 1})), (List{4})) << "one at least, however large";
  EXPECT_EQ(Numbers(store.Read(all, {9, 1 << 20})), (List{5, 6}));
  EXPECT_TRUE(store.Read(all, {9, 1 << 20}).empty());
  JournalFilter some;
  some.scope = "a";
  some.lane = "k0";
  some.until = 4;
  EXPECT_EQ(Numbers(store.Read(some, {9, 1 << 20})), (List{0, 2}));
}

TEST(JournalStoreTest, ClearingAScopeLeavesTheOthers) {
  JournalStore store({4, 1 << 20});
  for (const char* scope : {"a", "b", "a"}) AppendTo(store, scope);
  store.Clear("b");
  EXPECT_EQ(Numbers(store.From(0)), (List{0, 2}));
  EXPECT_EQ(store.Find(1), std::nullopt);
  store.Update(1, [](JournalEntry&) { FAIL() << "the entry was cleared"; });
  AppendTo(store, "b");
  store.Clear("a");
  EXPECT_EQ(Numbers(store.From(0)), (List{3}));
  EXPECT_EQ(store.next(), 4u);
  EXPECT_EQ(store.dropped(), 0u) << "cleared is not dropped";
}

TEST(JournalStoreTest, ClearingGivesBytesBack) {
  constexpr std::size_t kLarge = 10'000;
  JournalStore store({1000, 3 * kLarge});
  AppendTo(store, "a");  // keeps the places of the others
  for (int i = 0; i < 2; ++i) {
    const std::uint64_t sequence = AppendTo(store, "b");
    store.Update(sequence, [](JournalEntry& entry) { entry.body.assign(kLarge, 'x'); });
  }
  store.Clear("b");
  const std::uint64_t sequence = AppendTo(store, "c");
  store.Update(sequence, [](JournalEntry& entry) { entry.body.assign(2 * kLarge, 'x'); });
  EXPECT_EQ(Numbers(store.From(0)), (List{0, 3}));
}

TEST(JournalStoreTest, TellsWhatIsMissingOfARange) {
  JournalStore store({2, 1 << 20});
  for (const char* scope : {"a", "b", "a", "a", "b"}) AppendTo(store, scope);  // 0 to 2 are dropped
  const auto dropped = [&store](std::uint64_t from, std::optional<std::string> scope) {
    JournalFilter filter;
    filter.from = from;
    filter.scope = std::move(scope);
    return store.ReadAll(filter).dropped;
  };
  EXPECT_EQ(dropped(0, std::nullopt), 3u);
  EXPECT_EQ(dropped(2, std::nullopt), 1u);
  EXPECT_EQ(dropped(3, std::nullopt), 0u);
  EXPECT_EQ(dropped(0, "a"), 2u);
  EXPECT_EQ(dropped(2, "b"), 0u);
  EXPECT_EQ(dropped(0, "c"), 0u);
  JournalFilter of_a;
  of_a.scope = "a";
  EXPECT_EQ(Numbers(store.ReadAll(of_a).entries), (List{3}));
  store.Clear("a");
  EXPECT_EQ(dropped(0, "a"), 0u) << "nobody asks for what was before";
  EXPECT_EQ(dropped(0, std::nullopt), 1u);
  store.Clear();
  EXPECT_EQ(dropped(0, std::nullopt), 0u);
  EXPECT_EQ(store.dropped(), 3u);
}

TEST(JournalStoreTest, ReadsWhatEndedInTheOrderInWhichItDid) {
  JournalStore store({10, 1 << 20});
  for (int i = 0; i < 4; ++i) AppendTo(store, i == 3 ? "other" : "");
  for (const std::uint64_t sequence : {2, 0, 3}) End(store, sequence);
  EXPECT_TRUE(store.Find(2)->ended);
  EXPECT_FALSE(store.Find(1)->ended);
  const JournalFilter all;
  const JournalStore::Ended first = store.ReadEnded(0, all, {2, 1 << 20});
  EXPECT_EQ(Numbers(first.entries), (List{2, 0}));
  EXPECT_EQ(first.missed, 0u);
  EXPECT_EQ(store.PlaceBehind(0), first.next);
  EXPECT_EQ(store.PlaceBehind(1), std::nullopt);
  JournalFilter no_scope;
  no_scope.scope = "";
  const JournalStore::Ended none = store.ReadEnded(first.next, no_scope, {2, 1 << 20});
  EXPECT_TRUE(none.entries.empty());
  End(store, 1);
  EXPECT_EQ(Numbers(store.ReadEnded(none.next, no_scope, {2, 1 << 20}).entries), (List{1}));
}

TEST(JournalStoreTest, TellsAReaderThatFellBehindHowMuchItMissed) {
  JournalStore store({3, 1 << 20});
  for (int i = 0; i < 3; ++i) End(store, AppendTo(store, ""));
  AppendTo(store, "");              // pushes out number 0
  AppendTo(store, "");              // and 1
  End(store, AppendTo(store, ""));  // and 2; 3 and 4 are in flight
  const JournalFilter all;
  const JournalStore::Ended ended = store.ReadEnded(1, all, {9, 1 << 20});
  EXPECT_EQ(Numbers(ended.entries), (List{5}));
  EXPECT_EQ(ended.missed, 2u);
  AppendTo(store, "");  // number 3 will never be seen to end
  const JournalStore::Ended unfinished = store.ReadEnded(ended.next, all, {9, 1 << 20});
  EXPECT_EQ(unfinished.missed, 1u);
  EXPECT_TRUE(unfinished.entries.empty());
}

TEST(JournalStoreTest, WhatWasClearedIsNotMissed) {
  JournalStore store({10, 1 << 20});
  End(store, AppendTo(store, "a"));
  End(store, AppendTo(store, "b"));
  store.Clear("b");
  EXPECT_EQ(store.ReadEnded(1, {}, {9, 1 << 20}).missed, 0u);
  EXPECT_EQ(Numbers(store.ReadEnded(0, {}, {9, 1 << 20}).entries), (List{0}));
}

TEST(JournalStoreTest, WakesAWatchOnceForEachTimeItAsks) {
  JournalStore store({10, 1 << 20});
  int woken = 0;
  {
    JournalWatch watch(store, [&woken] { ++woken; });
    End(store, AppendTo(store, ""));
    EXPECT_EQ(woken, 0) << "it has not asked";
    EXPECT_FALSE(watch.Arm(0)) << "something has ended already";
    EXPECT_TRUE(watch.Arm(1));
    const std::uint64_t sequence = AppendTo(store, "");
    EXPECT_EQ(woken, 0) << "nothing has ended";
    End(store, sequence);
    EXPECT_EQ(woken, 1);
    End(store, AppendTo(store, ""));
    EXPECT_EQ(woken, 1);
    EXPECT_TRUE(watch.Arm(3));
  }
  End(store, AppendTo(store, ""));
  EXPECT_EQ(woken, 1) << "it is gone";
}

}  // namespace
}  // namespace keywalk::mock
