// Goal: a report's counts and times are right.
// Method: event sequences told by hand, whose figures can be counted on the fingers.
#include "sim/report/measurements.h"

#include <gtest/gtest.h>

#include "tests/sim/run_tape.h"

namespace keywalk::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::uint64_t CountOf(const std::array<std::uint64_t, kOutcomes>& counts, Outcome outcome) {
  return counts[static_cast<std::size_t>(outcome)];
}

class MeasurementsTest : public ::testing::Test {
 protected:
  // Of two keys and a hundred seconds.
  void Begin(std::size_t timeline_parts = 0) {
    measurements_.emplace(world_, policy_, MeasurementOptions{timeline_parts});
    tape_.emplace(*measurements_);
  }
  RunResult Finish(std::int64_t at_ms = 100'000) {
    tape_->Finish(at_ms);
    return measurements_->Result(7);
  }

  World world_ = QuietWorld(2, seconds(100));
  Policy policy_;
  std::optional<Measurements> measurements_;
  std::optional<RunTape> tape_;
};

TEST_F(MeasurementsTest, CountsRequestsCallsAndOutcomes) {
  Begin();
  tape_->Serve(0, 0);
  const RequestId first = tape_->Request(100);
  tape_->Answer(100, first, Outcome::kRateLimited, /*call_ended=*/false);
  const RequestId second = tape_->Retry(600, first);
  tape_->Send(600, second, 1);
  tape_->End(650, second, 200);
  tape_->Answer(650, second, Outcome::kSuccess);
  const RequestId lost = tape_->Request(700);
  tape_->Send(700, lost, 0);
  tape_->Break(800, lost, AttemptEnded::How::kReset);
  tape_->Answer(800, lost, Outcome::kReset);
  const RunResult run = Finish();

  EXPECT_EQ(run.seed, 7u);
  EXPECT_EQ(run.requests, 4u);
  EXPECT_EQ(run.calls, 3u);
  EXPECT_EQ(CountOf(run.request_outcomes, Outcome::kSuccess), 2u);
  EXPECT_EQ(CountOf(run.request_outcomes, Outcome::kRateLimited), 1u);
  EXPECT_EQ(CountOf(run.request_outcomes, Outcome::kReset), 1u);
  EXPECT_EQ(CountOf(run.call_outcomes, Outcome::kSuccess), 2u);
  EXPECT_EQ(CountOf(run.call_outcomes, Outcome::kRateLimited), 0u) << "the retry's outcome counts";
  EXPECT_EQ(run.requests_by_attempts, (std::vector<std::uint64_t>{1, 3, 0, 0}));
  EXPECT_EQ(run.request_latency.max, milliseconds(50));
  EXPECT_EQ(run.call_latency.max, milliseconds(550)) << "with the pause before the retry";
}

TEST_F(MeasurementsTest, AnAttemptIsWastedIfNobodyGotItsAnswer) {
  Begin();
  const RequestId request = tape_->Request(0);
  tape_->Send(0, request, 0);
  tape_->End(10, request, 429, Cools(seconds(5)));
  tape_->Send(10, request, 1);
  tape_->End(20, request, 200);
  tape_->Answer(20, request, Outcome::kSuccess);
  tape_->Refuse(30, 1, 429, Cools(seconds(5)), Outcome::kRateLimited);
  tape_->Refuse(50, 1, 500, std::nullopt, Outcome::kUpstreamError);
  const RunResult run = Finish();

  EXPECT_EQ(run.attempts, 4u);
  EXPECT_EQ(run.wasted_attempts, 2u) << "the first 429, and the one answered by the gateway";
}

TEST_F(MeasurementsTest, CountsWhatEachKeyWasUsedFor) {
  Begin();
  tape_->Serve(0, 0);
  tape_->Refuse(100, 0, 429, Cools(seconds(5)), Outcome::kRateLimited);
  tape_->Serve(200, 1);
  const RequestId request = tape_->Request(300);
  tape_->Send(300, request, 1);
  tape_->Break(400, request, AttemptEnded::How::kTimeout);
  tape_->Answer(400, request, Outcome::kTimeout);
  const RunResult run = Finish();

  EXPECT_EQ(run.keys[0].attempts, 2u);
  EXPECT_EQ(run.keys[0].successes, 1u);
  EXPECT_EQ(run.keys[0].refusals, 1u);
  EXPECT_EQ(run.keys[1].attempts, 2u);
  EXPECT_EQ(run.keys[1].successes, 1u);
  EXPECT_EQ(run.keys[1].refusals, 0u) << "nobody refused it";
}

