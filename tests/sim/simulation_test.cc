// Goal: a run is what its world says, to the nanosecond and in order.
// Method: worlds small enough to be worked out by hand; the whole trace is compared.
#include "sim/run/simulation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "keywalk/config.h"
#include "sim/gateway/core_gateway.h"
#include "sim/run/run_world.h"
#include "sim/run/trace.h"
#include "tests/sim/world_text.h"

namespace keywalk::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::WorldOf;

// What happened, in short: "10 attempt 0 k1" is milliseconds, event, request, then what matters.
class ShortTrace final : public RunObserver {
 public:
  explicit ShortTrace(const World& world) : world_(world) {}

  void OnAttemptSent(const AttemptSent& attempt) override {
    Add(attempt.at, "attempt", attempt.request, world_.keys[attempt.key].name);
  }
  void OnAttemptEnded(const AttemptEnded& attempt) override {
    if (attempt.how == AttemptEnded::How::kResponse) {
      Add(attempt.at, "status", attempt.request, std::to_string(attempt.status));
    } else {
      Add(attempt.at, "broken", attempt.request, world_.keys[attempt.key].name);
    }
  }
  void OnAnswered(const Answered& answer) override {
    Add(answer.at, "answer", answer.request->id, std::string(ToString(answer.outcome)));
  }
  void OnRestart(Instant at, std::uint32_t replica) override { Add(at, "restart", replica, ""); }

  std::vector<std::string> lines;

 private:
  void Add(Instant at, const char* event, std::uint64_t id, const std::string& what) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch());
    lines.push_back(std::to_string(ms.count()) + " " + event + " " + std::to_string(id) +
                    (what.empty() ? "" : " " + what));
  }

  const World& world_;
};

std::vector<std::string> TraceOf(const std::string& members,
                                 const std::string& policy_name = "coder-v1") {
  const World world = WorldOf(members);
  const Result<Policy> policy = LoadPolicy(policy_name);
  ShortTrace trace(world);
  RunWorld(world, *policy, RunOptions{}, NewCoreGateway, {&trace});
  return trace.lines;
}

constexpr const char* kOneAtZero =
    "'duration_ms':100000,'clients':[{'name':'a','arrivals':{'kind':'listed','at_ms':[0]}}],";

TEST(SimulationTest, ARefusedKeyIsFollowedByTheNext) {
  EXPECT_THAT(TraceOf(std::string(kOneAtZero) +
                      "'keys':[{'name':'k0','answers':[{'status':429,'takes_ms':10}]},"
                      "{'name':'k1','answers':[{'takes_ms':5}]}]"),
              ElementsAre("0 attempt 0 k0", "10 status 0 429", "10 attempt 0 k1", "15 status 0 200",
                          "15 answer 0 success"));
}

TEST(SimulationTest, ACooldownEndsAtItsDeadline) {
  EXPECT_THAT(TraceOf("'duration_ms':100000,'clients':[{'name':'a','arrivals':{'kind':'listed',"
                      "'at_ms':[0,2999,3000]}}],"
                      "'keys':[{'name':'k0','answers':[{'status':429,'retry_after_ms':3000}]}]"),
              ElementsAre("0 attempt 0 k0", "0 status 0 429", "0 answer 0 rate_limited",
                          "2999 answer 1 rate_limited", "3000 attempt 2 k0", "3000 status 2 200",
                          "3000 answer 2 success"));
}

TEST(SimulationTest, ASilentUpstreamIsGivenUpAndNotFailedOver) {
  EXPECT_THAT(TraceOf(std::string(kOneAtZero) +
                      "'gateways':{'head_timeout_ms':500},"
                      "'keys':[{'name':'k0','answers':[{'fault':'no_answer'}]},{'name':'k1'}]"),
              ElementsAre("0 attempt 0 k0", "500 broken 0 k0", "500 answer 0 timeout"));
}

