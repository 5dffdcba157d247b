// Goal: the header list keeps order, case and repetition, and forgets what it is told to forget.
// Method: small lists, compared field by field.
#include "keywalk/headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace keywalk {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Lines(const Headers& headers) {
  std::vector<std::string> lines;
  for (const Headers::Field field : headers) {
    lines.push_back(std::string(field.name) + ": " + std::string(field.value));
  }
  return lines;
}

TEST(HeadersTest, OrderCaseAndRepetitionAreKept) {
  Headers headers{{"Set-Cookie", "a=1"}, {"X-Empty", ""}};
  headers.Add("set-cookie", "b=2");
  EXPECT_THAT(Lines(headers), ElementsAre("Set-Cookie: a=1", "X-Empty: ", "set-cookie: b=2"));
  EXPECT_EQ(headers.Find("SET-COOKIE"), "a=1");
  EXPECT_EQ(headers.Find("x-empty"), "");
  EXPECT_EQ(headers.Find("x"), std::nullopt);
}

TEST(HeadersTest, EraseTakesEveryFieldOfThatNameAndKeepsTheRestIntact) {
  Headers headers{{"A", "1"}, {"Drop", "x"}, {"B", "22"}, {"drop", "yyyy"}, {"C", "333"}};
  EXPECT_EQ(headers.Erase("DROP"), 2u);
  EXPECT_THAT(Lines(headers), ElementsAre("A: 1", "B: 22", "C: 333"));
  EXPECT_EQ(headers.Erase("DROP"), 0u);
  headers.Add("D", "4444");
  EXPECT_THAT(Lines(headers), ElementsAre("A: 1", "B: 22", "C: 333", "D: 4444"));
}

TEST(HeadersTest, AnErasedValueIsGoneFromMemory) {
  Headers headers{{"Authorization", "Bearer sk-secret-secret"}, {"B", "2"}};
  const std::string_view value = *headers.Find("Authorization");
  const char* const begin = headers[0].name.data();
  const char* const end = value.data() + value.size();
  headers.Erase("Authorization");
  // The buffer is still the list's own: only its size went down.
  EXPECT_EQ(headers[0].name.data(), begin);
  EXPECT_EQ(std::string_view(begin, end).find("secret"), std::string_view::npos);
}

TEST(HeadersTest, EraseByANameOfOurOwnIsSafe) {
  Headers headers{{"Connection", "x"}, {"Keep", "1"}, {"connection", "y"}};
  EXPECT_EQ(headers.Erase(headers[0].name), 2u);
  EXPECT_THAT(Lines(headers), ElementsAre("Keep: 1"));
}

TEST(HeadersTest, SetReplacesAndDoesNotGrow) {
  Headers headers;
  headers.Reserve(2, 64);
  for (int i = 0; i < 1000; ++i) headers.Set("Authorization", "Bearer " + std::to_string(i));
  EXPECT_THAT(Lines(headers), ElementsAre("Authorization: Bearer 999"));
  EXPECT_EQ(headers[0].name.data() + headers[0].name.size(), headers[0].value.data());
}

TEST(HeadersTest, CopiesAreIndependent) {
  const Headers original{{"A", "1"}};
  Headers copy = original;
  copy.Set("A", "2");
  EXPECT_EQ(original.Find("A"), "1");
  EXPECT_EQ(copy.Find("A"), "2");
}

TEST(HeadersTest, TokensAreFoundInListsAndRepeatedFields) {
  const Headers headers{{"Connection", "keep-alive,  X-Drop ,"}, {"connection", "Upgrade"}};
  EXPECT_TRUE(headers.HasToken("Connection", "x-drop"));
  EXPECT_TRUE(headers.HasToken("Connection", "upgrade"));
  EXPECT_FALSE(headers.HasToken("Connection", "drop"));
  EXPECT_FALSE(headers.HasToken("Upgrade", "upgrade"));
}

TEST(HeadersTest, NamesAreTokensAndValuesCannotSplitAField) {
  EXPECT_TRUE(IsValidHeaderName("X-Api_Key.1"));
  for (const char* name : {"", "a b", "a:", "a\n", "\xc3\xa4"}) {
    EXPECT_FALSE(IsValidHeaderName(name)) << name;
  }
  EXPECT_TRUE(IsValidHeaderValue("tab\tand \xc3\xa4"));
  EXPECT_FALSE(IsValidHeaderValue("a\r\nX-Evil: 1"));
  EXPECT_FALSE(IsValidHeaderValue(std::string_view("a\0b", 3)));
}

// The check goes by words: every byte counts wherever it stands in one.
TEST(HeadersTest, EveryByteOfAValueIsCheckedWhereverItStands) {
  for (std::size_t size = 1; size <= 20; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string value(size, 'v');
      for (int byte = 0; byte < 256; ++byte) {
        value[at] = static_cast<char>(byte);
        const bool splits = byte == '\r' || byte == '\n' || byte == '\0';
        EXPECT_EQ(IsValidHeaderValue(value), !splits) << size << ' ' << at << ' ' << byte;
      }
    }
  }
}

TEST(HeadersTest, AFieldFromOutsideIsAddedOnlyIfValid) {
  Headers headers;
  EXPECT_TRUE(headers.AddIfValid("X-One", "1"));
  EXPECT_FALSE(headers.AddIfValid("X One", "1"));
  EXPECT_FALSE(headers.AddIfValid("X-Two", "1\r\nX-Three: 3"));
  ASSERT_EQ(headers.size(), 1u);
  EXPECT_EQ(headers.Find("x-one"), "1");
}

TEST(HeadersTest, TrimTakesSpacesAndTabsOnly) {
  EXPECT_EQ(TrimWhitespace(" \t a b\t "), "a b");
  EXPECT_EQ(TrimWhitespace("\t \t"), "");
  EXPECT_EQ(TrimWhitespace("\n1"), "\n1");
}

TEST(HeadersDeathTest, AFieldThatWouldSplitStopsTheProgram) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Headers headers;
  EXPECT_DEATH(headers.Add("X", "a\r\nEvil: 1"), "IsValidHeaderValue");
  EXPECT_DEATH(headers.Add("X Y", "a"), "IsValidHeaderName");
  headers.Add("X", "a value too long for a small buffer");
  EXPECT_DEATH(headers.Set("Y", *headers.Find("X")), "PointsInto");
}

}  // namespace
}  // namespace keywalk
