// Which presented text counts as one of the tokens.
#include "io/token_set.h"

#include <gtest/gtest.h>

namespace keywalk::io {
namespace {

TEST(TokenSetTest, HoldsWholeTokensOnly) {
  const TokenSet tokens({"token-one", "token-two"});
  EXPECT_FALSE(tokens.empty());
  EXPECT_TRUE(tokens.Contains("token-one"));
  EXPECT_TRUE(tokens.Contains("token-two"));
  for (const char* other : {"", "token", "token-onetoken-two", "token-one ", "Token-one"}) {
    EXPECT_FALSE(tokens.Contains(other)) << other;
  }
  EXPECT_TRUE(TokenSet({}).empty());
  EXPECT_FALSE(TokenSet({}).Contains(""));
}

TEST(TokenSetTest, OneOfThemIsShownAsABearer) {
  const TokenSet tokens({"token-one"});
  for (const char* value : {"Bearer token-one", "bearer  token-one "}) {
    EXPECT_TRUE(tokens.AdmitsBearer({{"Authorization", value}})) << value;
  }
  for (const char* value : {"token-one", "Bearer\ttoken-one", "Basic token-one", "Bearertoken-one",
                            "Bearer", "Bearer ", "Bearer token-one, x", ""}) {
    EXPECT_FALSE(tokens.AdmitsBearer({{"Authorization", value}})) << value;
  }
  EXPECT_FALSE(tokens.AdmitsBearer({{"X-Api-Key", "token-one"}}));
  EXPECT_FALSE(tokens.AdmitsBearer({}));
}

}  // namespace
}  // namespace keywalk::io
