// A failing run becomes a case of the suite: it is read as one, the core passes it, and the gateway
// with the bug does not.
#include "sim/check/decision_case.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "conformance/case_reader.h"
#include "conformance/comparison.h"
#include "conformance/decision_driver.h"
#include "sim/check/planted_bug.h"
#include "sim/check/seed_check.h"

namespace keywalk::sim {
namespace {

SeedCheck CheckWith(std::string_view bug) {
  HuntSpec spec;
  spec.bug = FindPlantedBug(bug);
  return *SeedCheck::Make(std::move(spec));
}

// The first finding of the bug by its own invariant.
std::optional<Finding> FirstFinding(const SeedCheck& check) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const SeedReport report = check.Check(seed);
    if (report.finding && report.finding->invariant == ToString(*check.spec().bug->breaks)) {
      return report.finding;
    }
  }
  return std::nullopt;
}

// Bugs that attempts, outcomes and the gateway's own answers show.
class DecisionCaseTest : public testing::TestWithParam<const char*> {};

TEST_P(DecisionCaseTest, PassesOnTheCoreAndFailsOnTheBug) {
  const SeedCheck check = CheckWith(GetParam());
  const std::optional<Finding> finding = FirstFinding(check);
  ASSERT_TRUE(finding);
  const CheckedWorld checked = check.WorldOf(*finding);
  const auto file = DecisionCase(*finding, checked);
  ASSERT_TRUE(file.ok()) << file.error().message();
  config::JsonProblems problems("case");
  const auto cases = conformance::ReadCases(file->dump(), false, problems);
  ASSERT_FALSE(problems.any()) << problems.error().message();
  ASSERT_EQ(cases.size(), 1u);
  const auto core = conformance::RunDecision(cases.front(), *checked.policy);
  ASSERT_TRUE(core.ok());
  EXPECT_TRUE(conformance::CompareTrace(cases.front(), *core).empty());
  EXPECT_FALSE(conformance::CompareTrace(cases.front(), SimulatedTrace(checked)).empty())
      << file->dump(2);
}

INSTANTIATE_TEST_SUITE_P(Bugs, DecisionCaseTest,
                         testing::Values("tries-cooling-keys", "reads-states-once",
                                         "shortens-deadlines", "same-key-again", "round-robin",
                                         "budget-of-two", "answers-the-default",
                                         "unauthorized-for-good", "retries-resets", "walks-again",
                                         "echoes-the-key", "breaker-stays-open"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

TEST(DecisionCaseRefusalTest, SaysWhyARunIsNoDecision) {
  const SeedCheck check = CheckWith("retries-truncated");
  const std::optional<Finding> finding = FirstFinding(check);
  ASSERT_TRUE(finding);
  const auto file = DecisionCase(*finding, check.WorldOf(*finding));
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().message(),
            "the run cannot be a decision case: an answer of it is cut off");
}

}  // namespace
}  // namespace keywalk::sim
