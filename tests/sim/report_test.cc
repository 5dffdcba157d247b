// Goal: a report can be written, read and put together again, and tells what is known of worlds.
// Method: whole runs of small worlds; parts merged and compared with the whole.
#include "sim/report/report_json.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/gateway/core_gateway.h"
#include "sim/report/compare.h"
#include "sim/report/merge.h"
#include "sim/report/metric.h"
#include "sim/report/terminal_table.h"
#include "tests/support/temp_dir.h"

namespace keywalk::sim {
namespace {

using nlohmann::json;

constexpr const char* kSmallWorld = R"({
  "schema_version": "1.0",
  "name": "small",
  "duration_ms": 60000,
  "clients": [{"name": "app", "arrivals": {"kind": "poisson", "per_second": 5},
               "retries": {"max": 1}}],
  "keys": [{"name": "k", "count": 2, "model": {"provider": "openai", "limits":
    [{"kind": "token_bucket", "count": "requests", "limit": 60, "per": "minute", "burst": 5}]}}],
  "network": {"service_ms": {"lognormal": {"median": 200, "sigma": 0.5}}}
})";

double MeanOf(const PolicyRuns& policy, std::string_view name) {
  for (const Metric& metric : Metrics()) {
    if (metric.name == name) return EstimateOf(metric, policy.runs).value().mean;
  }
  ADD_FAILURE() << "no metric " << name;
  return -1;
}

class ReportTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    return folder_.Write(name, text);
  }
  CompareOptions Small(std::uint64_t first, std::uint64_t last) {
    CompareOptions options;
    options.world = Write("small.json", kSmallWorld);
    options.policies = {"coder-v1", "coder-v2"};
    options.seeds = {first, last};
    options.timelines = 2;
    options.timeline_parts = 50;
    return options;
  }
  std::string Text(const CompareOptions& options) {
    const Result<Report> report = Compare(options, NewCoreGateway);
    EXPECT_TRUE(report.ok()) << (report ? "" : report.error().message());
    return report ? ReportToJson(*report).dump() : "";
  }
  // The exit status; what was said is in out_ and err_.
  int Merge(const std::vector<std::string>& inputs, const std::string& to = "") {
    MergeOptions options;
    options.inputs = inputs;
    options.paths.json = to;
    out_.str("");
    err_.str("");
    return RunMerge(options, {}, out_, err_);
  }

  testing::TempDir folder_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(ReportTest, ReadsWhatItWrote) {
  const std::string text = Text(Small(1, 3));
  const Result<Report> read = ReadReport(json::parse(text), "report.json");
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(ReportToJson(*read).dump(), text);
}

TEST_F(ReportTest, RunsAtTheSameTimeTellTheSame) {
  CompareOptions options = Small(1, 4);
  const std::string one_by_one = Text(options);
  options.jobs = 3;
  EXPECT_EQ(Text(options), one_by_one);
}

TEST_F(ReportTest, PartsMergedAreTheWhole) {
  CompareOptions later = Small(3, 4);
  later.timelines = 0;
  const std::string whole = Text(Small(1, 4));
  const std::string merged = folder_.File("merged.json");
  // The order of the files does not matter.
  ASSERT_EQ(Merge({Write("b.json", Text(later)), Write("a.json", Text(Small(1, 2)))}, merged), 0)
      << err_.str();
  std::stringstream text;
  text << std::ifstream(merged).rdbuf();
  EXPECT_EQ(text.str(), whole + "\n");
  EXPECT_NE(out_.str().find("4 seeds"), std::string::npos) << out_.str();
}

TEST_F(ReportTest, MergeRefusesASeedTwice) {
  const std::string a = Write("a.json", Text(Small(1, 2)));
  const std::string b = Write("b.json", Text(Small(2, 3)));
  EXPECT_EQ(Merge({a, b}), 2);
  EXPECT_NE(err_.str().find("b.json: seed 2 of coder-v1 is in an earlier file"), std::string::npos)
      << err_.str();
}

