// Goal: exactly the characters of RFC 3629 are taken for such. Method: the edges of its table.

#include "mockupstream/journal/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace keywalk::mock {
namespace {

TEST(Utf8Test, TakesWholeCharacters) {
  for (const std::string_view text :
       {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xe2\x82\xac b"}) {
    EXPECT_EQ(Utf8Prefix(text), text.size()) << text;
  }
}

TEST(Utf8Test, StopsAtWhatIsNone) {
  for (const std::string_view text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2z", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
        "\xe2\x82z", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf0\x90\x80",
        "\xff"}) {
    EXPECT_EQ(Utf8Prefix(text), 0u) << text;
    EXPECT_EQ(Utf8Prefix("ok" + std::string(text)), 2u) << text;
  }
}

}  // namespace
}  // namespace keywalk::mock
