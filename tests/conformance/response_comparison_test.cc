// Goal: an answer that differs is told, one that does not is not.
// Method: each kind of expectation with an answer that meets it and one that misses it.
#include "conformance/response_comparison.h"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>

namespace keywalk::conformance {
namespace {

using nlohmann::json;

std::vector<Mismatch> Compare(const ExpectedResponse& expected, const ReceivedResponse& received) {
  std::vector<Mismatch> mismatches;
  CompareResponse(expected, received, "r0", mismatches);
  return mismatches;
}

TEST(ResponseComparisonTest, HeadersCompareByNameWithoutCaseAndInOrder) {
  ExpectedResponse expected;
  expected.headers = {{"Set-Cookie", "a"}, {"Set-Cookie", "b"}};
  ReceivedResponse received;
  received.headers = {{"set-cookie", "a"}, {"X-Other", "x"}, {"SET-COOKIE", "b"}};
  EXPECT_TRUE(Compare(expected, received).empty());
  received.headers = {{"set-cookie", "b"}, {"set-cookie", "a"}};
  EXPECT_EQ(Compare(expected, received).size(), 1u);
  received.headers = {{"set-cookie", "a"}, {"set-cookie", "b"}, {"set-cookie", "c"}};
  EXPECT_EQ(Compare(expected, received).size(), 1u);
}

TEST(ResponseComparisonTest, AbsentHeadersMustBeAbsent) {
  ExpectedResponse expected;
  expected.absent_headers = {"Retry-After"};
  ReceivedResponse received;
  EXPECT_TRUE(Compare(expected, received).empty());
  received.headers.Add("retry-after", "3");
  EXPECT_EQ(Compare(expected, received).size(), 1u);
}

TEST(ResponseComparisonTest, BytesCompareExactly) {
  ExpectedResponse expected;
  expected.content.bytes = std::make_shared<const std::string>("hello");
  ReceivedResponse received;
  received.body = "hello";
  EXPECT_TRUE(Compare(expected, received).empty());
  received.body = "help!";
  const std::vector<Mismatch> mismatches = Compare(expected, received);
  ASSERT_EQ(mismatches.size(), 1u);
  EXPECT_NE(mismatches[0].actual.find("from byte 3"), std::string::npos);
}

TEST(ResponseComparisonTest, JsonComparesByValue) {
  ExpectedResponse expected;
  expected.content.json = std::make_shared<const json>(json{{"a", 1}, {"b", {1, 2}}});
  ReceivedResponse received;
  received.body = R"({ "b": [1, 2], "a": 1 })";
  EXPECT_TRUE(Compare(expected, received).empty());
  received.body = R"({"b": [1, 2], "a": 1, "c": 0})";
  EXPECT_EQ(Compare(expected, received).size(), 1u);
  received.body = "not JSON";
  EXPECT_EQ(Compare(expected, received).size(), 1u);
}

TEST(ResponseComparisonTest, MessagesCompareUpToTheParenthesis) {
  const json part = {{"error", {{"message", "all keys are rate-limited"}}}};
  EXPECT_TRUE(Includes(
      {{"error", {{"message", "all keys are rate-limited (retry after 3s)"}, {"x", 1}}}}, part));
  EXPECT_FALSE(Includes({{"error", {{"message", "all keys are gone"}}}}, part));
  EXPECT_FALSE(Includes({{"error", {{"note", "all keys are rate-limited"}}}}, part));
  EXPECT_FALSE(Includes(json::array({1, 2, 3}), json::array({1, 2})));
}

TEST(ResponseComparisonTest, AnIncompleteAnswerIsTold) {
  ExpectedResponse expected;
  ReceivedResponse received;
  received.complete = false;
  EXPECT_EQ(Compare(expected, received).size(), 1u);
  expected.incomplete = true;
  EXPECT_TRUE(Compare(expected, received).empty());
}

TEST(ResponseComparisonTest, EventsAreParsedAsBrowsersDo) {
  const std::vector<mock::SseEvent> events =
      ParseEvents(": comment\r\nevent: a\r\ndata: 1\r\ndata:2\r\n\r\nid: 7\n\ndata\n\ndata: cut");
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].event, "a");
  EXPECT_EQ(events[0].data, "1\n2");
  EXPECT_EQ(events[1].event, "");
  EXPECT_EQ(events[1].data, "");
}

}  // namespace
}  // namespace keywalk::conformance
