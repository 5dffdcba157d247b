// Goal: whatever the concurrency, every step of a lane is served exactly once, and in order.
// Method: 64 connections over real sockets, ten thousand steps whose bodies are their numbers.

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock::testing {
namespace {

constexpr std::size_t kConnections = 64;
constexpr std::size_t kSteps = 10'000;

Script NumberedSteps() {
  Lane lane;
  lane.name = "k0";
  lane.at_end = AtEnd::kFailLoud;
  for (std::size_t n = 0; n < kSteps; ++n) {
    ScriptStep step;
    step.body = std::make_shared<const std::string>(std::to_string(n));
    lane.steps.push_back(std::move(step));
  }
  Script script;
  script.lanes.emplace(kKey, std::move(lane));
  return script;
}

// The numbers that one connection got, until the lane was at its end.
std::vector<std::size_t> AskToTheEnd(const MockServer& server) {
  std::vector<std::size_t> numbers;
  RawClient client(server.port());
  const std::string request = Post(kKey);
  for (;;) {
    client.Send(request);
    const RawReply reply = ReadReply(client);
    if (reply.status != 200) return numbers;
    numbers.push_back(std::stoul(reply.body));
  }
}

std::vector<std::size_t> Counting() {
  std::vector<std::size_t> numbers(kSteps);
  std::iota(numbers.begin(), numbers.end(), std::size_t{0});
  return numbers;
}

TEST(HammerTest, EveryStepIsServedOnceAndInOrder) {
  const auto server = StartMock(NumberedSteps());
  std::vector<std::vector<std::size_t>> served(kConnections);
  std::vector<std::thread> clients;
  for (std::vector<std::size_t>& mine : served) {
    clients.emplace_back([&server, &mine] { mine = AskToTheEnd(*server); });
  }
  for (std::thread& client : clients) client.join();

  std::vector<std::size_t> all;
  for (const std::vector<std::size_t>& mine : served) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end())) << "a later request got an earlier step";
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, Counting());

  // Each client also asked once past the end.
  WaitForEnds(*server, kSteps + kConnections);
  const std::vector<JournalEntry> journal = server->Journal();
  ASSERT_EQ(journal.size(), kSteps + kConnections);
  std::vector<std::size_t> steps;
  for (std::size_t i = 0; i < journal.size(); ++i) {
    ASSERT_EQ(journal[i].sequence, i);
    EXPECT_EQ(journal[i].status, journal[i].step ? 200 : 599);
    if (journal[i].step) steps.push_back(*journal[i].step);
  }
  std::sort(steps.begin(), steps.end());
  EXPECT_EQ(steps, Counting());
  EXPECT_EQ(server->steps_served(std::string(kKey)), kSteps);
}

}  // namespace
}  // namespace keywalk::mock::testing
