// Goal: steps are served in order, each exactly once, whatever the concurrency and the lane's end.
// Method: lanes without a server; threads that take turns as fast as they can.

#include "mockupstream/lanes/lane_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock {
namespace {

Lane MakeLane(AtEnd at_end, const std::vector<std::pair<int, std::size_t>>& status_and_times) {
  Lane lane;
  lane.at_end = at_end;
  for (const auto& [status, times] : status_and_times) {
    ScriptStep step;
    step.status = status;
    step.times = times;
    lane.steps.push_back(std::move(step));
  }
  return lane;
}

// The statuses of the next turns; 0 where there is no step.
std::vector<int> Statuses(LaneState& lane, int turns) {
  std::vector<int> statuses;
  for (int i = 0; i < turns; ++i) {
    const LaneState::Turn turn = lane.Take();
    statuses.push_back(turn.step == nullptr ? 0 : turn.step->status);
  }
  return statuses;
}

TEST(LaneStateTest, RepeatsAStepAsOftenAsItSays) {
  LaneState lane(MakeLane(AtEnd::kRepeatLast, {{429, 3}, {200, 1}}));
  EXPECT_EQ(Statuses(lane, 6), (std::vector<int>{429, 429, 429, 200, 200, 200}));
  EXPECT_EQ(lane.served(), 6u);
}

TEST(LaneStateTest, Loops) {
  LaneState lane(MakeLane(AtEnd::kLoop, {{429, 2}, {200, 1}}));
  EXPECT_EQ(Statuses(lane, 7), (std::vector<int>{429, 429, 200, 429, 429, 200, 429}));
}

TEST(LaneStateTest, FailsLoudlyPastItsEnd) {
  LaneState lane(MakeLane(AtEnd::kFailLoud, {{429, 1}, {200, 1}}));
  EXPECT_EQ(Statuses(lane, 4), (std::vector<int>{429, 200, 0, 0}));
  EXPECT_EQ(lane.served(), 2u);
  EXPECT_FALSE(lane.Take().number.has_value());
}

TEST(LaneStateTest, ALaneWithoutStepsHasNone) {
  LaneState lane(MakeLane(AtEnd::kFailLoud, {}));
  EXPECT_EQ(Statuses(lane, 2), (std::vector<int>{0, 0}));
  EXPECT_EQ(lane.served(), 0u);
}

TEST(LaneStateTest, ServesEveryStepOnceUnderEightThreads) {
  constexpr std::size_t kThreads = 8;
  constexpr std::size_t kSteps = 40'000;
  std::vector<std::pair<int, std::size_t>> steps;
  for (std::size_t i = 0; i < kSteps; ++i) steps.emplace_back(200 + static_cast<int>(i % 700), 1);
  LaneState lane(MakeLane(AtEnd::kFailLoud, steps));

  std::vector<std::vector<std::size_t>> taken(kThreads);
  std::vector<std::thread> threads;
  for (std::vector<std::size_t>& mine : taken) {
    threads.emplace_back([&lane, &mine] {
      for (LaneState::Turn turn = lane.Take(); turn.step != nullptr; turn = lane.Take()) {
        if (turn.step != &lane.lane().steps[*turn.number]) return;  // found below: one is missing
        mine.push_back(*turn.number);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  std::vector<std::size_t> all;
  for (const std::vector<std::size_t>& mine : taken) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), kSteps);
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end()) << "a step was served twice";
  EXPECT_EQ(lane.served(), kSteps);
}

TEST(LaneTableTest, FindsTheKeysLaneElseTheDefaultOne) {
  const LaneTable table(testing::Parse(R"({"schema_version": "1.0",
      "lanes": {"sk-aaaaaaaaaaaaaaaaaaaa": [{}], "sk-b": {"name": "b", "steps": [{}]}},
      "default_lane": [{}]})"));
  EXPECT_EQ(table.Find("sk-b")->lane().name, "b");
  EXPECT_EQ(table.Find("sk-aaaaaaaaaaaaaaaaaaaa")->lane().name, "sk-a...aaaa");
  EXPECT_EQ(table.Find("other")->lane().name, "default");
  EXPECT_EQ(table.Find("")->lane().name, "default");
  EXPECT_EQ(LaneTable(Script()).Find("other"), nullptr);
}

TEST(LaneTableTest, AddingKeepsOtherLanesWhereTheyAre) {
  const std::string head = R"({"schema_version": "1.0", "lanes": {)";
  LaneTable table(testing::Parse(head + R"("sk-a": [{}], "sk-b": [{}]}})"));
  table.Find("sk-a")->Take();
  table.Find("sk-b")->Take();
  table.Add(testing::Parse(head + R"("sk-b": [{"status": 500}], "sk-c": [{}]}})"));
  EXPECT_EQ(table.Find("sk-a")->served(), 1u);
  EXPECT_EQ(table.Find("sk-b")->served(), 0u);
  EXPECT_EQ(table.Find("sk-b")->Take().step->status, 500);
  EXPECT_NE(table.Find("sk-c"), nullptr);
}

TEST(LaneTableTest, ResetStartsEveryLaneOver) {
  LaneTable table(testing::Parse(
      R"({"schema_version": "1.0", "lanes": {"sk-a": [{"status": 429}, {}]},
          "default_lane": [{}]})"));
  const std::shared_ptr<LaneState> in_flight = table.Find("sk-a");
  in_flight->Take();
  table.Find("")->Take();
  table.Reset();
  EXPECT_EQ(table.Find("sk-a")->Take().step->status, 429);
  EXPECT_EQ(table.Find("")->served(), 0u);
  EXPECT_EQ(in_flight->Take().step->status, 200);  // the old lane goes on for who holds it
}

constexpr std::string_view kTwoLanes = R"({"schema_version": "1.0",
    "lanes": {"sk-a": [{"status": 429}, {}], "sk-b": [{}]}, "default_lane": [{"status": 418}]})";

