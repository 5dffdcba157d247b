// Goal: a world is read as it was written, and a wrong one is refused with the place and a reason.
// Method: round trips, the files of fixtures/invalid/world, and what a schema cannot say.
#include "sim/world/world_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/config/fixture_file.h"
#include "tests/sim/world_text.h"

namespace keywalk::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::WorldOf;

constexpr const char* kPoisson =
    "'duration_ms':1000,'clients':[{'name':'a','arrivals':{'kind':'poisson','per_second':1}}]";

TEST(WorldJsonTest, EveryInvalidWorldIsRefusedWithItsMessage) {
  std::vector<std::string> listed;
  const nlohmann::json document = ReadFixture("refusals.json");
  for (const nlohmann::json& refusal : document.at("refusals")) {
    if (refusal.at("kind") != "world") continue;
    const std::string file = refusal.at("file");
    listed.push_back(file);
    SCOPED_TRACE(file + ": " + refusal.at("title").get<std::string>());
    const Result<World> world = LoadWorld(FixturePath(file));
    ASSERT_FALSE(world.ok());
    EXPECT_THAT(world.error().message(), StartsWith(FixturePath(file) + ": "));
    EXPECT_THAT(world.error().message(), HasSubstr(refusal.at("message").get<std::string>()));
  }
  std::ranges::sort(listed);
  EXPECT_EQ(listed, FixturesIn("invalid/world"));
}

TEST(WorldJsonTest, EveryWorldOfTheHouseIsReadAndWrittenAsItIs) {
  std::size_t worlds = 0;
  for (const auto& file : std::filesystem::directory_iterator(KEYWALK_SOURCE_DIR "/sim/worlds")) {
    SCOPED_TRACE(file.path().string());
    const Result<World> world = LoadWorld(file.path().string());
    ASSERT_TRUE(world.ok()) << world.error().message();
    const std::string written = ToJson(*world).dump();
    const Result<World> again = ParseWorld(written, "written");
    ASSERT_TRUE(again.ok()) << again.error().message();
    EXPECT_EQ(ToJson(*again).dump(), written);
    EXPECT_EQ(again->keys.size(), world->keys.size());
    ++worlds;
  }
  EXPECT_GE(worlds, 2u);
}

TEST(WorldJsonTest, CountStandsForManyKeysWithNamesOfTheirOwn) {
  const World world = WorldOf(std::string(kPoisson) + ",'keys':[{'name':'k','count':3}]");
  ASSERT_EQ(world.keys.size(), 3u);
  EXPECT_EQ(world.keys[0].name, "k-0");
  EXPECT_EQ(world.keys[2].name, "k-2");
}

TEST(WorldJsonTest, KeysOfAnOrganisationShareItsLimits) {
  const World world = WorldOf(
      std::string(kPoisson) +
      ",'organisations':{'o':{'limits':[{'kind':'daily_quota','count':'requests','limit':5}]}},"
      "'keys':[{'name':'k','count':2,'model':{'provider':'openai','organisation':'o'}}]");
  EXPECT_NE(world.keys[0].model.organisation, nullptr);
  EXPECT_EQ(world.keys[0].model.organisation, world.keys[1].model.organisation);
}

// What the schema lets pass and the reader does not: members that do not fit one another.
TEST(WorldJsonTest, MembersThatDoNotFitAreRefused) {
  const std::string keys = ",'keys':[{'name':'k'}]";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {std::string(kPoisson) + ",'keys':[{'name':'k'},{'name':'k'}]",
       "/keys: two keys are named the same"},
      {std::string(kPoisson) +
           ",'keys':[{'name':'k','model':{'provider':'openai','organisation':'x'}}]",
       "/keys/0/model/organisation: no organisation of that name"},
      {std::string(kPoisson) + keys + ",'network':{'service_ms':{'uniform':[2,1]}}",
       "/network/service_ms/uniform: the first number must be the smaller one"},
      {std::string(kPoisson) + keys + ",'network':{'faults':[{'from_ms':5,'to_ms':5}]}",
       "/network/faults/0/to_ms: must be later than from_ms"},
      {std::string(kPoisson) + keys +
           ",'network':{'faults':[{'no_answer':0.6,'reset_in_body':0.6}]}",
       "/network/faults/0/no_answer: the probabilities add up to more than 1"},
      {std::string(kPoisson) + keys + ",'gateways':{'restarts':[{'at_ms':1,'replica':1}]}",
       "/gateways/restarts/0/replica: must be between 0 and 0"},
      {"'duration_ms':9,'clients':[{'name':'a','arrivals':{'kind':'bursts','every_ms':5,'size':1,"
       "'spread_ms':6}}]" +
           keys,
       "/clients/0/arrivals/spread_ms: must not exceed every_ms"},
      {"'duration_ms':9,'clients':[{'name':'a','arrivals':{'kind':'listed','at_ms':[2,1]}}]" + keys,
       "/clients/0/arrivals/at_ms: expected times in milliseconds"},
  };
  for (const auto& [members, message] : cases) {
    SCOPED_TRACE(members);
    try {
      WorldOf(members);
      ADD_FAILURE() << "accepted";
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr(message));
    }
  }
}

TEST(WorldJsonTest, AFileThatIsNotThereIsNamed) {
  const Result<World> world = LoadWorld("/nowhere/world.json");
  ASSERT_FALSE(world.ok());
  EXPECT_THAT(world.error().message(), StartsWith("/nowhere/world.json: "));
}

}  // namespace
}  // namespace keywalk::sim
