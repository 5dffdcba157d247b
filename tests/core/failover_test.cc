// Goal: the step machine gives the right steps and cannot be driven wrongly.
// Method: a pool, a verdict by status, and events by hand; wrong orders die on an assertion.
#include "keywalk/failover.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <type_traits>

#include "tests/core/allocation_counter.h"

namespace keywalk {
namespace {

using namespace std::chrono_literals;

constexpr Instant At(Duration since_zero) { return Instant(since_zero); }

class FailoverTest : public ::testing::Test {
 protected:
  // 429 cools for 5 s, 401 is permanent, anything else is surfaced.
  static Classification Verdict(const ResponseFacts& response) {
    if (response.status == 429) return {Action::kTemporary, MarkReason::kRateLimited, 5s};
    if (response.status == 401) return {Action::kPermanent, MarkReason::kUnauthorized, 0s};
    return {};
  }

  ResponseFacts Response(int status) const {
    ResponseFacts response;
    response.status = status;
    response.headers = &no_headers_;
    return response;
  }

  const Headers no_headers_{};
  const MarkKey mark_key_ = &FailoverTest::Verdict;
  const std::shared_ptr<KeyPool> pool_ = KeyPool::Create({"k0", "k1", "k2"}).value();
};

// A temporary would be gone before the first response.
static_assert(!std::is_constructible_v<Failover, KeyPool*, MarkKey>);
static_assert(std::is_constructible_v<Failover, KeyPool*, const MarkKey&>);

TEST_F(FailoverTest, RefusedKeysAreMarkedAndTheNextIsTried) {
  Failover failover(pool_.get(), mark_key_);
  EXPECT_EQ(failover.current_key(), std::nullopt);
  Step step = failover.Start(At(0s));
  ASSERT_EQ(step.kind, Step::Kind::kAttempt);
  EXPECT_EQ(step.key, KeyIndex{0});

  step = failover.OnResponse(Response(429), At(1s));
  EXPECT_EQ(step.key, KeyIndex{1});
  ASSERT_TRUE(failover.last_mark().has_value());
  EXPECT_EQ(failover.last_mark()->key, KeyIndex{0});
  EXPECT_TRUE(failover.last_mark()->transition);
  EXPECT_EQ(pool_->cooldown_left(0, At(1s)), 5s);

  step = failover.OnResponse(Response(401), At(2s));
  EXPECT_EQ(step.key, KeyIndex{2});
  EXPECT_EQ(failover.last_mark()->classification.action, Action::kPermanent);

  step = failover.OnResponse(Response(200), At(3s));
  EXPECT_EQ(step.kind, Step::Kind::kForward);
  EXPECT_EQ(failover.last_mark(), std::nullopt) << "of the last response, not of an earlier one";
  EXPECT_EQ(failover.current_key(), KeyIndex{2});
  EXPECT_EQ(failover.attempts(), 3u);
}

TEST_F(FailoverTest, ExhaustionIsJudgedAtTheMomentOfTheLastResponse) {
  Failover failover(pool_.get(), mark_key_);
  failover.Start(At(0s));
  failover.OnResponse(Response(429), At(0s));
  failover.OnResponse(Response(401), At(1s));
  const Step step = failover.OnResponse(Response(401), At(2s));
  ASSERT_EQ(step.kind, Step::Kind::kExhausted);
  EXPECT_EQ(step.key, std::nullopt);
  EXPECT_EQ(step.exhaustion.kind, Exhaustion::Kind::kRateLimited);
  EXPECT_EQ(step.exhaustion.retry_after, 3s);
}

TEST_F(FailoverTest, AnExhaustedPoolCostsNoAttempt) {
  for (KeyIndex key = 0; key < pool_->size(); ++key) pool_->MarkPermanent(key);
  Failover failover(pool_.get(), mark_key_);
  const Step step = failover.Start(At(0s));
  EXPECT_EQ(step.kind, Step::Kind::kExhausted);
  EXPECT_EQ(step.exhaustion.kind, Exhaustion::Kind::kPermanent);
  EXPECT_EQ(failover.attempts(), 0u);
}

TEST_F(FailoverTest, ALateRefusalOfACooledKeyIsNoTransition) {
  Failover first(pool_.get(), mark_key_);
  Failover second(pool_.get(), mark_key_);
  first.Start(At(0s));
  second.Start(At(0s));
  first.OnResponse(Response(429), At(1s));
  EXPECT_TRUE(first.last_mark()->transition);
  second.OnResponse(Response(429), At(1s));
  EXPECT_FALSE(second.last_mark()->transition);
}

TEST_F(FailoverTest, ByokIsOneAttemptAndNoVerdictIsAsked) {
  const MarkKey must_not_be_asked = [](const ResponseFacts&) -> Classification {
    throw std::logic_error("a client's own key was judged");
  };
  Failover failover(nullptr, must_not_be_asked);
  const Step step = failover.Start(At(0s));
  EXPECT_EQ(step.kind, Step::Kind::kAttempt);
  EXPECT_EQ(step.key, std::nullopt);
  EXPECT_EQ(failover.OnResponse(Response(429), At(0s)).kind, Step::Kind::kForward);
  EXPECT_EQ(failover.attempts(), 1u);
  EXPECT_EQ(failover.last_mark(), std::nullopt);
}

TEST_F(FailoverTest, ByokNeedsNoVerdictAtAll) {
  const MarkKey none;
  Failover failover(nullptr, none);
  failover.Start(At(0s));
  EXPECT_EQ(failover.OnTransportError().kind, Step::Kind::kForward);
}

TEST_F(FailoverTest, TransportErrorsAndDepartedClientsMarkNothing) {
  Failover failed(pool_.get(), mark_key_);
  failed.Start(At(0s));
  EXPECT_EQ(failed.OnTransportError().kind, Step::Kind::kForward);
  Failover left(pool_.get(), mark_key_);
  left.Start(At(0s));
  EXPECT_EQ(left.OnClientGone().kind, Step::Kind::kAbandon);
  EXPECT_EQ(left.OnClientGone().kind, Step::Kind::kAbandon) << "may be told twice";
  EXPECT_EQ(pool_->counts(At(0s)).valid, pool_->size());
}

TEST_F(FailoverTest, NextTriesTheNextKeyAndMarksNothing) {
  const MarkKey next = [](const ResponseFacts&) { return Classification{Action::kNext}; };
  Failover failover(pool_.get(), next);
  failover.Start(At(0s));
  EXPECT_EQ(failover.OnResponse(Response(429), At(0s)).key, KeyIndex{1});
  EXPECT_EQ(failover.last_mark(), std::nullopt);
  failover.OnResponse(Response(429), At(0s));
  const Step end = failover.OnResponse(Response(429), At(0s));
  EXPECT_EQ(end.kind, Step::Kind::kExhausted);
  EXPECT_EQ(end.exhaustion.retry_after, 0s) << "every key is still valid";
  EXPECT_EQ(pool_->counts(At(0s)).valid, pool_->size());
}

TEST_F(FailoverTest, TheLastAnswerIsPassedOnWhereThePolicySaysSo) {
  const MarkKey pass_on = [](const ResponseFacts&) {
    return Classification{Action::kTemporary, MarkReason::kRateLimited, 5s, true};
  };
  Failover failover(pool_.get(), pass_on);
  failover.Start(At(0s));
  EXPECT_EQ(failover.OnResponse(Response(429), At(0s)).kind, Step::Kind::kAttempt);
  EXPECT_EQ(failover.OnResponse(Response(429), At(0s)).kind, Step::Kind::kAttempt);
  EXPECT_EQ(failover.OnResponse(Response(429), At(0s)).kind, Step::Kind::kForward);
  EXPECT_EQ(failover.last_mark()->key, KeyIndex{2}) << "the last key is marked all the same";

  Failover late(pool_.get(), pass_on);
  EXPECT_EQ(late.Start(At(0s)).kind, Step::Kind::kExhausted) << "no answer to pass on";
}

TEST_F(FailoverTest, SteppingAllocatesNothing) {
  const std::size_t before = testing::AllocationCount();
  Failover failover(pool_.get(), mark_key_);
  Step step = failover.Start(At(0s));
  while (step.kind == Step::Kind::kAttempt) step = failover.OnResponse(Response(429), At(0s));
  EXPECT_EQ(testing::AllocationCount(), before);
  EXPECT_EQ(failover.attempts(), 3u);
}

// The orders that the header forbids stop the program instead of trying a key twice.
class FailoverDeathTest : public FailoverTest {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(FailoverDeathTest, StartingTwiceStopsTheProgram) {
  Failover failover(pool_.get(), mark_key_);
  failover.Start(At(0s));
  EXPECT_DEATH(failover.Start(At(0s)), "started_");
}

TEST_F(FailoverDeathTest, AResponseWithoutAnAttemptStopsTheProgram) {
  Failover fresh(pool_.get(), mark_key_);
  EXPECT_DEATH(fresh.OnResponse(Response(200), At(0s)), "in_attempt_");
  Failover finished(pool_.get(), mark_key_);
  finished.Start(At(0s));
  finished.OnResponse(Response(200), At(0s));
  EXPECT_DEATH(finished.OnResponse(Response(429), At(0s)), "in_attempt_");
  EXPECT_DEATH(finished.OnTransportError(), "in_attempt_");
}

TEST_F(FailoverDeathTest, NothingBeginsAfterTheClientLeft) {
  Failover failover(pool_.get(), mark_key_);
  failover.OnClientGone();
  EXPECT_DEATH(failover.Start(At(0s)), "started_");
}

TEST_F(FailoverDeathTest, APoolWithoutAVerdictStopsTheProgram) {
  const MarkKey none;
  EXPECT_DEATH(Failover(pool_.get(), none), "mark_key");
}

}  // namespace
}  // namespace keywalk
