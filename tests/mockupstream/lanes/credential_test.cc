// Goal: the key is found where providers take it, in the documented order, and masked everywhere.
// Method: header lists and targets, no server.

#include "mockupstream/lanes/credential.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace keywalk::mock {
namespace {

TEST(CredentialTest, IsFoundInEveryPlace) {
  EXPECT_EQ(FindCredential({{"Authorization", "Bearer sk-1"}}, "/"), "sk-1");
  EXPECT_EQ(FindCredential({{"authorization", "bEARER  sk-1 "}}, "/"), "sk-1");
  EXPECT_EQ(FindCredential({{"X-Api-Key", "sk-2"}}, "/"), "sk-2");
  EXPECT_EQ(FindCredential({{"api-key", "sk-3"}}, "/"), "sk-3");
  EXPECT_EQ(FindCredential({{"x-goog-api-key", "sk-4"}}, "/"), "sk-4");
  EXPECT_EQ(FindCredential({}, "/v1/models?key=sk-5"), "sk-5");
  EXPECT_EQ(FindCredential({}, "/v1/models?a=b&key=sk%2d5&c"), "sk-5");
  EXPECT_EQ(FindCredential({}, "/v1/models"), "");
}

TEST(CredentialTest, TheFirstPlaceWins) {
  const Headers all{
      {"x-goog-api-key", "d"}, {"api-key", "c"}, {"x-api-key", "b"}, {"Authorization", "Bearer a"}};
  Headers headers = all;
  EXPECT_EQ(FindCredential(headers, "/?key=e"), "a");
  headers.Erase("Authorization");
  EXPECT_EQ(FindCredential(headers, "/?key=e"), "b");
  headers.Erase("x-api-key");
  EXPECT_EQ(FindCredential(headers, "/?key=e"), "c");
  headers.Erase("api-key");
  EXPECT_EQ(FindCredential(headers, "/?key=e"), "d");
  headers.Erase("x-goog-api-key");
  EXPECT_EQ(FindCredential(headers, "/?key=e"), "e");
}

TEST(CredentialTest, AnotherSchemeOrAnEmptyValueIsNoKey) {
  EXPECT_EQ(FindCredential({{"Authorization", "Basic abc"}, {"x-api-key", "k"}}, "/"), "k");
  EXPECT_EQ(FindCredential({{"Authorization", "Bearer "}, {"api-key", "k"}}, "/"), "k");
  EXPECT_EQ(FindCredential({{"Authorization", "Bearer"}}, "/?key="), "");
}

TEST(CredentialTest, AnEscapeThatIsNoneStaysAsItIs) {
  EXPECT_EQ(PercentDecode("%41%zz%4"), "A%zz%4");
  EXPECT_EQ(PercentDecode("%-1%+1"), "%-1%+1");
}

TEST(CredentialTest, AllAreNamedForMasking) {
  const Headers headers{{"Authorization", "Bearer a"},
                        {"X-API-KEY", "b"},
                        {"Cookie", "s=c"},
                        {"Proxy-Authorization", "Basic d"},
                        {"Accept", "*/*"}};
  EXPECT_THAT(AllCredentials(headers, "/?key=%65"),
              ::testing::UnorderedElementsAre("a", "b", "s=c", "Basic d", "%65", "e"));
}

TEST(CredentialTest, FieldsAndParametersOfOtherVendorsAreMaskedToo) {
  const Headers headers{{"x-amz-security-token", "a"},
                        {"OpenAI-Api-Key", "b"},
                        {"X-Client-Secret", "c"},
                        {"X-Forwarded-Authorization", "Bearer d"},
                        {"Ocp-Apim-Subscription-Key", "e"},
                        {"Idempotency-Key", "no"},
                        {"X-Tokens", "no"}};
  EXPECT_THAT(AllCredentials(headers, "/?api_key=f&access_token=g&token=h&KEY=i&%6bey=j&monkey=no"),
              ::testing::UnorderedElementsAre("a", "b", "c", "d", "e", "f", "f", "g", "g", "h", "h",
                                              "i", "i", "j", "j"));
}

TEST(CredentialTest, EveryParameterOfTheNameIsMasked) {
  EXPECT_THAT(AllCredentials({}, "/?key=a&key=b&key"),
              ::testing::UnorderedElementsAre("a", "a", "b", "b"));
}

}  // namespace
}  // namespace keywalk::mock