TEST(SimulationTest, AResetBeforeTheHeadIsSurfacedAndOneInTheBodyCutsTheAnswer) {
  EXPECT_THAT(
      TraceOf("'duration_ms':100000,'clients':[{'name':'a','arrivals':{'kind':'listed',"
              "'at_ms':[0,100]}}],'keys':[{'name':'k0','answers':[{'fault':'reset_before_head',"
              "'takes_ms':7},{'fault':'reset_in_body','takes_ms':8}]},{'name':'k1'}]"),
      ElementsAre("0 attempt 0 k0", "7 broken 0 k0", "7 answer 0 reset", "100 attempt 1 k0",
                  "108 status 1 200", "108 answer 1 truncated"));
}

TEST(SimulationTest, AClientThatLeavesIsAnsweredByNobody) {
  EXPECT_THAT(
      TraceOf("'duration_ms':100000,'clients':[{'name':'a','deadline_ms':40,'arrivals':{'kind':"
              "'listed','at_ms':[0]}}],'keys':[{'name':'k0','answers':[{'status':429,"
              "'takes_ms':50}]},{'name':'k1'}]"),
      ElementsAre("0 attempt 0 k0", "40 broken 0 k0", "40 answer 0 deadline"));
}

TEST(SimulationTest, ARestartForgetsKeysAndRequests) {
  EXPECT_THAT(
      TraceOf("'duration_ms':100000,'clients':[{'name':'a','arrivals':{'kind':'listed',"
              "'at_ms':[0,20,60]}}],'gateways':{'restarts':[{'at_ms':40}]},'keys':[{'name':'k0',"
              "'answers':[{'status':429},{'takes_ms':30},{'takes_ms':30}]},"
              "{'name':'k1','answers':[{},{'takes_ms':30}]}]"),
      ElementsAre("0 attempt 0 k0", "0 status 0 429", "0 attempt 0 k1", "0 status 0 200",
                  "0 answer 0 success", "20 attempt 1 k1", "40 broken 1 k1",
                  "40 answer 1 restarted", "40 restart 0", "60 attempt 2 k0", "90 status 2 200",
                  "90 answer 2 success"));
}

TEST(SimulationTest, SharedKeyStateOutlivesARestart) {
  EXPECT_THAT(
      TraceOf("'duration_ms':100000,'clients':[{'name':'a','arrivals':{'kind':'listed',"
              "'at_ms':[0,60]}}],'gateways':{'key_state':'shared','restarts':[{'at_ms':40}]},"
              "'keys':[{'name':'k0','answers':[{'status':429}]},{'name':'k1'}]"),
      ElementsAre("0 attempt 0 k0", "0 status 0 429", "0 attempt 0 k1", "0 status 0 200",
                  "0 answer 0 success", "40 restart 0", "60 attempt 1 k1", "60 status 1 200",
                  "60 answer 1 success"));
}

TEST(SimulationTest, AnSdkWaitsForRetryAfterAndTriesAgain) {
  EXPECT_THAT(
      TraceOf("'duration_ms':100000,'clients':[{'name':'a','retries':{'max':2},'arrivals':{'kind':"
              "'listed','at_ms':[0]}}],'keys':[{'name':'k0','answers':[{'status':429,"
              "'retry_after_ms':2000}]}]"),
      ElementsAre("0 attempt 0 k0", "0 status 0 429", "0 answer 0 rate_limited",
                  "2000 attempt 1 k0", "2000 status 1 200", "2000 answer 1 success"));
}

TEST(SimulationTest, AnSdkBacksOffTwiceAsLongEachTimeAndGivesUp) {
  EXPECT_THAT(
      TraceOf("'duration_ms':100000,'clients':[{'name':'a','retries':{'max':2,'jitter':0},"
              "'arrivals':{'kind':'listed','at_ms':[0]}}],'keys':[{'name':'k0','answers':"
              "[{'status':500},{'status':500},{'status':500}]}]"),
      ElementsAre("0 attempt 0 k0", "0 status 0 500", "0 answer 0 upstream_error",
                  "500 attempt 1 k0", "500 status 1 500", "500 answer 1 upstream_error",
                  "1500 attempt 2 k0", "1500 status 2 500", "1500 answer 2 upstream_error"));
}

