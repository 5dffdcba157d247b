// Goal: what a pool guarantees beside its state table, which stands in fixtures/decisions/.
// Method: pools of short keys, instants written out; time is only ever an argument.
#include "keywalk/key_pool.h"

#include <gtest/gtest.h>

#include "core/key_state.h"

namespace keywalk {
namespace {

using namespace std::chrono_literals;

constexpr Instant At(Duration since_zero) { return Instant(since_zero); }

std::shared_ptr<KeyPool> MakePool(std::vector<std::string> keys) {
  return KeyPool::Create(std::move(keys)).value();
}

TEST(KeyPoolTest, RefusalNamesThePositionAndNeverTheKey) {
  const auto duplicate = KeyPool::Create({"sk-first", "sk-secret", "sk-secret"});
  ASSERT_FALSE(duplicate.ok());
  EXPECT_EQ(duplicate.error().message(), "duplicate key (key 3 of 3)");

  const auto invalid = KeyPool::Create({"sk-first", "sk-\r\nX-Evil: 1"});
  ASSERT_FALSE(invalid.ok());
  EXPECT_EQ(invalid.error().message(), "invalid key (key 2 of 2)");
}

TEST(KeyPoolTest, EveryControlCharacterIsRefused) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string key = std::string("sk") + static_cast<char>(byte) + "x";
    const bool is_control = byte < 0x20 || byte == 0x7f;
    EXPECT_EQ(KeyPool::Create({key}).ok(), !is_control) << "byte " << byte;
  }
}

TEST(KeyPoolTest, FindGivesThePosition) {
  const auto pool = MakePool({"k0", "k1"});
  EXPECT_EQ(pool->Find("k1"), 1u);
  EXPECT_EQ(pool->Find("k"), std::nullopt);
  EXPECT_EQ(pool->Find(""), std::nullopt);
}

TEST(KeyPoolTest, InheritTakesOverTheStatesOfKeysThatStay) {
  const auto old = MakePool({"cools", "out", "gone", "valid", "shorter"});
  old->MarkTemporary(0, 50s, MarkReason::kUnauthorized, At(1s));
  old->MarkPermanent(1, MarkReason::kRateLimited);
  old->MarkPermanent(2);
  old->MarkTemporary(4, 10s, MarkReason::kRateLimited, At(1s));
  const auto pool = MakePool({"shorter", "out", "new", "valid", "cools"});
  pool->MarkTemporary(0, 20s, MarkReason::kUnauthorized, At(1s));  // marked while it was made
  pool->Inherit(*old);
  const Instant now = At(2s);
  EXPECT_EQ(pool->cooldown_left(0, now), 19s);
  EXPECT_EQ(pool->state(1, now), KeyState::kPermanent);
  EXPECT_EQ(pool->reason(1, now), MarkReason::kRateLimited);
  EXPECT_EQ(pool->state(2, now), KeyState::kValid);
  EXPECT_EQ(pool->state(3, now), KeyState::kValid);
  EXPECT_EQ(pool->cooldown_left(4, now), 49s);
  EXPECT_EQ(pool->reason(4, now), MarkReason::kUnauthorized);
}

TEST(KeyPoolTest, DefaultCooldownThatIsNotPositiveIsRefused) {
  EXPECT_FALSE(KeyPool::Create({"k0"}, 0s).ok());
  EXPECT_FALSE(KeyPool::Create({"k0"}, -1s).ok());
}

TEST(KeyPoolTest, AMarkWithoutCooldownUsesThePoolsOwnDefault) {
  const auto pool = KeyPool::Create({"k0"}, 7s).value();
  EXPECT_TRUE(pool->MarkTemporary(0, 0s, MarkReason::kRateLimited, At(1s)));
  EXPECT_EQ(pool->cooldown_left(0, At(1s)), 7s);
}

TEST(KeyPoolTest, ACooldownEndsToTheNanosecond) {
  const auto pool = MakePool({"k0"});
  pool->MarkTemporary(0, 5s, MarkReason::kUnauthorized, At(1s));
  EXPECT_EQ(pool->state(0, At(6s - 1ns)), KeyState::kTemporary);
  EXPECT_EQ(pool->cooldown_left(0, At(6s - 1ns)), 1ns);
  EXPECT_EQ(pool->state(0, At(6s)), KeyState::kValid);
  EXPECT_EQ(pool->cooldown_left(0, At(6s)), 0ns);
  EXPECT_EQ(pool->reason(0, At(6s)), std::nullopt);
}

TEST(KeyPoolTest, HugeCooldownIsClampedNotWrapped) {
  const auto pool = MakePool({"k0"});
  EXPECT_TRUE(pool->MarkTemporary(0, Duration::max(), MarkReason::kRateLimited, At(1h)));
  EXPECT_EQ(pool->state(0, At(24h * 365 * 70)), KeyState::kTemporary);
  EXPECT_GT(pool->cooldown_left(0, At(1h)), 24h * 365 * 73);
  EXPECT_TRUE(pool->MarkPermanent(0)) << "the clamped deadline must not look permanent";
}

