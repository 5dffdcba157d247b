// Goal: the journal is bounded, numbered for good, and wakes those who wait for a change.
// Method: the store alone.

#include "mockupstream/journal_store.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>

namespace keywalk::mock {
namespace {

JournalEntry Entry(std::string target) {
  JournalEntry entry;
  entry.target = std::move(target);
  return entry;
}

TEST(JournalStoreTest, NumbersEntriesInOrder) {
  JournalStore store({10, 1 << 20});
  EXPECT_EQ(store.Append(Entry("/a")), 0u);
  EXPECT_EQ(store.Append(Entry("/b")), 1u);
  EXPECT_EQ(store.next(), 2u);
  ASSERT_EQ(store.From(1).size(), 1u);
  EXPECT_EQ(store.From(1)[0].target, "/b");
  EXPECT_TRUE(store.From(2).empty());
}

TEST(JournalStoreTest, DropsTheOldestBeyondTheCountAndTellsHowMany) {
  JournalStore store({3, 1 << 20});
  for (int i = 0; i < 5; ++i) store.Append(Entry("/" + std::to_string(i)));
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
  for (int i = 0; i < 9; ++i) store.Append(Entry(std::string(kLarge, 'x')));
  EXPECT_EQ(store.From(0).size(), 2u);
  EXPECT_EQ(store.dropped(), 7u);
}

TEST(JournalStoreTest, UpdatesInPlaceAndForgetsWhatIsGone) {
  JournalStore store({2, 1 << 20});
  const std::uint64_t first = store.Append(Entry("/a"));
  store.Update(first, [](JournalEntry& entry) { entry.status = 200; });
  EXPECT_EQ(store.Find(first)->status, 200);
  store.Append(Entry("/b"));
  store.Append(Entry("/c"));
  store.Update(first, [](JournalEntry&) { FAIL() << "the entry was dropped"; });
  EXPECT_EQ(store.Find(first), std::nullopt);
}

TEST(JournalStoreTest, ClearingKeepsNumbersGoing) {
  JournalStore store({10, 1 << 20});
  const std::uint64_t old = store.Append(Entry("/a"));
  store.Clear();
  EXPECT_TRUE(store.From(0).empty());
  EXPECT_EQ(store.Append(Entry("/b")), old + 1);
  store.Update(old, [](JournalEntry&) { FAIL() << "the entry was cleared"; });
}

TEST(JournalStoreTest, WaitsForAChange) {
  JournalStore store({10, 1 << 20});
  const auto two = [](const std::vector<JournalEntry>& entries) { return entries.size() == 2; };
  EXPECT_FALSE(store.WaitFor(two, std::chrono::milliseconds(1)));
  std::thread writer([&store] {
    store.Append(Entry("/a"));
    store.Append(Entry("/b"));
  });
  EXPECT_TRUE(store.WaitFor(two, std::chrono::seconds(10)));
  writer.join();
}

}  // namespace
}  // namespace keywalk::mock
