// Goal: under a policy of its own an implementation is held to what the core does with that policy,
// and it is said where that is not what the fixture states.
// Method: small cases read from text, held to a policy without a memory of keys.
#include "conformance/computed_expectation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "conformance/case_reader.h"
#include "keywalk/config.h"

namespace keywalk::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// 429 tries the next key; nothing is remembered; the last answer is passed on.
constexpr const char* kForgetful = R"({"schema_version": "1.0", "name": "forgetful", "title": "t",
    "source": "none", "declares": [], "rules": [{"status": [429], "action": "next"}],
    "cooldown": {"default_ms": 1, "sources": []},
    "exhausted": {"rate_limited": "rate_limited", "unauthorized": "permanent",
                  "permanent": "permanent", "pass_on_last": true}})";

Case ReadOne(const std::string& acts, bool over_sockets) {
  config::JsonProblems problems("test");
  std::vector<Case> cases =
      ReadCases(R"({"schema_version": "1.0", "area": "test", "cases": [{"id": "a", "title": "t",
          "clauses": ["walk/1"], "policies": ["coder-v1"], "provider": "openai",
          "keys": ["k0", "k1"], )" +
                    acts + "}]}",
                over_sockets, problems);
  if (problems.any()) ADD_FAILURE() << problems.error().message();
  return cases.empty() ? Case() : cases.front();
}

Case Held(const std::string& acts, bool over_sockets = false) {
  const Case test_case = ReadOne(acts, over_sockets);
  return HoldToPolicy(test_case, *LoadPolicy("coder-v1"), *ParsePolicy(kForgetful, "forgetful"));
}

TEST(ComputedExpectationTest, WhatThePolicyDoesOtherwiseIsExpectedAndSaid) {
  const Case held =
      Held(R"("lanes": {"k0": {"steps": [{"status": 429}]}, "k1": {"steps": [{"times": 2}]}},
      "requests": [{"expect": {"attempts": ["k0", "k1"], "outcome": {"forward": 200}}},
                   {"expect": {"attempts": ["k1"], "outcome": {"forward": 200}}}],
      "checks": [{"at_ms": 0, "states": ["temporary", "valid"]}])");
  EXPECT_THAT(held.policies, ElementsAre("forgetful"));
  EXPECT_THAT(held.cannot_run, IsEmpty());
  EXPECT_THAT(held.requests[0].expect.attempts, ElementsAre("k0", "k1"));
  EXPECT_THAT(held.requests[1].expect.attempts, ElementsAre("k0", "k1"))
      << "k0 answers as before: the lane goes on with its last step";
  EXPECT_THAT(held.checks[0].states, ElementsAre("valid", "valid"));
  EXPECT_THAT(held.differs,
              ElementsAre("differs from coder-v1: r1 attempts k0, k1 instead of k1",
                          "differs from coder-v1: states at 0 ms valid, valid instead of "
                          "temporary, valid"));
}

TEST(ComputedExpectationTest, TheLastAnswerIsExpectedInsteadOfTheExhaustion) {
  const Case held = Held(R"("lanes": {"default": {"steps": [{"status": 429, "times": 2}]}},
      "requests": [{"expect": {"attempts": ["k0", "k1"],
        "outcome": {"exhausted": {"kind": "rate_limited", "retry_after_ms": 60000}},
        "response": {"status": 429}}}])");
  const ExpectedRequest& expect = held.requests[0].expect;
  EXPECT_EQ(expect.outcome.kind, Outcome::Kind::kForward);
  EXPECT_EQ(expect.outcome.status, 429);
  EXPECT_FALSE(expect.response.has_value()) << "that was about another answer";
  EXPECT_THAT(held.differs, ElementsAre(HasSubstr("outcome forward 429 instead of exhausted")));
}

TEST(ComputedExpectationTest, OfTheUpstreamTheSameAttemptsStayDescribed) {
  const Case held = Held(R"("lanes": {"k0": {"steps": [{"status": 403}]}, "k1": {"steps": [{}]}},
      "requests": [{"expect": {"attempts": ["k0", "k1"], "outcome": {"forward": 200},
        "upstream": [{"headers": {"Authorization": "Bearer {k0}"}},
                     {"headers": {"Authorization": "Bearer {k1}"}}]}}])",
                         true);
  const ExpectedRequest& expect = held.requests[0].expect;
  EXPECT_THAT(expect.attempts, ElementsAre("k0"));
  ASSERT_EQ(expect.upstream->size(), 1u);
  EXPECT_EQ(expect.upstream->front().headers.Find("Authorization"), "Bearer {k0}")
      << "the secret is put in later";
}