TEST(KeyPoolTest, AtTheEndOfTimeAMarkIsNoTransition) {
  const auto pool = MakePool({"k0"});
  EXPECT_FALSE(pool->MarkTemporary(0, 1h, MarkReason::kRateLimited, Instant::max()));
  EXPECT_EQ(pool->state(0, Instant::max()), KeyState::kValid);
  EXPECT_EQ(Walk(*pool).Next(Instant::max()), KeyIndex{0});
}

TEST(KeyPoolTest, AMarkWithAnOlderInstantNeverShortens) {
  const auto pool = MakePool({"k0"});
  pool->MarkTemporary(0, 10s, MarkReason::kRateLimited, At(5s));
  EXPECT_FALSE(pool->MarkTemporary(0, 10s, MarkReason::kUnauthorized, At(4s)));
  EXPECT_EQ(pool->cooldown_left(0, At(5s)), 10s);
  EXPECT_EQ(pool->reason(0, At(5s)), MarkReason::kRateLimited);
}

TEST(KeyPoolTest, OnEqualDeadlinesTheLaterMarksReasonStandsBothWays) {
  for (const auto& [first, second] :
       {std::pair(MarkReason::kRateLimited, MarkReason::kUnauthorized),
        std::pair(MarkReason::kUnauthorized, MarkReason::kRateLimited)}) {
    const auto pool = MakePool({"k0"});
    EXPECT_TRUE(pool->MarkTemporary(0, 9s, first, At(1s)));
    EXPECT_FALSE(pool->MarkTemporary(0, 8s, second, At(2s)));
    EXPECT_EQ(pool->reason(0, At(3s)), second);
  }
}

TEST(KeyPoolTest, APermanentKeyKeepsItsFirstReason) {
  const auto pool = MakePool({"k0"});
  EXPECT_TRUE(pool->MarkPermanent(0, MarkReason::kRateLimited));
  EXPECT_FALSE(pool->MarkPermanent(0, MarkReason::kUnauthorized));
  EXPECT_EQ(pool->reason(0, At(0s)), MarkReason::kRateLimited);
  EXPECT_EQ(pool->cooldown_left(0, At(0s)), 0s);
}

TEST(KeyPoolTest, CountsAndHintsFollowTheKeys) {
  const auto pool = MakePool({"sk-0123456789abcdefgh", "k1", "k2", "k3"});
  pool->MarkPermanent(1);
  pool->MarkTemporary(2, 5s, MarkReason::kRateLimited, At(0s));
  const KeyCounts counts = pool->counts(At(1s));
  EXPECT_EQ(counts.valid, 2u);
  EXPECT_EQ(counts.temporary, 1u);
  EXPECT_EQ(counts.permanent, 1u);
  EXPECT_EQ(pool->hint(0), "sk-0...efgh");
  EXPECT_EQ(pool->hint(1), "...");
}

TEST(KeyPoolTest, ExhaustionIsUnauthorizedOnlyWhileEveryCoolingKeyIs) {
  const auto pool = MakePool({"k0", "k1", "k2"});
  pool->MarkPermanent(0);
  pool->MarkTemporary(1, 9s, MarkReason::kUnauthorized, At(0s));
  pool->MarkTemporary(2, 20s, MarkReason::kUnauthorized, At(0s));
  EXPECT_EQ(pool->exhaustion(At(1s)).kind, Exhaustion::Kind::kUnauthorized);
  EXPECT_EQ(pool->exhaustion(At(1s)).retry_after, 8s);
  pool->MarkTemporary(2, 30s, MarkReason::kRateLimited, At(1s));
  EXPECT_EQ(pool->exhaustion(At(1s)).kind, Exhaustion::Kind::kRateLimited);
  EXPECT_EQ(pool->exhaustion(At(1s)).retry_after, 8s);
  EXPECT_EQ(pool->exhaustion(At(9s)).retry_after, 0s);
}

TEST(KeyStateTest, ValidityIsOneComparisonWhateverTheReason) {
  using namespace key_state;
  const Instant now = At(10s);
  for (const MarkReason reason : {MarkReason::kRateLimited, MarkReason::kUnauthorized}) {
    EXPECT_LT(MakeTemporary(ToNs(now), reason), ValidBelow(now));
    EXPECT_GE(MakeTemporary(ToNs(now) + 1, reason), ValidBelow(now));
    EXPECT_GE(MakePermanent(reason), ValidBelow(Instant::max()));
    EXPECT_EQ(ReasonOf(MakeTemporary(1, reason)), reason);
    EXPECT_EQ(ReasonOf(MakePermanent(reason)), reason);
  }
  EXPECT_LT(kNeverMarked, ValidBelow(At(0s)));
  EXPECT_EQ(ToNs(Instant::min()), 0u);
}

}  // namespace
}  // namespace keywalk
