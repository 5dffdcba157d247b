// Goal: the order of events on virtual time is the one that fixtures/README.md gives.
// Method: small cases read from text, their traces.
#include "conformance/decision_driver.h"

#include <gtest/gtest.h>

#include <string>

#include "conformance/case_reader.h"
#include "keywalk/config.h"

namespace keywalk::conformance {
namespace {

Trace RunActs(const std::string& acts) {
  config::JsonProblems problems("test");
  const std::vector<Case> cases = ReadCases(
      R"({"schema_version": "1.0", "area": "test", "cases": [{"id": "a", "title": "t",
          "clauses": ["walk/1"], "policies": ["coder-v1"], "provider": "openai",
          "keys": ["k0", "k1"], )" +
          acts + "}]}",
      false, problems);
  if (problems.any()) {
    ADD_FAILURE() << problems.error().message();
    return Trace();
  }
  const Result<Policy> policy = LoadPolicy("coder-v1");
  EXPECT_TRUE(policy.ok());
  Result<Trace> trace = RunDecision(cases.front(), *policy);
  EXPECT_TRUE(trace.ok());
  return *std::move(trace);
}

std::string Order(const Trace& trace) {
  std::string order;
  for (const TracedRequest& request : trace.requests) {
    order += request.id + "(" + DescribeList(request.attempts) + ") ";
  }
  return order;
}

constexpr const char* kExpect = R"("expect": {"attempts": [], "outcome": {"forward": 200}})";

std::string Request(const std::string& members) {
  return "{" + members + (members.empty() ? "" : ", ") + kExpect + "}";
}

TEST(DecisionDriverTest, WithoutDelayRequestsOfOneMomentFollowEachOther) {
  const Trace trace = RunActs(R"("lanes": {"k0": {"steps": [{"status": 429}]},
                                       "k1": {"steps": [{"times": 2}]}},
                             "requests": [)" +
                              Request(R"("at_ms": 0)") + ", " + Request(R"("at_ms": 0)") + "]");
  EXPECT_EQ(Order(trace), "r0(k0, k1) r1(k1) ");
}

TEST(DecisionDriverTest, DelaysMakeRequestsOverlap) {
  const Trace trace =
      RunActs(R"("lanes": {"k0": {"steps": [{"status": 429, "delay_ms": 10, "times": 2}]},
                                       "k1": {"steps": [{"times": 2}]}},
                             "requests": [)" +
              Request(R"("at_ms": 0)") + ", " + Request(R"("at_ms": 9)") + "]");
  EXPECT_EQ(Order(trace), "r0(k0, k1) r1(k0, k1) ");
}

TEST(DecisionDriverTest, AnswersThatAreDueComeBeforeRequestsThatStart) {
  const Trace trace = RunActs(R"("lanes": {"k0": {"steps": [{"status": 429, "delay_ms": 10}]},
                                       "k1": {"steps": [{"times": 2}]}},
                             "requests": [)" +
                              Request(R"("at_ms": 0)") + ", " + Request(R"("at_ms": 10)") + "]");
  EXPECT_EQ(Order(trace), "r0(k0, k1) r1(k1) ");
}

TEST(DecisionDriverTest, WithoutATimeARequestStartsWhenTheOneBeforeEnded) {
  const Trace trace = RunActs(R"("lanes": {"k0": {"steps": [{"delay_ms": 50}, {"status": 429}]},
                                       "k1": {"steps": [{}]}},
                             "requests": [)" +
                              Request("") + ", " + Request("") +
                              R"(], "checks": [{"at_ms": 49, "states": ["valid", "valid"]},
                                           {"at_ms": 50, "states": ["valid", "valid"]}])");
  EXPECT_EQ(Order(trace), "r0(k0) r1(k0, k1) ");
  EXPECT_EQ(trace.FindCheck(0)->states.front(), "valid");
  EXPECT_EQ(trace.FindCheck(1)->states.front(), "temporary");
}

TEST(DecisionDriverTest, ALaneThatRepeatsGoesOnAndOneThatLoopsStartsOver) {
  const Trace trace = RunActs(R"("lanes": {"k0": {"steps": [{"status": 500}, {"status": 200}],
                                              "at_end": "loop"}},
                             "requests": [)" +
                              Request("") + ", " + Request("") + ", " + Request("") + "]");
  ASSERT_EQ(trace.requests.size(), 3u);
  EXPECT_EQ(trace.requests[1].outcome.status, 200);
  EXPECT_EQ(trace.requests[2].outcome.status, 500);
}

TEST(DecisionDriverTest, AFaultBeforeTheHeadIsATransportError) {
  const Trace trace = RunActs(R"("lanes": {"k0": {"steps": [
                               {"fault": {"at": "before_head", "kind": "reset"}}]}},
                             "requests": [)" +
                              Request("") + "]");
  EXPECT_EQ(trace.requests.front().outcome.kind, Outcome::Kind::kTransportError);
}

}  // namespace
}  // namespace keywalk::conformance
