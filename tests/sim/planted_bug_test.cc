// Every invariant is seen to fail, and the shipped failover to keep them all: a hunt through drawn
// worlds, as `keywalk-sim --check` does it, in gateways with one planted bug each and without.
#include "sim/check/planted_bug.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/check/checked_run.h"
#include "sim/check/determinism.h"
#include "sim/check/seed_check.h"
#include "sim/check/shrinker.h"

namespace keywalk::sim {
namespace {

constexpr std::uint64_t kSeeds = 1000;
constexpr std::size_t kMostEvents = 5;

SeedCheck CheckOf(const PlantedBug* bug, const std::string& policy = "") {
  HuntSpec spec;
  spec.bug = bug;
  spec.policy = policy;
  Result<SeedCheck> check = SeedCheck::Make(std::move(spec));
  EXPECT_TRUE(check.ok());
  return *std::move(check);
}

// The first seed whose run breaks `invariant` before any other.
std::optional<CheckedWorld> FindBreach(const SeedCheck& check, Invariant invariant) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CheckedWorld checked = check.WorldOf(seed);
    const CheckedRun run = RunChecked(checked);
    if (run.first() != nullptr && run.first()->invariant == invariant) return checked;
  }
  return std::nullopt;
}

std::string InvariantTestName(std::string_view name) {
  std::string text;
  bool upper = true;
  for (const char c : name) {
    if (c != '-') text += upper ? static_cast<char>(c - 'a' + 'A') : c;
    upper = c == '-';
  }
  return text;
}

// Not those that crash, hang, or differ from run to run.
std::vector<PlantedBug> BugsThatBreakInvariants() {
  std::vector<PlantedBug> bugs;
  for (const PlantedBug& bug : AllPlantedBugs()) {
    if (bug.breaks) bugs.push_back(bug);
  }
  return bugs;
}

class PlantedBugTest : public testing::TestWithParam<PlantedBug> {};

TEST_P(PlantedBugTest, IsFoundByItsInvariantAndShrunk) {
  const PlantedBug& bug = GetParam();
  const SeedCheck check = CheckOf(&bug);
  const std::optional<CheckedWorld> found = FindBreach(check, *bug.breaks);
  ASSERT_TRUE(found) << "not within " << kSeeds << " seeds";
  const std::optional<Shrunk> shrunk = ShrinkRun(*found, *bug.breaks);
  ASSERT_TRUE(shrunk);
  EXPECT_LE(shrunk->story.events(), kMostEvents);
  ASSERT_NE(shrunk->run.first(), nullptr);
  EXPECT_EQ(shrunk->run.first()->invariant, *bug.breaks);
  // What was made small is a case of the bug and not of something else.
  CheckedWorld sound = shrunk->checked(*found);
  sound.bug = nullptr;
  EXPECT_EQ(RunChecked(sound).first(), nullptr);
}

INSTANTIATE_TEST_SUITE_P(All, PlantedBugTest, testing::ValuesIn(BugsThatBreakInvariants()),
                         [](const auto& tested) { return InvariantTestName(tested.param.name); });

TEST(PlantedBugsTest, EveryInvariantHasOne) {
  std::set<Invariant> broken;
  for (const PlantedBug& bug : AllPlantedBugs()) {
    if (bug.breaks) broken.insert(*bug.breaks);
  }
  for (const InvariantInfo& info : AllInvariants()) {
    EXPECT_TRUE(broken.count(info.invariant)) << info.name;
  }
}

TEST(PlantedBugsTest, ShippedFailoverKeepsAllInvariants) {
  const SeedCheck check = CheckOf(nullptr);
  std::uint64_t requests = 0;
  std::uint64_t held = 0;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    const SeedReport report = check.Check(seed);
    requests += report.requests;
    held += report.requests_held;
    ASSERT_FALSE(report.finding) << "seed " << seed << ": " << report.finding->message;
  }
  EXPECT_GT(held, requests / 10) << "liveness holds hardly any request to anything";
}

// coder/coder#26033: an outage of 401s takes the keys out until a restart.
TEST(PlantedBugsTest, CoderV1DoesNotSurviveAnOutageOf401s) {
  const SeedCheck check = CheckOf(nullptr, "coder-v1");
  const std::optional<CheckedWorld> found = FindBreach(check, Invariant::kKeysReturn);
  ASSERT_TRUE(found);
  const std::optional<Shrunk> shrunk = ShrinkRun(*found, Invariant::kKeysReturn);
  ASSERT_TRUE(shrunk);
  EXPECT_LE(shrunk->story.events(), 3u) << "a request, a 401, a request";
}

TEST(DeterminismTest, TheSameSeedGivesTheSameRun) {
  const SeedCheck check = CheckOf(nullptr);
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const std::optional<RunDifference> difference = RunTwice(check.WorldOf(seed)).difference;
    EXPECT_FALSE(difference) << "seed " << seed << "\n"
                             << difference->first << "\n"
                             << difference->second;
  }
}

TEST(DeterminismTest, ShowsTheFirstDifference) {
  const SeedCheck check = CheckOf(FindPlantedBug("remembers-other-runs"));
  const std::optional<RunDifference> difference = RunTwice(check.WorldOf(1)).difference;
  ASSERT_TRUE(difference);
  EXPECT_GT(difference->line, 0u) << "the first request is sent by the client, who is not at fault";
  EXPECT_NE(difference->first, difference->second);
  EXPECT_NE(difference->first.find("attempt"), std::string::npos) << difference->first;
}

}  // namespace
}  // namespace keywalk::sim
