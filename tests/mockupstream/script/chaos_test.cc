// Goal: which steps chaos hits depends on seed, lane, route and step number alone.
// Method: numbers compared with ones computed by another program; 64 connections against one.

#include "mockupstream/script/chaos.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kLane = R"({"steps": [{"text": "plain"}], "chaos": {"seed": 7, "draws": [
    {"probability": 0.2, "status": 429, "headers": {"Retry-After": "1"}},
    {"probability": 0.1, "status": 503}]}})";

Chaos MakeChaos(std::uint64_t seed, const std::vector<double>& probabilities) {
  Chaos chaos;
  chaos.seed = seed;
  for (const double probability : probabilities) chaos.draws.push_back({probability, ScriptStep()});
  return chaos;
}

std::vector<std::uint64_t> NumbersOf(const ChaosTable& table) {
  return {table.NumberOf(0), table.NumberOf(1), table.NumberOf(10'000)};
}

TEST(ChaosTest, NumbersAreTheSameOnEveryMachine) {
  const Chaos one = MakeChaos(1, {});
  const Chaos zero = MakeChaos(0, {});
  EXPECT_EQ(NumbersOf(ChaosTable(one, "k0", "")),
            (std::vector<std::uint64_t>{4309821947566036u, 2889482140753625u, 8491837437801595u}));
  EXPECT_EQ(NumbersOf(ChaosTable(one, "k0", "r")),
            (std::vector<std::uint64_t>{7045351553603545u, 4259283704760004u, 4950611511729369u}));
  EXPECT_EQ(NumbersOf(ChaosTable(zero, "default", "")),
            (std::vector<std::uint64_t>{8990663188610909u, 5393161560257444u, 732874571182662u}));
}

TEST(ChaosTest, HitsAsOftenAsItSays) {
  const Chaos chaos = MakeChaos(3, {0.25, 0, 0.5});
  const ChaosTable table(chaos, "k0", "");
  std::size_t hits[3] = {};
  std::size_t none = 0;
  constexpr int kSteps = 100'000;
  for (int i = 0; i < kSteps; ++i) {
    const auto hit = table.Hit(static_cast<std::uint64_t>(i));
    ++(hit ? hits[*hit] : none);
  }
  EXPECT_NEAR(static_cast<double>(hits[0]), 0.25 * kSteps, 0.01 * kSteps);
  EXPECT_EQ(hits[1], 0u);
  EXPECT_NEAR(static_cast<double>(hits[2]), 0.5 * kSteps, 0.01 * kSteps);
  EXPECT_NEAR(static_cast<double>(none), 0.25 * kSteps, 0.01 * kSteps);
}

TEST(ChaosTest, ACertainDrawAlwaysHits) {
  const Chaos chaos = MakeChaos(3, {1});
  const ChaosTable table(chaos, "k0", "");
  for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_EQ(table.Hit(i), 0u);
}

// (step, status, draw) of every request, in any order.
using Answers = std::multiset<std::tuple<std::size_t, int, std::size_t>>;

Answers AskAll(std::size_t connections, std::size_t requests) {
  const auto server = StartMock(OneLane(kLane));
  std::vector<std::thread> clients;
  for (std::size_t i = 0; i < connections; ++i) {
    clients.emplace_back([&server, count = requests / connections] {
      RawClient client(server->port());
      for (std::size_t n = 0; n < count; ++n) {
        client.Send(Post(kKey));
        ReadReply(client);
      }
    });
  }
  for (std::thread& client : clients) client.join();
  WaitForEnds(*server, requests);
  Answers answers;
  for (const JournalEntry& entry : server->Journal()) {
    answers.emplace(entry.step.value(), entry.status, entry.chaos.value_or(99));
  }
  return answers;
}

TEST(ChaosTest, ConcurrencyChangesNothing) {
  constexpr std::size_t kRequests = 1280;
  const Answers alone = AskAll(1, kRequests);
  EXPECT_EQ(alone.size(), kRequests);
  EXPECT_EQ(alone, AskAll(64, kRequests));
  std::set<std::size_t> draws;
  for (const auto& [step, status, draw] : alone) {
    draws.insert(draw);
    EXPECT_EQ(status, draw == 0 ? 429 : draw == 1 ? 503 : 200);
  }
  EXPECT_EQ(draws, (std::set<std::size_t>{0, 1, 99}));
}

TEST(ChaosTest, TheScriptsIsForLanesThatHaveNone) {
  const auto server = StartMock(Parse(R"({"schema_version": "1.0",
      "chaos": {"draws": [{"probability": 1, "status": 503}]},
      "lanes": {"sk-a": [{}], "sk-b": {"steps": [{}], "chaos": {"draws": []}}},
      "default_lane": [{}]})"));
  EXPECT_EQ(Ask(*server, "sk-a").status, 503);
  EXPECT_EQ(Ask(*server, "sk-b").status, 200);
  EXPECT_EQ(Ask(*server, "other").status, 503);
}

TEST(ChaosTest, RefusesWhatIsNoProbability) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({})", "/chaos/draws: is required"},
      {R"({"draws": [{}]})", "/chaos/draws/0/probability: is required"},
      {R"({"draws": [{"probability": 1.1}]})", "/probability: expected a number"},
      {R"({"draws": [{"probability": "1"}]})", "/probability: expected a number"},
      {R"({"draws": [{"probability": 0.6}, {"probability": 0.6}]})",
       "/draws: probabilities add up"},
      {R"({"draws": [{"probability": 1, "times": 2}]})", "/draws/0/times: unknown key"},
      {R"({"seed": -1, "draws": []})", "/seed: must be between"},
  };
  for (const auto& [chaos, reason] : cases) {
    const Result<Script> script = ParseScript(
        R"({"schema_version": "1.0", "default_lane": [{}], "chaos": )" + std::string(chaos) + "}",
        "s.json");
    ASSERT_FALSE(script.ok()) << chaos;
    EXPECT_THAT(script.error().message(), HasSubstr(reason));
  }
}

}  // namespace
}  // namespace keywalk::mock::testing