TEST(SimulationTest, AClosedUserThinksAfterEachAnswer) {
  EXPECT_THAT(
      TraceOf("'duration_ms':25,'clients':[{'name':'a','arrivals':{'kind':'closed','users':1,"
              "'think_ms':7}}],'network':{'service_ms':3},'keys':[{'name':'k0'}]"),
      ElementsAre("0 attempt 0 k0", "3 status 0 200", "3 answer 0 success", "10 attempt 1 k0",
                  "13 status 1 200", "13 answer 1 success", "20 attempt 2 k0", "23 status 2 200",
                  "23 answer 2 success"));
}

TEST(SimulationTest, AModelledKeyRefusesByItsLimits) {
  EXPECT_THAT(
      TraceOf("'duration_ms':100000,'clients':[{'name':'a','arrivals':{'kind':'listed',"
              "'at_ms':[0,10,1000]}}],'keys':[{'name':'k0','model':{'provider':'openai','limits':"
              "[{'kind':'token_bucket','count':'requests','limit':1,'per':'second'}]}}]"),
      ElementsAre("0 attempt 0 k0", "0 status 0 200", "0 answer 0 success", "10 attempt 1 k0",
                  "10 status 1 429", "10 answer 1 rate_limited", "1000 attempt 2 k0",
                  "1000 status 2 200", "1000 answer 2 success"));
}

TEST(SimulationTest, ADateIsCountedFromTheUpstreamsCivilTime) {
  EXPECT_THAT(
      TraceOf("'duration_ms':100000,'clients':[{'name':'a','arrivals':{'kind':'listed',"
              "'at_ms':[0,10,9999,10000]}}],'keys':[{'name':'k0','retry_hint':{'form':'http-date'},"
              "'model':{'provider':'openai','limits':[{'kind':'token_bucket','count':'requests',"
              "'limit':1,'per_ms':10000}]}}]",
              "every-clause"),
      ElementsAre("0 attempt 0 k0", "0 status 0 200", "0 answer 0 success", "10 attempt 1 k0",
                  "10 status 1 429", "10 answer 1 rate_limited", "9999 answer 2 rate_limited",
                  "10000 attempt 3 k0", "10000 status 3 200", "10000 answer 3 success"));
}

TEST(SimulationTest, NoCallBeginsAtTheEnd) {
  EXPECT_THAT(TraceOf("'duration_ms':25,'clients':[{'name':'a','arrivals':{'kind':'listed',"
                      "'at_ms':[24,25]}}],'keys':[{'name':'k0'}]"),
              ElementsAre("24 attempt 0 k0", "24 status 0 200", "24 answer 0 success"));
}

// The first finding: an upstream that answers 401 for a while takes coder-v1 down for good.
TEST(SimulationTest, AnOutageOf401IsPermanentForOnePolicyAndNotForTheOther) {
  const std::string members =
      "'duration_ms':3600000,'clients':[{'name':'a','arrivals':{'kind':'listed',"
      "'at_ms':[0,1800000]}}],'keys':[{'name':'k0','model':{'provider':'openai','outages':"
      "[{'from_ms':0,'to_ms':600000,'status':401}]}}]";
  EXPECT_THAT(TraceOf(members, "coder-v1").back(), "1800000 answer 1 permanent");
  EXPECT_THAT(TraceOf(members, "coder-v2").back(), "1800000 answer 1 success");
}

TEST(SimulationTest, TheSameSeedGivesTheSameRunAndAnotherADifferentOne) {
  const World world = WorldOf(
      "'duration_ms':60000,'clients':[{'name':'a','retries':{'max':2},'deadline_ms':900,"
      "'streamed':0.5,'arrivals':{'kind':'diurnal','per_second':30,'period_ms':20000}},"
      "{'name':'b','arrivals':{'kind':'bursts','every_ms':9000,'size':40,'spread_ms':100}}],"
      "'gateways':{'replicas':3,'head_timeout_ms':700,'restarts':[{'at_ms':30000,'replica':1}]},"
      "'keys':[{'name':'k','count':3,'model':{'provider':'openai','limits':[{'kind':"
      "'token_bucket','count':'requests','limit':10,'per':'second'}]}}],"
      "'network':{'to_upstream_ms':{'uniform':[1,9]},'service_ms':{'lognormal':{'median':90,"
      "'sigma':0.9}},'stream_ms':{'exponential':{'mean':200,'max':2000}},'faults':[{"
      "'reset_before_head':0.05,'reset_in_body':0.05,'no_answer':0.05}]}");
  const Result<Policy> policy = LoadPolicy("coder-v2");
  const auto hash_of = [&](std::uint64_t seed, bool interleave) {
    TraceHash hash;
    RunOptions options;
    options.seed = seed;
    options.interleave = interleave;
    RunWorld(world, *policy, options, NewCoreGateway, {&hash});
    EXPECT_GT(hash.events(), 1000u);
    return hash.value();
  };
  EXPECT_EQ(hash_of(1, false), hash_of(1, false));
  EXPECT_NE(hash_of(1, false), hash_of(2, false));
  EXPECT_EQ(hash_of(1, true), hash_of(1, true));
}