TEST(ComputedExpectationTest, WhatIsTheSameStaysAsTheFixtureStatesIt) {
  const Case held = Held(R"("lanes": {"k0": {"steps": [{"status": 500, "json": {"a": 1}}]}},
      "requests": [{"expect": {"attempts": ["k0"], "outcome": {"forward": 500},
                               "response": {"json": {"a": 1}}}}])");
  EXPECT_THAT(held.differs, IsEmpty());
  EXPECT_TRUE(held.requests[0].expect.response.has_value());
}

TEST(ComputedExpectationTest, WhatWouldShowNothingIsNotRun) {
  EXPECT_THAT(Held(R"("lanes": {"k0": {"steps": [{"status": 429}]}, "k1": {"steps": [{}]}},
      "requests": [{"expect": {"attempts": [], "outcome": {"forward": 413}}},
                   {"expect": {"attempts": ["k1"], "outcome": {"forward": 200}}}])")
                  .cannot_run,
              HasSubstr("cannot be computed"))
      << "the fixture states what the core does not do";
  EXPECT_THAT(Held(R"("lanes": {"k0": {"steps": [{"status": 403}]},
                                "k1": {"steps": [{"fault": {"at": "before_head",
                                                            "kind": "reset"}}]}},
      "requests": [{"expect": {"attempts": ["k0", "k1"], "outcome": {"transport_error": true}}}])")
                  .cannot_run,
              HasSubstr("fault"));
}

TEST(ComputedExpectationTest, WhatHasNoAnswerForAKeyIsNotRun) {
  std::string restless = kForgetful;
  restless.replace(restless.find("429"), 3, "500");
  const Case test_case = ReadOne(R"("lanes": {"k0": {"steps": [{"status": 500}]}},
      "requests": [{"expect": {"attempts": ["k0"], "outcome": {"forward": 500}}}])",
                                 false);
  const Case held =
      HoldToPolicy(test_case, *LoadPolicy("coder-v1"), *ParsePolicy(restless, "restless"));
  EXPECT_THAT(held.cannot_run, HasSubstr("no answer for k1"));
}

TEST(ComputedExpectationTest, OperationsAreRunWhereThePolicyChangesNothingInThem) {
  const std::string marked = R"("operations": [{"at_ms": 0, "op": "mark_temporary", "key": "k0",
      "cooldown_ms": 0, "reason": "rate_limited", "expect": {"transition": true}})";
  EXPECT_THAT(Held(marked + "]").cannot_run, IsEmpty());
  // The default cooldown of coder-v1 is a minute.
  const Case later = Held(marked + R"(, {"at_ms": 1000, "op": "states",
                                         "expect": {"states": ["temporary", "valid"]}}])");
  EXPECT_THAT(later.cannot_run, HasSubstr("for the suite's policies"));
}

TEST(ComputedExpectationTest, OwnPoliciesReplaceCasesThatNobodyElseRuns) {
  Suite suite;
  for (const auto& [name, text] : {std::pair<std::string, const char*>{"forgetful", kForgetful}}) {
    suite.policies[name].policy = std::make_shared<const Policy>(*ParsePolicy(text, name));
  }
  suite.policies["coder-v1"].policy = std::make_shared<const Policy>(*LoadPolicy("coder-v1"));
  suite.cases.push_back(ReadOne(R"("lanes": {"k0": {"steps": [{}]}},
      "requests": [{"expect": {"attempts": ["k0"], "outcome": {"forward": 200}}}])",
                                false));
  Suite both = suite;
  HoldToOwnPolicies({"forgetful"}, {}, suite);
  ASSERT_EQ(suite.cases.size(), 1u);
  EXPECT_THAT(suite.cases[0].policies, ElementsAre("forgetful"));
  HoldToOwnPolicies({"forgetful"}, {"coder-v1"}, both);
  EXPECT_EQ(both.cases.size(), 2u);
}

}  // namespace
}  // namespace keywalk::conformance
