// Goal: the same seed gives the same run, whatever compiled it: every build of every compiler,
// optimisation and sanitizer meets the same hashes.
// Method: fixtures of hashes. After a change that is meant to change runs, take what the failure
// prints.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "config/json_reader.h"
#include "keywalk/config.h"
#include "sim/gateway/core_gateway.h"
#include "sim/run/run_world.h"
#include "sim/run/trace.h"
#include "sim/world/world_json.h"

namespace keywalk::sim {
namespace {

TEST(SameSeedTest, EveryBuildGivesTheHashesOnRecord) {
  config::JsonProblems problems("trace_hashes.json");
  const nlohmann::json runs =
      config::ReadJsonFile(KEYWALK_SOURCE_DIR "/tests/sim/trace_hashes.json", problems);
  ASSERT_FALSE(problems.any()) << problems.error().message();
  ASSERT_FALSE(runs.at("runs").empty());
  for (const nlohmann::json& run : runs.at("runs")) {
    SCOPED_TRACE(run.dump());
    const std::string name = run.at("world");
    const Result<World> world = LoadWorld(KEYWALK_SOURCE_DIR "/sim/worlds/" + name + ".json");
    ASSERT_TRUE(world.ok()) << world.error().message();
    const Result<Policy> policy = LoadPolicy(run.at("policy").get<std::string>());
    ASSERT_TRUE(policy.ok()) << policy.error().message();
    RunOptions options;
    options.seed = run.at("seed");
    options.interleave = run.at("interleave");
    TraceHash hash;
    RunWorld(*world, *policy, options, NewCoreGateway, {&hash});
    EXPECT_EQ(hash.text(), run.at("trace").get<std::string>());
  }
}

}  // namespace
}  // namespace keywalk::sim