TEST_F(ReportTest, MergeRefusesAnotherWorldPolicyOrKind) {
  const std::string text = Text(Small(1, 1));
  const std::string a = Write("a.json", text);
  json other = json::parse(Text(Small(2, 2)));
  other["world"]["duration_ms"] = 50'000;
  EXPECT_EQ(Merge({a, Write("b.json", other.dump())}), 2);
  EXPECT_NE(err_.str().find("b.json: /world: "), std::string::npos) << err_.str();

  other = json::parse(Text(Small(2, 2)));
  other["policies"][1]["policy"]["cooldown"]["default_ms"] = 1;
  EXPECT_EQ(Merge({a, Write("c.json", other.dump())}), 2);
  EXPECT_NE(err_.str().find("another policy has the name coder-v2"), std::string::npos);

  EXPECT_EQ(Merge({a, Write("d.json", R"({"kind": "hunt"})")}), 2);
  EXPECT_NE(err_.str().find("d.json: /kind: not of the kind"), std::string::npos) << err_.str();
  EXPECT_EQ(Merge({Write("e.json", R"({"kind": "unheard-of"})")}), 2);
  EXPECT_NE(err_.str().find("cannot merge \"unheard-of\""), std::string::npos) << err_.str();
  EXPECT_EQ(Merge({folder_.File("nowhere.json")}), 2);
}

TEST_F(ReportTest, OtherKindsAreMergedByThoseWhoKnowThem) {
  MergeOptions options;
  options.inputs = {Write("a.json", R"({"kind": "hunt"})"), Write("b.json", R"({"kind": "hunt"})")};
  const KindMergers others = {{"hunt", [](const std::vector<json>& documents, const MergeOptions&,
                                          std::ostream& out, std::ostream&) {
                                 out << documents.size() << " hunts";
                                 return 3;
                               }}};
  EXPECT_EQ(RunMerge(options, others, out_, err_), 3);
  EXPECT_EQ(out_.str(), "2 hunts");
}

TEST_F(ReportTest, WhatIsWrongIsNamedByItsPlace) {
  const std::string text = Text(Small(1, 1));
  const auto refuse = [&](const std::string& pointer, const json& value) {
    json document = json::parse(text);
    document[json::json_pointer(pointer)] = value;
    const Result<Report> read = ReadReport(document, "r.json");
    return read.ok() ? "accepted" : read.error().message();
  };
  const std::string run = "/policies/0/runs/0";
  EXPECT_NE(refuse(run + "/attempts", -1).find("r.json: " + run + "/attempts"), std::string::npos);
  EXPECT_NE(refuse(run + "/keys", json::array()).find(run + "/keys"), std::string::npos);
  EXPECT_NE(refuse(run + "/timeline/requests/3", "x").find(run + "/timeline/requests/3"),
            std::string::npos);
  EXPECT_NE(refuse(run + "/timeline/parts", 49).find("timeline"), std::string::npos);
  EXPECT_NE(refuse(run + "/unheard-of", 1).find("unheard-of"), std::string::npos);
  EXPECT_NE(refuse("/policies/0/policy/rules", 1).find("/policies/0/policy"), std::string::npos);
  EXPECT_NE(refuse("/schema_version", "2.0").find("/schema_version"), std::string::npos);
}