TEST(SimulationTest, NothingIsKeptOfAFinishedRequest) {
  // A slot is used again, also by a group without a deadline.
  EXPECT_THAT(
      TraceOf("'duration_ms':100000,'clients':[{'name':'a','deadline_ms':50,'arrivals':{'kind':"
              "'listed','at_ms':[0]}},{'name':'b','arrivals':{'kind':'listed','at_ms':[10]}}],"
              "'keys':[{'name':'k0','answers':[{},{'takes_ms':500}]}]"),
      ElementsAre("0 attempt 0 k0", "0 status 0 200", "0 answer 0 success", "10 attempt 1 k0",
                  "510 status 1 200", "510 answer 1 success"));
}

TEST(SimulationTest, TimeCanBeTakenStepByStep) {
  const World world = WorldOf(
      "'duration_ms':100000,'clients':[{'name':'a','arrivals':{'kind':'listed','at_ms':[5,20]}}],"
      "'keys':[{'name':'k0','answers':[{'takes_ms':10}]}]");
  const Result<Policy> policy = LoadPolicy("coder-v1");
  ShortTrace trace(world);
  Simulation simulation(world, *policy, RunOptions{}, NewCoreGateway, {&trace});
  EXPECT_EQ(simulation.next(), Instant(Milliseconds(5)));
  EXPECT_TRUE(simulation.RunUntil(Instant(Milliseconds(14))));
  EXPECT_EQ(simulation.now(), Instant(Milliseconds(14)));
  EXPECT_THAT(trace.lines, ElementsAre("5 attempt 0 k0"));
  EXPECT_EQ(simulation.next(), Instant(Milliseconds(15)));
  EXPECT_TRUE(simulation.RunEvents(1));
  EXPECT_EQ(trace.lines.back(), "15 answer 0 success");
  EXPECT_FALSE(simulation.RunUntil(Instant(Milliseconds(100))));
  EXPECT_EQ(trace.lines.back(), "20 answer 1 success");
  EXPECT_EQ(simulation.next(), std::nullopt);
}

TEST(TraceLinesTest, EachLineIsAnObject) {
  const World world =
      WorldOf(std::string(kOneAtZero) +
              "'keys':[{'name':'k0','answers':[{'status':429,'retry_after_ms':3000}]}]");
  const Result<Policy> policy = LoadPolicy("coder-v1");
  std::vector<std::string> lines;
  TraceLines trace(world, [&](std::string_view line) { lines.emplace_back(line); });
  RunWorld(world, *policy, RunOptions{}, NewCoreGateway, {&trace});
  EXPECT_THAT(
      lines,
      ElementsAre(
          R"({"at_ns":0,"event":"request","request":0,"call":0,"retry":0,"client":"a",)"
          R"("replica":0})",
          R"({"at_ns":0,"event":"attempt","request":0,"attempt":0,"key":"k0"})",
          R"({"at_ns":0,"event":"response","request":0,"attempt":0,"key":"k0","status":429,)"
          R"("mark":"temporary","cooldown_ns":3000000000,"transition":true})",
          R"({"at_ns":0,"event":"answer","request":0,"outcome":"rate_limited","status":429,)"
          R"("attempts":1})"));
}

}  // namespace
}  // namespace keywalk::sim
