// A run told as a story happens again, and what is left out of it is not needed.
#include "sim/check/shrinker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "keywalk/config.h"
#include "sim/check/planted_bug.h"
#include "sim/check/story.h"

namespace keywalk::sim {
namespace {

TEST(RemovePiecesTest, LeavesWhatIsNeeded) {
  std::vector<int> left(20);
  std::iota(left.begin(), left.end(), 0);
  std::size_t asked = 0;
  RemovePieces([&] { return left.size(); },
               [&](std::size_t from, std::size_t count) {
                 ++asked;
                 std::vector<int> without = left;
                 const auto first = without.begin() + static_cast<std::ptrdiff_t>(from);
                 without.erase(first, first + static_cast<std::ptrdiff_t>(count));
                 const auto has = [&](int n) {
                   return std::find(without.begin(), without.end(), n) != without.end();
                 };
                 if (!has(3) || !has(17)) return false;
                 left = without;
                 return true;
               });
  EXPECT_EQ(left, (std::vector<int>{3, 17}));
  EXPECT_LT(asked, 60u);
}

TEST(RemovePiecesTest, EndsWhereNothingCanGoAndWhereNothingIs) {
  std::size_t size = 3;
  RemovePieces([&] { return size; }, [](std::size_t, std::size_t) { return false; });
  EXPECT_EQ(size, 3u);
  RemovePieces([&] { return size; },
               [&](std::size_t, std::size_t count) { return size -= count, true; });
  EXPECT_EQ(size, 0u);
}

StoryRequest At(std::int64_t ms) {
  StoryRequest request;
  request.at = Milliseconds(ms);
  return request;
}

StoryAnswer Given(int status, std::int64_t takes_ms, std::size_t taker) {
  StoryAnswer given;
  given.answer.status = status;
  given.answer.takes = Milliseconds(takes_ms);
  given.taker = taker;
  return given;
}

// Two requests that are refused by the first key at different times, and one that is spared.
Story ThreeRequests() {
  Story story;
  story.name = "three requests";
  story.provider = "openai";
  story.requests = {At(0), At(5), At(100)};
  story.keys = {{"k0", true, {Given(429, 10, 0), Given(429, 10, 1)}},
                {"k1", true, {Given(200, 1, 0), Given(200, 2, 1), Given(500, 0, 2)}}};
  return story;
}

CheckedWorld Checked(const Story& story, const Policy& policy) {
  CheckedWorld checked;
  checked.world = ToWorld(story);
  checked.policy = &policy;
  return checked;
}

TEST(StoryTest, ToldAgainItIsTheSame) {
  const Story story = ThreeRequests();
  const Policy policy = *LoadPolicy("coder-v2");
  const CheckedWorld checked = Checked(story, policy);
  StoryRecorder recorder(checked.world);
  RunChecked(checked, {&recorder});
  const Story& again = recorder.story();
  ASSERT_EQ(again.requests.size(), 3u);
  ASSERT_EQ(again.keys.size(), 2u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(again.requests[i].at, story.requests[i].at);
  for (std::size_t key = 0; key < 2; ++key) {
    const std::vector<StoryAnswer>& before = story.keys[key].answers;
    const std::vector<StoryAnswer>& after = again.keys[key].answers;
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
      EXPECT_EQ(after[i].answer.status, before[i].answer.status);
      EXPECT_EQ(after[i].answer.takes, before[i].answer.takes);
      EXPECT_EQ(after[i].taker, before[i].taker);
    }
  }
  EXPECT_EQ(again.events(), 8u) << "three requests, five answers that are not an immediate 200";
}

TEST(StoryTest, FaultsAndWaitsAreKept) {
  Story story = ThreeRequests();
  story.gateways.head_timeout = Milliseconds(50);
  story.keys[0].answers = {Given(429, 0, 0), Given(200, 3, 1), Given(200, 0, 2)};
  story.keys[0].answers[0].answer.retry_after = Milliseconds(2);
  story.keys[0].answers[1].answer.fault = ListedAnswer::Fault::kResetBeforeHead;
  story.keys[0].answers[2].answer.fault = ListedAnswer::Fault::kNoAnswer;
  const Policy policy = *LoadPolicy("coder-v2");
  const CheckedWorld checked = Checked(story, policy);
  StoryRecorder recorder(checked.world);
  RunChecked(checked, {&recorder});
  const std::vector<StoryAnswer>& told = recorder.story().keys[0].answers;
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[0].answer.retry_after, Milliseconds(2));
  EXPECT_EQ(told[1].answer.fault, ListedAnswer::Fault::kResetBeforeHead);
  EXPECT_EQ(told[1].answer.takes, Milliseconds(3));
  EXPECT_EQ(told[2].answer.fault, ListedAnswer::Fault::kNoAnswer);
}

TEST(ShrinkerTest, LeavesOutWhatTheBugDoesNotNeed) {
  const Policy policy = *LoadPolicy("coder-v2");
  CheckedWorld checked = Checked(ThreeRequests(), policy);
  checked.bug = FindPlantedBug("changes-the-body");
  ASSERT_NE(RunChecked(checked).first(), nullptr);
  const std::optional<Shrunk> shrunk = ShrinkRun(checked, Invariant::kSameBody);
  ASSERT_TRUE(shrunk);
  EXPECT_EQ(shrunk->story.events(), 2u) << "a request that is refused once";
  EXPECT_EQ(shrunk->story.requests.size(), 1u);
  EXPECT_EQ(shrunk->story.requests[0].at, Milliseconds(0));
  EXPECT_FALSE(shrunk->options.interleave);
}

TEST(ShrinkerTest, SaysSoWhereTheStoryDoesNotFail) {
  const Policy policy = *LoadPolicy("coder-v2");
  EXPECT_FALSE(ShrinkRun(Checked(ThreeRequests(), policy), Invariant::kSameBody));
}

}  // namespace
}  // namespace keywalk::sim
