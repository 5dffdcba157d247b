// Goal: nesting that would take the stack is seen, whatever stands in strings. Method: its edges.

#include "mockupstream/script/json_depth.h"

#include <gtest/gtest.h>

#include <string>

namespace keywalk::mock {
namespace {

TEST(JsonDepthTest, TwoHundredLevelsAreNotDeep) {
  EXPECT_FALSE(IsDeepJson(std::string(200, '[') + std::string(200, ']')));
  EXPECT_TRUE(IsDeepJson(std::string(201, '[') + std::string(201, ']')));
  EXPECT_TRUE(IsDeepJson(std::string(200'000, '{')));
  std::string flat = "[";
  for (int i = 0; i < 1000; ++i) flat += "[{}],";
  EXPECT_FALSE(IsDeepJson(flat + "0]"));
}

TEST(JsonDepthTest, StringsHaveNoBrackets) {
  const std::string deep = std::string(300, '[') + std::string(300, ']');
  EXPECT_FALSE(IsDeepJson("[\"\\\"" + deep + "\"]"));
  EXPECT_TRUE(IsDeepJson("[\"" + std::string(300, ']') + "\\\\\"," + deep + "]"));
}

}  // namespace
}  // namespace keywalk::mock
