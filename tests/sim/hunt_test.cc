// Hunts in worker processes, what they write, and how it is put together.
#include "sim/check/hunt.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "sim/check/check_command.h"
#include "sim/check/finding.h"
#include "sim/check/planted_bug.h"
#include "sim/check/seed_check.h"
#include "sim/gateway/core_gateway.h"

namespace keywalk::sim {
namespace {

Result<HuntResult> HuntIn(const std::string& bug, HuntLimits limits, bool shrink = false) {
  HuntSpec spec;
  spec.bug = bug.empty() ? nullptr : FindPlantedBug(bug);
  spec.shrink = shrink;
  const Result<SeedCheck> check = SeedCheck::Make(std::move(spec));
  if (!check) return check.error();
  return Hunt(*check, limits, [](const HuntProgress&) {});
}

HuntLimits Seeds(std::uint64_t first, std::uint64_t last, int jobs, std::uint64_t most = 1000) {
  HuntLimits limits;
  limits.seeds = SeedRange{first, last};
  limits.jobs = jobs;
  limits.max_findings = most;
  return limits;
}

std::vector<std::uint64_t> SeedsOf(const HuntResult& result) {
  std::vector<std::uint64_t> seeds;
  for (const Finding& finding : result.findings) seeds.push_back(finding.seed);
  return seeds;
}

TEST(HuntTest, FindsTheSameWithAnyNumberOfWorkers) {
  const auto alone = HuntIn("same-key-again", Seeds(1, 60, 1));
  const auto together = HuntIn("same-key-again", Seeds(1, 60, 3));
  ASSERT_TRUE(alone.ok() && together.ok());
  EXPECT_EQ(alone->seeds_done, 60u);
  EXPECT_EQ(together->seeds_done, 60u);
  EXPECT_EQ(alone->requests, together->requests);
  EXPECT_FALSE(alone->findings.empty());
  EXPECT_EQ(SeedsOf(*alone), SeedsOf(*together));
}

TEST(HuntTest, ReportsACrashWithItsSeedAndGoesOn) {
  const auto result = HuntIn("crashes", Seeds(1, 100, 2));
  ASSERT_TRUE(result.ok());
  ASSERT_GE(result->findings.size(), 3u);
  std::set<std::uint64_t> seeds;
  for (const Finding& finding : result->findings) {
    EXPECT_EQ(finding.kind, Finding::Kind::kCrash);
    EXPECT_NE(finding.message.find("signal 6"), std::string::npos) << finding.message;
    seeds.insert(finding.seed);
  }
  EXPECT_EQ(seeds.size(), result->findings.size());
  EXPECT_EQ(result->seeds_done + seeds.size(), 100u);
  EXPECT_EQ(ExitStatus(result->findings), 5);
}

TEST(HuntTest, EndsAfterSoManyFailures) {
  const auto result = HuntIn("same-key-again", Seeds(1, 1'000'000, 2, 2));
  ASSERT_TRUE(result.ok());
  EXPECT_GE(result->findings.size(), 2u);
  EXPECT_LT(result->seeds_done, 1'000u);
}

TEST(HuntTest, EndsInTime) {
  HuntLimits limits = Seeds(1, ~std::uint64_t{0}, 2);
  limits.time = std::chrono::milliseconds(50);
  const auto result = HuntIn("", limits);
  ASSERT_TRUE(result.ok());
  EXPECT_GT(result->seeds_done, 0u);
  EXPECT_EQ(result->seeds.front().first, 1u);
  EXPECT_GE(result->seeds.front().last, result->seeds_done);
}

TEST(HuntTest, ASeedWithoutEndIsACrash) {
  HuntLimits limits = Seeds(1, 100, 1, 1);
  limits.longest_seed = std::chrono::milliseconds(200);
  const auto result = HuntIn("hangs", limits);
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->findings.size(), 1u);
  EXPECT_EQ(result->findings.front().kind, Finding::Kind::kCrash);
  EXPECT_EQ(result->findings.front().message, "the worker ended: no end after 200 ms");
}

TEST(HuntResultTest, IsReadAsItIsWritten) {
  const auto result = HuntIn("same-key-again", Seeds(1, 20, 1, 1), true);
  ASSERT_TRUE(result.ok());
  const nlohmann::json document = nlohmann::json::parse(ToJson(*result).dump());
  EXPECT_EQ(document["kind"], "hunt");
  const auto again = ReadHuntResult(document, "hunt.json");
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(ToJson(*again), ToJson(*result));
  ASSERT_EQ(again->findings.size(), 1u);
  EXPECT_TRUE(again->findings.front().shrunk);
}

HuntResult Part(std::uint64_t first, std::uint64_t last, Finding::Kind kind) {
  HuntResult part;
  part.seeds = {SeedRange{first, last}};
  part.seeds_done = last - first + 1;
  part.requests = 10;
  Finding finding;
  finding.kind = kind;
  finding.seed = first;
  finding.policy = "coder-v2";
  part.findings.push_back(finding);
  return part;
}

TEST(MergeHuntsTest, AddsUpAndSorts) {
  const auto sum =
      MergeHunts({Part(11, 20, Finding::Kind::kLiveness), Part(1, 10, Finding::Kind::kSafety)},
                 {"b.json", "a.json"});
  ASSERT_TRUE(sum.ok());
  EXPECT_EQ(sum->seeds_done, 20u);
  EXPECT_EQ(sum->requests, 20u);
  EXPECT_EQ(sum->seeds.front().first, 1u);
  EXPECT_EQ(SeedsOf(*sum), (std::vector<std::uint64_t>{1, 11}));
  EXPECT_EQ(ExitStatus(sum->findings), 3);
}

TEST(MergeHuntsTest, RefusesSharedSeedsAndOtherPolicies) {
  const auto shared =
      MergeHunts({Part(1, 10, Finding::Kind::kSafety), Part(10, 12, Finding::Kind::kSafety)},
                 {"a.json", "b.json"});
  ASSERT_FALSE(shared.ok());
  EXPECT_EQ(shared.error().message(), "b.json: seeds from 10 on are in an earlier file, too");
  HuntResult other = Part(11, 12, Finding::Kind::kSafety);
  other.policy = "coder-v1";
  EXPECT_FALSE(MergeHunts({Part(1, 10, Finding::Kind::kSafety), other}, {"a.json", "b.json"}).ok());
}

TEST(ExitStatusTest, IsThatOfTheWorst) {
  const auto status = [](std::vector<Finding::Kind> kinds) {
    std::vector<Finding> findings(kinds.size());
    for (std::size_t i = 0; i < kinds.size(); ++i) findings[i].kind = kinds[i];
    return ExitStatus(findings);
  };
  using Kind = Finding::Kind;
  EXPECT_EQ(status({}), 0);
  EXPECT_EQ(status({Kind::kDifference}), 1);
  EXPECT_EQ(status({Kind::kDifference, Kind::kLiveness}), 4);
  EXPECT_EQ(status({Kind::kLiveness, Kind::kSafety}), 3);
  EXPECT_EQ(status({Kind::kSafety, Kind::kCrash, Kind::kLiveness}), 5);
}

TEST(CheckCommandTest, SaysWhatBrokeAndHowToRepeatIt) {
  CheckOptions options;
  options.check = true;
  options.seeds = SeedRange{1, 1000};
  options.plant = "tries-cooling-keys";
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(RunCheck(options, NewCoreGateway, out, err), 3) << err.str();
  const std::string text = out.str();
  EXPECT_NE(text.find("FAILED safety, no-early-use"), std::string::npos) << text;
  EXPECT_NE(text.find("repeat: keywalk-sim --check --seed "), std::string::npos) << text;
  EXPECT_NE(text.find("--plant tries-cooling-keys"), std::string::npos) << text;
  EXPECT_NE(text.find("shrunk to 3 events"), std::string::npos) << text;
  EXPECT_NE(text.find("try"), std::string::npos) << text;
}

TEST(CheckCommandTest, RefusesWhatItDoesNotKnow) {
  CheckOptions options;
  options.check = true;
  options.plant = "no-such-bug";
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(RunCheck(options, NewCoreGateway, out, err), 2);
  EXPECT_NE(err.str().find("no-such-bug"), std::string::npos);
  options.plant.clear();
  options.policy = "no-such-policy";
  EXPECT_EQ(RunCheck(options, NewCoreGateway, out, err), 2);
}

}  // namespace
}  // namespace keywalk::sim
