// Goal: over sockets nothing is asserted that a few milliseconds could change, and nothing that
// they could not is left out. Method: cases around a deadline, read from text.
#include "conformance/wire_plan.h"

#include <gtest/gtest.h>

#include <string>

#include "conformance/case_reader.h"
#include "keywalk/config.h"

namespace keywalk::conformance {
namespace {

// The plan of a case with these keys, lanes, requests and checks.
WirePlan PlanActs(const std::string& acts) {
  config::JsonProblems problems("test");
  const std::vector<Case> cases = ReadCases(
      R"({"schema_version": "1.0", "area": "test", "cases": [{"id": "a", "title": "t",
          "clauses": ["walk/1"], "policies": ["coder-v1"], "provider": "openai", )" +
          acts + "}]}",
      false, problems);
  if (problems.any()) {
    ADD_FAILURE() << problems.error().message();
    return WirePlan();
  }
  const Result<Policy> policy = LoadPolicy("coder-v1");
  EXPECT_TRUE(policy.ok());
  return PlanWire(cases.front(), *policy);
}

// A first request whose first key gets `step`, then whatever `more` says.
WirePlan Plan(const std::string& step, const std::string& more) {
  return PlanActs(R"("keys": ["k0", "k1"],
      "lanes": {"k0": {"steps": [)" +
                  step + R"(, {}]}, "k1": {"steps": [{"times": 9}]}},
      "requests": [{"expect": {"attempts": ["k0", "k1"], "outcome": {"forward": 200}}})" +
                  more);
}

constexpr const char* kFiveSeconds = R"({"status": 429, "headers": {"Retry-After": "5"}})";

std::string RequestAt(int at_ms, const std::string& key) {
  return R"(, {"at_ms": )" + std::to_string(at_ms) + R"(, "expect": {"attempts": [")" + key +
         R"("], "outcome": {"forward": 200}}}])";
}

TEST(WirePlanTest, FromTheDeadlineOnAKeyIsSurelyValid) {
  const WirePlan plan = Plan(kFiveSeconds, RequestAt(5000, "k0"));
  EXPECT_EQ(plan.impossible, "");
  EXPECT_TRUE(plan.needs_time());
}

TEST(WirePlanTest, JustBeforeTheDeadlineNothingIsSure) {
  EXPECT_NE(Plan(kFiveSeconds, RequestAt(4999, "k1")).impossible, "");
  EXPECT_EQ(Plan(kFiveSeconds, RequestAt(3000, "k1")).impossible, "");
}

TEST(WirePlanTest, AWaitJustAboveAWholeSecondIsNotSure) {
  const auto plan = [](const std::string& wait_ms) {
    return PlanActs(R"("keys": ["k0"],
        "lanes": {"k0": {"steps": [{"status": 429, "headers": {"retry-after-ms": ")" +
                    wait_ms + R"("}}]}},
        "requests": [{"expect": {"attempts": ["k0"], "outcome": {
            "exhausted": {"kind": "rate_limited", "retry_after_ms": )" +
                    wait_ms + "}}}}]");
  };
  EXPECT_EQ(plan("5000").impossible, "");
  EXPECT_NE(plan("5000.5").impossible, "");
  EXPECT_NE(plan("1").impossible, "");
}

TEST(WirePlanTest, OnlyTheChecksThatAreNotSureAreLeftOut) {
  const WirePlan plan = Plan(kFiveSeconds,
                             R"(], "checks": [{"at_ms": 2000, "states": ["temporary", "valid"]},
                                {"at_ms": 4999, "states": ["temporary", "valid"]},
                                {"at_ms": 5000, "states": ["valid", "valid"]}])");
  EXPECT_EQ(plan.impossible, "");
  EXPECT_EQ(plan.unsure_checks, (std::vector<std::size_t>{1}));
}

TEST(WirePlanTest, OverlapsAndDatesNeedVirtualTime) {
  EXPECT_NE(Plan(R"({"status": 429, "delay_ms": 10})", "]").impossible, "");
  EXPECT_NE(
      Plan(R"({"status": 429, "headers": {"Retry-After": "Thu, 01 Jan 2026 00:00:09 GMT"}})", "]")
          .impossible,
      "");
}

TEST(WirePlanTest, StepsAreInTheOrderOfTime) {
  const WirePlan plan =
      Plan(kFiveSeconds, RequestAt(9000, "k0") +
                             R"(, "checks": [{"at_ms": 0, "states": ["temporary", "valid"]}])");
  ASSERT_EQ(plan.steps.size(), 3u);
  EXPECT_EQ(plan.steps[0].requests, (std::vector<std::size_t>{0}));
  EXPECT_TRUE(plan.steps[1].requests.empty());
  EXPECT_EQ(plan.steps[2].requests, (std::vector<std::size_t>{1}));
}

}  // namespace
}  // namespace keywalk::conformance