// The keys of the lanes that a table holds a state for.
std::vector<std::string> Used(const LaneTable& table) {
  std::vector<std::string> keys;
  for (const LaneTable::Progress& lane : table.Lanes()) {
    if (lane.state) keys.push_back(lane.key.empty() ? "default" : lane.key);
  }
  return keys;
}

TEST(LaneTableTest, WhatStartsOverSharesTheLanesAndHoldsTheStatesThatItUses) {
  const LaneTable table(testing::Parse(kTwoLanes));
  table.Find("sk-a")->Take();
  const std::unique_ptr<LaneTable> other = table.StartOver();
  EXPECT_EQ(Used(*other), std::vector<std::string>());
  EXPECT_EQ(other->masker(), table.masker());
  EXPECT_EQ(other->Find("sk-a")->Take().step->status, 429);
  EXPECT_EQ(other->Find("sk-a")->plan(), table.Find("sk-a")->plan());
  EXPECT_EQ(other->Find("none")->Take().step->status, 418);
  EXPECT_EQ(Used(*other), (std::vector<std::string>{"sk-a", "default"}));
  EXPECT_EQ(other->served(), 2u);
  EXPECT_EQ(table.served(), 1u);
  ASSERT_EQ(other->Lanes().size(), 3u);
  EXPECT_EQ(other->Lanes()[0].served(0), 1u);
  EXPECT_EQ(other->Lanes()[1].served(0), 0u);
  EXPECT_EQ(other->Lanes()[2].plan->lane().name, "default");
}

TEST(LaneTableTest, AChangeOfOneIsNoneOfThoseThatStartedFromIt) {
  LaneTable table(testing::Parse(kTwoLanes));
  const std::unique_ptr<LaneTable> other = table.StartOver();
  const std::unique_ptr<LaneTable> third = table.StartOver();
  const Script added = testing::Parse(
      R"({"schema_version": "1.0", "lanes": {"sk-b": [{"status": 500}], "sk-long-added": [{}]},
          "default_lane": [{"status": 503}]})");
  table.Add(added);
  EXPECT_EQ(table.Find("sk-b")->Take().step->status, 500);
  EXPECT_EQ(table.Find("none")->Take().step->status, 503);
  EXPECT_EQ(other->Find("sk-b")->Take().step->status, 200);
  EXPECT_EQ(other->Find("sk-long-added")->Take().step->status, 418) << "the default lane";
  EXPECT_EQ(other->masker()->Mask("sk-long-added"), "sk-long-added");
  EXPECT_NE(table.masker()->Mask("sk-long-added"), "sk-long-added");
  other->Add(added);
  EXPECT_EQ(other->Find("sk-b")->Take().step->status, 500);
  EXPECT_EQ(third->Find("sk-b")->Take().step->status, 200);
}

// A state that is made late is of the same quota.
TEST(LaneTableTest, AnOrganisationsQuotaOutlivesTheLaneThatUsedIt) {
  const std::string lane =
      R"({"model": {"provider": "openai", "organisation": "o"}, "steps": [{}]})";
  LaneTable table(testing::Parse(
      R"({"schema_version": "1.0", "organisations": {"o": {"limits": [
            {"kind": "fixed_window", "count": "requests", "limit": 1, "per": "day"}]}},
          "lanes": {"sk-a": )" +
      lane + R"(, "sk-b": )" + lane + "}}"));
  const auto admitted = [&table](std::string_view key) {
    return table.Find(key)->gate()->Admit(Milliseconds(0), {}).admission.admitted();
  };
  EXPECT_TRUE(admitted("sk-a"));
  table.Add(testing::Parse(R"({"schema_version": "1.0", "lanes": {"sk-a": [{}]}})"));
  EXPECT_EQ(table.Find("sk-a")->gate(), nullptr);
  EXPECT_FALSE(admitted("sk-b"));
  table.Reset();
  EXPECT_TRUE(admitted("sk-b"));
}

}  // namespace
}  // namespace keywalk::mock
