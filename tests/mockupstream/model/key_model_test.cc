// Goal: a modelled key refuses for the right reason, says when that ends, and charges all or none.
// Method: keys and organisations in process on times that the test gives; threads for atomicity.
#include "mockupstream/model/key_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

namespace keywalk::mock {
namespace {

constexpr Milliseconds kSecond{1000};
constexpr Milliseconds kMinute{60'000};

LimitSpec Requests(std::int64_t limit, Milliseconds per = kMinute) {
  return {LimitKind::kTokenBucket, Counted::kRequests, limit, per, limit};
}

LimitSpec Tokens(std::int64_t limit, Milliseconds per = kMinute) {
  return {LimitKind::kTokenBucket, Counted::kTokens, limit, per, limit};
}

LimitSpec Daily(std::int64_t limit) {
  return {LimitKind::kDailyQuota, Counted::kRequests, limit, {}, 1};
}

KeyModelSpec WithLimits(std::vector<LimitSpec> limits) { return {std::move(limits), {}, {}}; }

TEST(KeyModelTest, WithoutLimitsEverythingIsAdmitted) {
  KeyModel key({}, nullptr);
  EXPECT_TRUE(key.Admit(Milliseconds(0), {1'000'000, 0}).admitted());
}

TEST(KeyModelTest, ARefusalSaysWhichLimitAndWhen) {
  KeyModel key(WithLimits({Requests(60), Tokens(6000)}), nullptr);
  EXPECT_TRUE(key.Admit(Milliseconds(0), {5000, 1000}).admitted());
  const Admission refused = key.Admit(Milliseconds(0), {100, 0});
  EXPECT_EQ(refused.refusal, Refusal::kTokens);
  EXPECT_EQ(refused.retry_after, kSecond);
  EXPECT_FALSE(key.Admit(kSecond - Milliseconds(1), {100, 0}).admitted());
  EXPECT_TRUE(key.Admit(kSecond, {100, 0}).admitted());
}

TEST(KeyModelTest, OfSeveralRefusingLimitsTheLastToEndIsNamed) {
  KeyModel key(WithLimits({Requests(1), Tokens(10, kSecond), Daily(1)}), nullptr);
  EXPECT_TRUE(key.Admit(Milliseconds(0), {10, 0}).admitted());
  const Admission refused = key.Admit(Milliseconds(0), {10, 0});
  EXPECT_EQ(refused.refusal, Refusal::kQuota);
  EXPECT_EQ(refused.retry_after, kLimitDay);
}

TEST(KeyModelTest, MoreThanALimitHoldsIsNeverAdmitted) {
  KeyModel key(WithLimits({Requests(1), Tokens(100)}), nullptr);
  EXPECT_TRUE(key.Admit(Milliseconds(0), {}).admitted());
  const Admission refused = key.Admit(Milliseconds(0), {101, 0});
  EXPECT_EQ(refused.refusal, Refusal::kTokens);
  EXPECT_EQ(refused.retry_after, std::nullopt);
}

TEST(KeyModelTest, ARefusedRequestIsChargedToNoLimit) {
  auto organisation = std::make_shared<Organisation>(std::vector{Requests(5)});
  KeyModel key(WithLimits({Requests(10), Tokens(100)}), organisation);
  std::vector<LimitState> states;
  EXPECT_FALSE(key.Admit(Milliseconds(0), {101, 0}, states).admitted());
  ASSERT_EQ(states.size(), 3u);
  EXPECT_EQ(states[0].remaining, 10);
  EXPECT_EQ(states[1].remaining, 100);
  EXPECT_EQ(states[2].remaining, 5);
  EXPECT_TRUE(key.Admit(Milliseconds(0), {40, 60}, states).admitted());
  EXPECT_EQ(states[0].remaining, 9);
  EXPECT_EQ(states[1].remaining, 0);
  EXPECT_EQ(states[2].remaining, 4);
}

TEST(KeyModelTest, KeysOfAnOrganisationShareItsQuota) {
  auto organisation = std::make_shared<Organisation>(std::vector{Requests(2)});
  KeyModel first({}, organisation);
  KeyModel second({}, organisation);
  KeyModel stranger({}, nullptr);
  EXPECT_TRUE(first.Admit(Milliseconds(0), {}).admitted());
  EXPECT_TRUE(second.Admit(Milliseconds(0), {}).admitted());
  EXPECT_EQ(first.Admit(Milliseconds(0), {}).refusal, Refusal::kRequests);
  EXPECT_EQ(second.Admit(Milliseconds(0), {}).retry_after, kMinute / 2);
  EXPECT_TRUE(stranger.Admit(Milliseconds(0), {}).admitted());
  EXPECT_TRUE(second.Admit(kMinute / 2, {}).admitted());
  EXPECT_FALSE(first.Admit(kMinute / 2, {}).admitted());
}

TEST(KeyModelTest, TheDailyQuotaOfAnOrganisationEndsAtMidnight) {
  const Milliseconds evening = kLimitDay - kMinute;
  auto organisation = std::make_shared<Organisation>(std::vector{Daily(1)}, evening);
  KeyModel key({}, organisation, evening);
  EXPECT_TRUE(key.Admit(Milliseconds(0), {}).admitted());
  EXPECT_EQ(key.Admit(Milliseconds(0), {}).refusal, Refusal::kQuota);
  EXPECT_EQ(key.Admit(kMinute - Milliseconds(1), {}).retry_after, Milliseconds(1));
  EXPECT_TRUE(key.Admit(kMinute, {}).admitted());
}

TEST(KeyModelTest, RevokedFromThatMillisecondOnForGood) {
  KeyModel key({{Requests(10)}, kSecond, {}}, nullptr);
  EXPECT_TRUE(key.Admit(kSecond - Milliseconds(1), {}).admitted());
  const Admission revoked = key.Admit(kSecond, {});
  EXPECT_EQ(revoked.refusal, Refusal::kRevoked);
  EXPECT_EQ(revoked.retry_after, std::nullopt);
  EXPECT_EQ(key.Admit(kLimitDay * 1000, {}).refusal, Refusal::kRevoked);
}

TEST(KeyModelTest, AnOutageIsFromItsFirstToBeforeItsLastMillisecond) {
  KeyModel key({{}, {}, {{kSecond, 2 * kSecond, 401}}}, nullptr);
  EXPECT_TRUE(key.Admit(kSecond - Milliseconds(1), {}).admitted());
  const Admission refused = key.Admit(kSecond, {});
  EXPECT_EQ(refused.refusal, Refusal::kOutage);
  EXPECT_EQ(refused.outage_status, 401);
  EXPECT_EQ(refused.retry_after, kSecond);
  EXPECT_EQ(key.Admit(2 * kSecond - Milliseconds(1), {}).retry_after, Milliseconds(1));
  EXPECT_TRUE(key.Admit(2 * kSecond, {}).admitted());
}

TEST(KeyModelTest, OutagesThatFollowOneAnotherEndWithTheLast) {
  KeyModel key({{},
                {},
                {{Milliseconds(20), Milliseconds(30), 500},
                 {Milliseconds(0), Milliseconds(20), 401},
                 {Milliseconds(25), Milliseconds(40), 503}}},
               nullptr);
  EXPECT_EQ(key.Admit(Milliseconds(0), {}).retry_after, Milliseconds(40));
  EXPECT_EQ(key.Admit(Milliseconds(20), {}).outage_status, 500);
  EXPECT_EQ(key.Admit(Milliseconds(35), {}).outage_status, 503);
  EXPECT_TRUE(key.Admit(Milliseconds(40), {}).admitted());
}

TEST(KeyModelTest, AnOutageThatEndsInARevocationIsNeverOver) {
  KeyModel key({{}, Milliseconds(10), {{Milliseconds(0), Milliseconds(10), 503}}}, nullptr);
  EXPECT_EQ(key.Admit(Milliseconds(0), {}).refusal, Refusal::kOutage);
  EXPECT_EQ(key.Admit(Milliseconds(0), {}).retry_after, std::nullopt);
}

TEST(KeyModelTest, AnOutageIsNotCharged) {
  KeyModel key({{Requests(1)}, {}, {{Milliseconds(0), Milliseconds(10), 503}}}, nullptr);
  EXPECT_FALSE(key.Admit(Milliseconds(0), {}).admitted());
  EXPECT_TRUE(key.Admit(Milliseconds(10), {}).admitted());
}

TEST(KeyModelTest, ThreadsTogetherGetExactlyTheLimitOfTheirOrganisation) {
  constexpr std::int64_t kLimit = 100'000;
  constexpr std::int64_t kTokens = 6 * kLimit;
  constexpr int kThreads = 8;
  auto organisation =
      std::make_shared<Organisation>(std::vector{Requests(kLimit), Tokens(kTokens)});
  KeyModel shared_key(WithLimits({Requests(kLimit)}), organisation);
  std::atomic<std::int64_t> admitted{0};
  std::atomic<std::int64_t> tokens{0};
  std::latch all_started(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      KeyModel own_key({}, organisation);
      all_started.arrive_and_wait();
      for (int n = 0; n < kLimit / 2; ++n) {
        const RequestCost cost{i % 2 == 0 ? 3 : 10, 0};
        KeyModel& key = n % 2 == 0 ? own_key : shared_key;
        if (!key.Admit(Milliseconds(0), cost).admitted()) continue;
        admitted.fetch_add(1);
        tokens.fetch_add(cost.input_tokens);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<LimitState> states;
  EXPECT_FALSE(shared_key.Admit(Milliseconds(0), {kTokens, 0}, states).admitted());
  ASSERT_EQ(states.size(), 3u);
  EXPECT_EQ(states[1].remaining, kLimit - admitted);
  EXPECT_EQ(states[2].remaining, kTokens - tokens);
  // Nothing that fits is left: one of the two shared limits is used up.
  EXPECT_TRUE(states[1].remaining == 0 || states[2].remaining < 3)
      << states[1].remaining << " requests, " << states[2].remaining << " tokens";
}

TEST(KeyModelTest, TheNamesOfRefusalsAreThoseOfTheJournal) {
  EXPECT_EQ(ToString(Refusal::kRequests), "rate_limited_requests");
  EXPECT_EQ(ToString(Refusal::kTokens), "rate_limited_tokens");
  EXPECT_EQ(ToString(Refusal::kQuota), "quota_exhausted");
  EXPECT_EQ(ToString(Refusal::kRevoked), "revoked");
  EXPECT_EQ(ToString(Refusal::kOutage), "outage");
}

}  // namespace
}  // namespace keywalk::mock