TEST_F(ReportTest, WrongInputIsAnErrorBeforeARun) {
  CompareOptions options = Small(1, 1);
  options.policies = {"coder-v1", "coder-v1"};
  EXPECT_EQ(RunCompare(options, NewCoreGateway, out_, err_), 2);
  EXPECT_NE(err_.str().find("a second policy of the name coder-v1"), std::string::npos);
  options.policies = {"unheard-of"};
  EXPECT_EQ(RunCompare(options, NewCoreGateway, out_, err_), 2);
  options = Small(1, 1);
  options.seeds = {0, ~std::uint64_t{0}};
  EXPECT_EQ(RunCompare(options, NewCoreGateway, out_, err_), 2);
  EXPECT_NE(err_.str().find("more than 100000 seeds"), std::string::npos) << err_.str();
  options = Small(1, 1);
  options.paths.json = folder_.path().string();
  EXPECT_EQ(RunCompare(options, NewCoreGateway, out_, err_), 2);
  EXPECT_EQ(out_.str(), "");
}

TEST_F(ReportTest, TableWrapsPoliciesThatDoNotFit) {
  const Result<Report> report = Compare(Small(1, 2), NewCoreGateway);
  ASSERT_TRUE(report.ok());
  const std::string wide = FormatTable(*report, 200);
  const std::string narrow = FormatTable(*report, 60);
  EXPECT_NE(wide.find("coder-v1      coder-v2\n"), std::string::npos) << wide;
  const auto count = [](const std::string& text, std::string_view what) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; ++at) ++found;
    return found;
  };
  EXPECT_EQ(count(wide, "requests that succeed"), 1u);
  EXPECT_EQ(count(narrow, "requests that succeed"), 2u) << narrow;
  EXPECT_EQ(wide.find("gateway restarted"), std::string::npos) << "errors that nobody saw";
}

// --- what is known of the worlds of sim/worlds ---------------------------------------------------

Report CompareWorld(const std::string& name, std::vector<std::string> policies,
                    std::uint64_t last_seed = 2) {
  CompareOptions options;
  options.world = std::string(KEYWALK_WORLDS_DIR) + "/" + name;
  options.policies = std::move(policies);
  options.seeds = {1, last_seed};
  options.timelines = 0;
  Result<Report> report = Compare(options, NewCoreGateway);
  EXPECT_TRUE(report.ok()) << (report ? "" : report.error().message());
  return *std::move(report);
}

// coder/coder#26033: from half past for ten minutes every key is answered 401; the restart is at
// half past one.
TEST(WorldsTest, TenMinutesOf401TakeCoderV1DownUntilTheRestart) {
  const Report report = CompareWorld("401-outage.json", {"coder-v1", "coder-v2"});
  const PolicyRuns& v1 = report.policies[0];
  EXPECT_NEAR(MeanOf(v1, "longest_failing_time"), 3600, 10);
  EXPECT_NEAR(MeanOf(v1, "recovery_after_outage"), 3000, 10) << "from the outage to the restart";
  EXPECT_NEAR(MeanOf(v1, "keys_permanent"), 0.5, 0.01);
  EXPECT_GT(MeanOf(v1, "permanent"), 0.5);

  const PolicyRuns& v2 = report.policies[1];
  EXPECT_NEAR(MeanOf(v2, "longest_failing_time"), 600, 65) << "the outage and one cooldown";
  EXPECT_LE(MeanOf(v2, "recovery_after_outage"), 61) << "a cooldown is 60 s";
  EXPECT_EQ(MeanOf(v2, "keys_permanent"), 0);
  EXPECT_EQ(MeanOf(v2, "permanent"), 0);
}

TEST(WorldsTest, AHerdComesWhenACooldownEnds) {
  const Report report = CompareWorld("herd.json", {"coder-v1"});
  EXPECT_GT(MeanOf(report.policies[0], "herd_mean"), 10);
}

TEST(WorldsTest, SharedStateWastesLessThanStateOfOnesOwn) {
  const Report own = CompareWorld("replicas-own.json", {"coder-v2"}, 1);
  const Report shared = CompareWorld("replicas-shared.json", {"coder-v2"}, 1);
  EXPECT_LT(MeanOf(shared.policies[0], "wasted_attempts"),
            MeanOf(own.policies[0], "wasted_attempts") / 1.5);
}

}  // namespace
}  // namespace keywalk::sim
