// Goal: keys are read one a line, as people write such files on any system.
// Method: texts in memory, and a file that is not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "keywalk/config.h"

namespace keywalk {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(KeyLinesTest, OneKeyALineInOrder) {
  EXPECT_THAT(ParseKeyLines("sk-b\nsk-a\nsk-c\n"), ElementsAre("sk-b", "sk-a", "sk-c"));
}

TEST(KeyLinesTest, TheLastLineNeedsNoEnd) {
  EXPECT_THAT(ParseKeyLines("sk-a\nsk-b"), ElementsAre("sk-a", "sk-b"));
}

TEST(KeyLinesTest, BlankLinesAndCommentsAreIgnored) {
  EXPECT_THAT(ParseKeyLines("\n# primary\nsk-a\n \t\n  # fallback\nsk-b\n\n"),
              ElementsAre("sk-a", "sk-b"));
}

TEST(KeyLinesTest, WhiteSpaceAroundAKeyIsIgnored) {
  EXPECT_THAT(ParseKeyLines("  sk-a\t\n\tsk-b  \n"), ElementsAre("sk-a", "sk-b"));
}

TEST(KeyLinesTest, LinesMayEndAsOnWindows) {
  EXPECT_THAT(ParseKeyLines("sk-a\r\n\r\nsk-b\r\n"), ElementsAre("sk-a", "sk-b"));
}

TEST(KeyLinesTest, ANumberSignInsideAKeyIsPartOfIt) {
  EXPECT_THAT(ParseKeyLines("sk-a#1\n"), ElementsAre("sk-a#1"));
}

// The pool refuses them, with a message that names the position; a reader that dropped them in
// silence would let an operator believe in a key that is not used.
TEST(KeyLinesTest, WrongAndRepeatedKeysAreLeftForThePoolToRefuse) {
  EXPECT_THAT(ParseKeyLines("sk-a\nsk-a\nsk-\x01\n"), ElementsAre("sk-a", "sk-a", "sk-\x01"));
}

TEST(KeyLinesTest, NothingGivesNoKeys) {
  EXPECT_THAT(ParseKeyLines(""), IsEmpty());
  EXPECT_THAT(ParseKeyLines("\n# only a comment"), IsEmpty());
}

TEST(KeysFileTest, AFileThatCannotBeReadIsAnError) {
  const auto keys = LoadKeysFile("/nonexistent/keys");
  ASSERT_FALSE(keys.ok());
  EXPECT_EQ(keys.error().message(), "/nonexistent/keys: cannot be read: No such file or directory");
}

}  // namespace
}  // namespace keywalk
