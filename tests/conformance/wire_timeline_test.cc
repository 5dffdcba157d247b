// Goal: a timeline tells a possible story, though the journal counts whole milliseconds.
// Method: exchanges and journal entries written here, of a mock that started a while ago.
#include "conformance/wire_timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "conformance/case_reader.h"

namespace keywalk::conformance {
namespace {

using ::testing::ElementsAre;

Case TwoRequests() {
  config::JsonProblems problems("test");
  std::vector<Case> cases =
      ReadCases(R"({"schema_version": "1.0", "area": "test", "cases": [{"id": "a", "title": "t",
          "clauses": ["walk/1"], "policies": ["coder-v1"], "provider": "openai", "keys": ["k0"],
          "lanes": {"k0": {"steps": [{"times": 2}]}},
          "requests": [{"expect": {"attempts": ["k0"], "outcome": {"forward": 200}}},
                       {"expect": {"attempts": ["k0"], "outcome": {"forward": 200}}}]}]})",
                true, problems);
  EXPECT_FALSE(problems.any());
  return cases.front();
}

class WireTimelineTest : public ::testing::Test {
 protected:
  using TimePoint = WireTimeline::TimePoint;

  // A request that was sent so long after the mock's start, and the attempt that the journal saw
  // at `time_ms`.
  void Add(std::size_t index, std::chrono::microseconds sent, std::int64_t time_ms) {
    WireExchange exchange;
    exchange.answered = true;
    exchange.response.status = 200;
    exchange.started = mock_started_ + sent;
    exchange.duration = std::chrono::milliseconds(9);
    timeline_.AddExchange(case_.requests[index], exchange);
    mock::JournalEntry entry;
    entry.sequence = index;
    entry.time_ms = time_ms;
    entry.lane = pool_.id() + "/k0";
    entry.target = pool_.upstream_path() + "/chat/completions";
    entry.step = index;
    entry.status = 200;
    entry.answered = true;
    timeline_.Attribute(index, case_.requests[index].id);
    journal_.push_back(std::move(entry));
  }

  // The events of one request, in their order.
  std::vector<std::string> Story(const std::string& request) {
    std::vector<std::string> story;
    for (const TimelineEvent& event : timeline_.Finish(journal_, pool_)) {
      if (event.request == request) story.push_back(event.event);
    }
    return story;
  }

  const Case case_ = TwoRequests();
  const WirePool pool_{case_, "coder-v1", "http://127.0.0.1:1"};
  const TimePoint mock_started_ = std::chrono::steady_clock::now() - std::chrono::seconds(10);
  WireTimeline timeline_{mock_started_};
  std::vector<mock::JournalEntry> journal_;
};

TEST_F(WireTimelineTest, NothingArrivesBeforeItWasSent) {
  Add(0, std::chrono::microseconds(5'900), 5);  // it was there at 5.95 ms
  EXPECT_THAT(Story("r0"), ElementsAre("request sent", "attempt arrived", "answered", "response"));
}

TEST_F(WireTimelineTest, EachRequestHasAStartOfItsOwn) {
  Add(0, std::chrono::microseconds(5'000), 5);
  Add(1, std::chrono::microseconds(36'000), 36);
  std::vector<double> sent;
  for (const TimelineEvent& event : timeline_.Finish(journal_, pool_)) {
    if (event.event == "request sent") sent.push_back(event.at_ms);
  }
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_NEAR(sent[1] - sent[0], 31, 0.001);
}

}  // namespace
}  // namespace keywalk::conformance