TEST_F(MeasurementsTest, AddsUpTheTimeInEachState) {
  Begin();
  tape_->Refuse(9'990, 0, 429, Cools(seconds(20)), Outcome::kRateLimited);   // 10 s to 30 s
  tape_->Refuse(19'990, 0, 429, Cools(seconds(15)), Outcome::kRateLimited);  // until 35 s
  tape_->Refuse(24'990, 0, 429, Cools(seconds(1)), Outcome::kRateLimited);   // shortens nothing
  tape_->Refuse(39'990, 1, 401, OutForGood(), Outcome::kPermanent);
  const RunResult run = Finish();

  EXPECT_EQ(run.keys[0].cooling, seconds(25));
  EXPECT_EQ(run.keys[0].valid, seconds(75));
  EXPECT_EQ(run.keys[1].permanent, seconds(60));
  EXPECT_EQ(run.keys[1].valid, seconds(40));
}

TEST_F(MeasurementsTest, AMarkWithoutACooldownMeansThePolicysOwn) {
  policy_.default_cooldown = seconds(30);
  Begin();
  tape_->Refuse(9'990, 0, 429, Cools(seconds(0)), Outcome::kRateLimited);
  EXPECT_EQ(Finish().keys[0].cooling, seconds(30));
}

TEST_F(MeasurementsTest, ReplicasOfTheirOwnStateCountByTheirMean) {
  world_.gateways.replicas = 4;
  Begin();
  const RequestId request = tape_->Request(9'990, /*replica=*/2);
  tape_->Send(9'990, request, 0);
  tape_->End(10'000, request, 401, OutForGood());
  tape_->Answer(10'000, request, Outcome::kPermanent);
  tape_->Restart(50'000, 2);
  const RequestId other = tape_->Request(59'990, /*replica=*/3);
  tape_->Send(59'990, other, 0);
  tape_->End(60'000, other, 429, Cools(seconds(20)));
  tape_->Answer(60'000, other, Outcome::kRateLimited);
  const RunResult run = Finish();

  EXPECT_EQ(run.keys[0].permanent, seconds(10)) << "40 s of one replica of four";
  EXPECT_EQ(run.keys[0].cooling, seconds(5)) << "20 s of one replica of four";
  EXPECT_EQ(run.keys[0].valid, seconds(85));
}

TEST_F(MeasurementsTest, SharedStateOutlivesARestart) {
  world_.gateways.replicas = 4;
  world_.gateways.shared_key_state = true;
  Begin();
  const RequestId request = tape_->Request(9'990, /*replica=*/2);
  tape_->Send(9'990, request, 0);
  tape_->End(10'000, request, 401, OutForGood());
  tape_->Answer(10'000, request, Outcome::kPermanent);
  tape_->Restart(50'000, 2);
  EXPECT_EQ(Finish().keys[0].permanent, seconds(90));
}

TEST_F(MeasurementsTest, AHerdIsSentBeforeItsFirstAnswer) {
  Begin();
  tape_->Refuse(0, 0, 429, Cools(milliseconds(1000)), Outcome::kRateLimited);  // until 1,010 ms
  std::vector<RequestId> herd;
  for (const int at : {1'010, 1'020, 1'030}) {
    herd.push_back(tape_->Request(at));
    tape_->Send(at, herd.back(), 0);
  }
  tape_->End(1'040, herd[0], 200);
  tape_->Answer(1'040, herd[0], Outcome::kSuccess);
  tape_->Serve(1'050, 0);  // no longer of the herd
  tape_->End(1'070, herd[1], 429, Cools(milliseconds(1000)));
  tape_->Answer(1'070, herd[1], Outcome::kRateLimited);
  tape_->Serve(2'070, 0);  // a herd of one
  const RunResult run = Finish();

  EXPECT_EQ(run.keys[0].herds.count, 2u);
  EXPECT_EQ(run.keys[0].herds.attempts, 4u);
  EXPECT_EQ(run.keys[0].herds.largest, 3u);
}

TEST_F(MeasurementsTest, AKeyRecoversWithTheFirstSuccessAfterItsFirstCooldown) {
  Begin();
  tape_->Refuse(0, 0, 429, Cools(milliseconds(990)), Outcome::kRateLimited);      // until 1 s
  tape_->Refuse(2'000, 0, 429, Cools(milliseconds(990)), Outcome::kRateLimited);  // until 3 s
  tape_->Serve(4'000, 0);
  tape_->Serve(5'000, 0);
  const RunResult run = Finish();

  EXPECT_EQ(run.keys[0].after_cooldown.count, 1u);
  EXPECT_EQ(run.keys[0].after_cooldown.sum, milliseconds(3'010)) << "from 1 s to 4.01 s";
  EXPECT_EQ(run.keys[0].after_cooldown.never, 0u);
}

TEST_F(MeasurementsTest, ALateAnswerIsNoRecovery) {
  Begin();
  const RequestId late = tape_->Request(0);
  tape_->Send(0, late, 0);
  tape_->Refuse(10, 0, 429, Cools(milliseconds(980)), Outcome::kRateLimited);  // until 1 s
  tape_->End(2'000, late, 200);
  tape_->Answer(2'000, late, Outcome::kSuccess);
  tape_->Serve(3'000, 0);
  const RunResult run = Finish();
  EXPECT_EQ(run.keys[0].after_cooldown.sum, milliseconds(2'010)) << "from 1 s to 3.01 s";
}

TEST_F(MeasurementsTest, AKeyThatIsTriedInVainNeverRecovers) {
  Begin();
  tape_->Refuse(0, 0, 429, Cools(milliseconds(990)), Outcome::kRateLimited);
  tape_->Refuse(2'000, 0, 401, OutForGood(), Outcome::kPermanent);
  tape_->Refuse(2'000, 1, 429, Cools(milliseconds(990)), Outcome::kRateLimited);
  const RunResult run = Finish();

  EXPECT_EQ(run.keys[0].after_cooldown.never, 1u);
  EXPECT_EQ(run.keys[1].after_cooldown.never, 0u) << "nobody asked it again";
}

TEST_F(MeasurementsTest, FailingTimeIsFromTheFirstErrorToTheNextSuccess) {
  Begin();
  tape_->Serve(0, 0);
  tape_->Refuse(990, 0, 500, std::nullopt, Outcome::kUpstreamError);  // at 1 s
  tape_->Refuse(1'990, 0, 500, std::nullopt, Outcome::kUpstreamError);
  tape_->Serve(3'990, 0);                                                // at 4 s
  tape_->Refuse(97'990, 0, 500, std::nullopt, Outcome::kUpstreamError);  // at 98 s
  const RunResult run = Finish();

  EXPECT_EQ(run.failing_periods, 2u);
  EXPECT_EQ(run.failing, seconds(5)) << "3 s, and 2 s until the end";
  EXPECT_EQ(run.longest_failing, seconds(3));
}

// An outage of both keys from 10 s to 20 s, and of the first until 30 s.
class OutageMeasurementsTest : public MeasurementsTest {
 protected:
  OutageMeasurementsTest() {
    world_.keys[0].model.key.outages = {{milliseconds(10'000), milliseconds(20'000), 401},
                                        {milliseconds(15'000), milliseconds(30'000), 401}};
    world_.keys[1].model.key.outages = {{milliseconds(10'000), milliseconds(20'000), 401}};
  }
};

TEST_F(OutageMeasurementsTest, RecoveryIsMeasuredFromTheEndOfTheOutage) {
  Begin();
  tape_->Serve(5'000, 0);
  tape_->Refuse(12'000, 0, 401, Cools(seconds(20)), Outcome::kUnauthorized);
  tape_->Refuse(12'000, 1, 401, Cools(seconds(20)), Outcome::kUnauthorized);
  tape_->Serve(32'990, 1);  // at 33 s
  tape_->Serve(39'990, 0);  // at 40 s
  const RunResult run = Finish();

  EXPECT_EQ(run.after_outage.count, 1u);
  EXPECT_EQ(run.after_outage.sum, seconds(13)) << "of all keys: from 20 s to 33 s";
  EXPECT_EQ(run.keys[0].after_outage.sum, seconds(10)) << "from 30 s to 40 s";
  EXPECT_EQ(run.keys[1].after_outage.sum, seconds(13)) << "from 20 s to 33 s";
}

TEST_F(OutageMeasurementsTest, AKeyThatIsOutForGoodNeverRecovers) {
  Begin();
  tape_->Refuse(12'000, 0, 401, OutForGood(), Outcome::kPermanent);
  const RequestId request = tape_->Request(50'000);
  tape_->Answer(50'000, request, Outcome::kPermanent);
  const RunResult run = Finish();

  EXPECT_EQ(run.keys[0].after_outage.never, 1u);
  EXPECT_EQ(run.keys[0].after_outage.count, 0u);
  EXPECT_EQ(run.keys[1].after_outage.never, 0u) << "its outage met nobody";
  EXPECT_EQ(run.after_outage.never, 1u) << "requests fail still";
}

TEST_F(OutageMeasurementsTest, AnOutageWithinAnotherEndsNothing) {
  world_.keys[0].model.key.outages.push_back({milliseconds(16'000), milliseconds(18'000), 503});
  Begin();
  tape_->Refuse(12'000, 0, 401, std::nullopt, Outcome::kUpstreamError);
  tape_->Serve(39'990, 0);
  EXPECT_EQ(Finish().keys[0].after_outage.sum, seconds(10)) << "from 30 s to 40 s";
}

TEST_F(OutageMeasurementsTest, AnOutageThatNobodyMetHasNoRecovery) {
  Begin();
  tape_->Serve(5'000, 0);
  tape_->Serve(50'000, 0);
  const RunResult run = Finish();
  EXPECT_EQ(run.after_outage.count, 0u);
  EXPECT_EQ(run.keys[0].after_outage.count, 0u);
}

TEST_F(MeasurementsTest, TimelineHasEachEventInItsPart) {
  Begin(/*timeline_parts=*/10);
  tape_->Serve(9'995, 0);  // sent in the first part, answered in the second
  tape_->Refuse(24'990, 1, 429, Cools(seconds(10)), Outcome::kRateLimited);  // 25 s to 35 s
  tape_->Refuse(55'000, 0, 401, OutForGood(), Outcome::kPermanent, /*takes_ms=*/5'000);
  tape_->Serve(99'995, 1, /*takes_ms=*/20'000);  // answered after the world's end
  const RunResult run = Finish(119'995);
  ASSERT_TRUE(run.timeline.has_value());
  const Timeline& timeline = *run.timeline;

  EXPECT_EQ(timeline.part, seconds(10));
  EXPECT_EQ(timeline.requests, (std::vector<std::uint32_t>{1, 0, 1, 0, 0, 1, 0, 0, 0, 1}));
  EXPECT_EQ(timeline.outcomes[static_cast<std::size_t>(Outcome::kSuccess)],
            (std::vector<std::uint32_t>{0, 1, 0, 0, 0, 0, 0, 0, 0, 1}));
  EXPECT_EQ(timeline.outcomes[static_cast<std::size_t>(Outcome::kPermanent)],
            (std::vector<std::uint32_t>{0, 0, 0, 0, 0, 0, 1, 0, 0, 0}));
  EXPECT_EQ(timeline.keys[0].attempts, (std::vector<std::uint32_t>{1, 0, 0, 0, 0, 1, 0, 0, 0, 0}));
  EXPECT_EQ(timeline.keys[1].refusals, (std::vector<std::uint32_t>{0, 0, 1, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(timeline.keys[1].cooling,
            (std::vector<std::uint16_t>{0, 0, 500, 500, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(timeline.keys[0].permanent,
            (std::vector<std::uint16_t>{0, 0, 0, 0, 0, 0, 1000, 1000, 1000, 1000}));
  EXPECT_EQ(run.keys[0].permanent, seconds(40)) << "the world's time alone";
}

TEST_F(MeasurementsTest, TimelineCoversAWorldThatIsNoMultipleOfItsParts) {
  world_.duration = milliseconds(1001);
  Begin(/*timeline_parts=*/10);
  tape_->Serve(1'000, 1, /*takes_ms=*/1);
  const RunResult run = Finish(1'001);
  ASSERT_EQ(run.timeline->requests.size(), 10u);
  EXPECT_EQ(run.timeline->requests.back(), 1u);
}

TEST_F(MeasurementsTest, ATimelineOfManyKeysHasFewerParts) {
  world_ = QuietWorld(10'000, seconds(100));
  Begin(/*timeline_parts=*/2000);
  EXPECT_EQ(Finish().timeline->requests.size(), 100u);
}

TEST_F(MeasurementsTest, TimelinesPartIsAMillisecondAtLeast) {
  world_.duration = milliseconds(3);
  Begin(/*timeline_parts=*/1000);
  tape_->Serve(2, 0, /*takes_ms=*/5);
  EXPECT_EQ(Finish(7).timeline->requests, (std::vector<std::uint32_t>{0, 0, 1}));
}

}  // namespace
}  // namespace keywalk::sim
