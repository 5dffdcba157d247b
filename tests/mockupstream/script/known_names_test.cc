// Goal: an error text shows a name whole only if it is one of the format, or nearly so.
// Method: names against a short list.

#include "mockupstream/script/known_names.h"

#include <gtest/gtest.h>

#include <string>

namespace keywalk::mock {
namespace {

constexpr std::string_view kKnown[] = {"at", "status", "body_sha256"};

TEST(KnownNamesTest, WhatIsNearlyOneIsShown) {
  for (const char* name : {"at", "status", "statsu", "stauts", "satus", "body_sha265"}) {
    EXPECT_EQ(ShownName(name, kKnown), name);
  }
}

TEST(KnownNamesTest, WhatMayBeAKeyIsMasked) {
  EXPECT_EQ(ShownName("sk-test-lane-key-0000000000", kKnown), "sk-t...0000");
  EXPECT_EQ(ShownName("statussecret", kKnown), "st...et");
  EXPECT_EQ(ShownName("stat", kKnown), "...") << "two mistakes in four letters";
  EXPECT_EQ(ShownName("ad", kKnown), "...") << "a short name is near to many";
  EXPECT_EQ(ShownName("", kKnown), "...");
  EXPECT_EQ(ShownName(std::string(4096, 'a'), kKnown), "aaaa...aaaa");
}

TEST(KnownNamesTest, AnIndexHasSomethingAboveIt) {
  EXPECT_TRUE(IsArrayIndex("steps", "0"));
  EXPECT_TRUE(IsArrayIndex("steps", "1234567"));
  EXPECT_FALSE(IsArrayIndex("steps", "12345678")) << "a key of digits";
  EXPECT_FALSE(IsArrayIndex("steps", ""));
  EXPECT_FALSE(IsArrayIndex("steps", "1a"));
  EXPECT_FALSE(IsArrayIndex("", "0"));
}

}  // namespace
}  // namespace keywalk::mock
