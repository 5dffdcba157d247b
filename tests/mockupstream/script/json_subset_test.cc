// Goal: a value has what is asked of it, or the first difference is named. Method: pairs of texts.

#include "mockupstream/script/json_subset.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace keywalk::mock {
namespace {

using nlohmann::json;

// "POINTER: EXPECTED, ACTUAL", or "" if there is no difference.
std::string Difference(const char* expected_text, const char* actual_text) {
  const json expected = json::parse(expected_text);
  const json actual = json::parse(actual_text);
  const auto difference = FirstDifference(expected, actual);
  if (!difference) return "";
  return difference->pointer + ": " + difference->expected->dump() + ", " +
         (difference->actual == nullptr ? "nothing" : difference->actual->dump());
}

TEST(JsonSubsetTest, HasWhatIsAskedFor) {
  EXPECT_EQ(Difference(R"({})", R"({"a": 1})"), "");
  EXPECT_EQ(Difference(R"({"a": {"b": 1}})", R"({"a": {"b": 1.0, "c": 2}, "d": []})"), "");
  EXPECT_EQ(Difference(R"([{"a": 1}, 2])", R"([{"a": 1, "b": 1}, 2])"), "");
  EXPECT_EQ(Difference("null", "null"), "");
}

TEST(JsonSubsetTest, NamesTheFirstDifference) {
  EXPECT_EQ(Difference(R"({"a": 1})", R"({"b": 1})"), "/a: 1, nothing");
  EXPECT_EQ(Difference(R"({"a/b": {"c": [1, 2]}})", R"({"a/b": {"c": [1, 3]}})"),
            "/a~1b/c/1: 2, 3");
  EXPECT_EQ(Difference(R"({"a": [1]})", R"({"a": [1, 2]})"), "/a: [1], [1,2]");
  EXPECT_EQ(Difference(R"({})", R"([])"), ": {}, []");
  EXPECT_EQ(Difference(R"({"a": null})", R"({"a": 0})"), "/a: null, 0");
  EXPECT_EQ(Difference(R"("1")", "1"), ": \"1\", 1");
}

}  // namespace
}  // namespace keywalk::mock
