// Goal: whatever step of a request fails, on whichever side and how, nothing hangs, leaks, or is
// answered twice; the answer names the right culprit, and no key pays for what is not its fault.
// Method: a run counts the proxy's operations on its streams; then it is run again for each of them
// and each way to fail, on virtual connections without real time, and judged by what both ends saw.
#include <gtest/gtest.h>

#include <cctype>
#include <cstddef>
#include <string>

#include "tests/steps/judge.h"
#include "tests/steps/scenario.h"
#include "tests/steps/world.h"

namespace keywalk::steps {
namespace {

using testing::DiskFault;
using testing::StreamFault;

class FailingStepsTest : public ::testing::TestWithParam<Scenario> {
 protected:
  // Every operation of the failure's side, in both ways to send a body, over connections that take
  // and give what they can without waiting and over others, until a run has no such operation.
  void TryEach(Failure failure) const {
    for (const BodyMode mode : {BodyMode::kBuffer, BodyMode::kStream}) {
      for (const bool can_try : {true, false}) {
        ProxySetup setup(GetParam(), mode, can_try);
        const Outcome usual = RunOnce(setup, Failure());
        for (failure.at = 1;; ++failure.at) {
          const Outcome outcome = RunOnce(setup, failure);
          if (!outcome.fired) break;
          ASSERT_LT(failure.at, kMostOperations);
          Expect(setup, failure, outcome, usual);
        }
        EXPECT_TRUE(failure.side == Failure::Side::kDisk || failure.at > 2);
      }
    }
  }

  static void Expect(const ProxySetup& setup, const Failure& failure, const Outcome& outcome,
                     const Outcome& usual) {
    const std::string problems = Judge(setup, failure, outcome, usual);
    if (problems.empty()) return;
    ADD_FAILURE() << (setup.mode == BodyMode::kBuffer ? "buffered, " : "streamed, ")
                  << (setup.can_try ? "" : "always waiting, ") << failure.Describe() << "\n"
                  << problems << Describe(outcome);
  }

 private:
  static constexpr std::size_t kMostOperations = 1000;
};

TEST_P(FailingStepsTest, EndsWellIfNothingFails) {
  for (const BodyMode mode : {BodyMode::kBuffer, BodyMode::kStream}) {
    for (const bool can_try : {true, false}) {
      ProxySetup setup(GetParam(), mode, can_try);
      const Outcome outcome = RunOnce(setup, Failure());
      Expect(setup, Failure(), outcome, outcome);
    }
  }
}

TEST_P(FailingStepsTest, OnTheClientsSide) {
  Failure failure;
  failure.side = Failure::Side::kClient;
  for (const StreamFault fault : testing::kStreamFaults) {
    failure.fault = fault;
    TryEach(failure);
  }
}

TEST_P(FailingStepsTest, OnTheUpstreamsSide) {
  Failure failure;
  failure.side = Failure::Side::kUpstream;
  for (const StreamFault fault : testing::kStreamFaults) {
    failure.fault = fault;
    TryEach(failure);
  }
}

TEST_P(FailingStepsTest, OnTheDisk) {
  Failure failure;
  failure.side = Failure::Side::kDisk;
  for (const DiskFault fault : {DiskFault::kShort, DiskFault::kInterrupted, DiskFault::kFails,
                                DiskFault::kHalfFails, DiskFault::kTruncated}) {
    failure.disk = fault;
    TryEach(failure);
  }
}

TEST_P(FailingStepsTest, WhileTheClientLeavesOrTheServerStops) {
  Failure failure;
  for (const Failure::Side side : {Failure::Side::kClient, Failure::Side::kUpstream}) {
    failure.side = side;
    for (const Intrusion intrusion : {Intrusion::kClientResets, Intrusion::kClientCloses,
                                      Intrusion::kServerStops, Intrusion::kServerDrains}) {
      failure.intrusion = intrusion;
      TryEach(failure);
    }
  }
}

std::string NameOf(const ::testing::TestParamInfo<Scenario>& info) {
  std::string name;
  bool begins_word = true;
  for (const char c : info.param.name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool of_word = std::isalnum(byte) != 0;
    if (of_word) name += begins_word ? static_cast<char>(std::toupper(byte)) : c;
    begins_word = !of_word;
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Steps, FailingStepsTest, ::testing::ValuesIn(AllScenarios()), NameOf);

}  // namespace
}  // namespace keywalk::steps
