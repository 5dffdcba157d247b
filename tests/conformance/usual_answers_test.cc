// Goal: a case that does not care what the upstream answers gets a provider's answer, and one that
// does keeps its own.
// Method: small cases read from text.
#include "conformance/usual_answers.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "conformance/case_reader.h"

namespace keywalk::conformance {
namespace {

using nlohmann::json;

Case Answered(const std::string& steps, const std::string& response) {
  config::JsonProblems problems("test");
  const std::vector<Case> cases =
      ReadCases(R"({"schema_version": "1.0", "area": "test", "cases": [{"id": "a", "title": "t",
          "clauses": ["walk/1"], "policies": ["coder-v1"], "provider": "anthropic",
          "keys": ["k0"], "lanes": {"k0": {"steps": [)" +
                    steps + R"(]}}, "requests": [{"expect": {"attempts": ["k0"],
          "outcome": {"forward": 200}, "response": )" +
                    response + "}}]}]}",
                true, problems);
  if (problems.any()) {
    ADD_FAILURE() << problems.error().message();
    return Case();
  }
  return WithUsualAnswers(cases.front());
}

json BodyOf(const Case& test_case) {
  const mock::ScriptStep& step = test_case.lanes.at("k0").steps.front();
  return step.body ? json::parse(*step.body, nullptr, false) : json();
}

TEST(UsualAnswersTest, ABareStatusGetsTheProvidersAnswer) {
  EXPECT_EQ(BodyOf(Answered("{}", "{}")).at("type"), "message");
  const json error = BodyOf(Answered(R"({"status": 429})", "{}"));
  EXPECT_EQ(error.at("error").at("type"), "rate_limit_error");
}

TEST(UsualAnswersTest, AnySuccessIsReplacedInStepAndExpectationAlike) {
  const Case answered = Answered(R"({"json": {"ok": true}})", R"({"json": {"ok": true}})");
  EXPECT_EQ(BodyOf(answered), *answered.requests[0].expect.response->content.json);
  EXPECT_EQ(BodyOf(answered).at("type"), "message");
}

TEST(UsualAnswersTest, AFaultThatLeavesTheBodyAloneHasAUsualAnswerToo) {
  const Case slow = Answered(R"({"json": {"ok": true},
      "fault": {"at": "status_line", "kind": "drip", "bytes_per_second": 400}})",
                             "{}");
  EXPECT_EQ(BodyOf(slow).at("type"), "message");
}

TEST(UsualAnswersTest, WhatTheCaseSaysStays) {
  EXPECT_EQ(BodyOf(Answered(R"({"json": {"mine": 1}})", "{}")), json({{"mine", 1}}));
  EXPECT_EQ(BodyOf(Answered(R"({"status": 204})", "{}")), json());
  EXPECT_EQ(
      BodyOf(Answered(R"({"status": 429, "fault": {"at": "before_head", "kind": "reset"}})", "{}")),
      json());
  EXPECT_EQ(BodyOf(Answered(R"({"json": {"ok": true}, "fault": {"at": "body", "body_bytes": 4,
      "kind": "drip", "bytes_per_second": 9}})",
                            "{}")),
            json({{"ok", true}}));
  EXPECT_FALSE(Answered(R"({"sse": [{"data": "x"}]})", "{}").lanes.at("k0").steps[0].body);
}

TEST(UsualAnswersTest, WhatStandsBesideTheDocumentStays) {
  Case held = Answered("{}", "{}");
  held.differs = {"d"};
  held.cannot_run = "c";
  const Case again = WithUsualAnswers(held);
  EXPECT_EQ(again.differs, held.differs);
  EXPECT_EQ(again.cannot_run, "c");
}

}  // namespace
}  // namespace keywalk::conformance
