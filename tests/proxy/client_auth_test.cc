// Who may use the pool (SPEC proxy/10): one table over client tokens, --no-byok, provider and
// credential, then what is left of the headers.
#include "proxy/client_auth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace keywalk::proxy {

void PrintTo(Admission admission, std::ostream* out) {
  constexpr std::string_view kNames[] = {"centralized", "byok", "refused"};
  *out << kNames[static_cast<std::size_t>(admission)];
}

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Admission kPool = Admission::kCentralized;
constexpr Admission kOwn = Admission::kByok;
constexpr Admission kNo = Admission::kRefused;

struct Case {
  std::string_view provider;
  std::string_view header;  // empty: no credential
  std::string_view value;
  Admission open;  // no tokens
  Admission open_no_byok;
  Admission tokens;  // the token is "token-1"
  Admission tokens_no_byok;
};

const Case kCases[] = {
    {"openai", "", "", kPool, kPool, kNo, kNo},
    {"openai", "Authorization", "Bearer token-1", kOwn, kNo, kPool, kPool},
    {"openai", "authorization", "bearer  token-1 ", kOwn, kNo, kPool, kPool},
    {"openai", "X-Api-Key", "token-1", kPool, kNo, kPool, kPool},
    {"openai", "Authorization", "Bearer sk-mine", kOwn, kNo, kOwn, kNo},
    // Wherever a token is put, it is recognised: it must not reach the upstream.
    {"openai", "Authorization", "Basic token-1", kOwn, kNo, kPool, kPool},
    {"openai", "Authorization", "Bearer\ttoken-1", kOwn, kNo, kPool, kPool},
    {"openai", "Authorization", "token-1", kOwn, kNo, kPool, kPool},
    {"openai", "api-key", "token-1", kPool, kNo, kPool, kPool},
    // Also where it is written so that it is none: that is refused.
    {"openai", "Authorization", "Bearer Bearer token-1", kOwn, kNo, kNo, kNo},
    {"openai", "Authorization", "Bearer sk-mine, Bearer token-1,x", kOwn, kNo, kNo, kNo},
    {"openai", "X-Api-Key", "token-1 sk-mine", kPool, kNo, kNo, kNo},
    {"openai", "Authorization", "Bearer token-1x token-", kOwn, kNo, kOwn, kNo},
    {"openai", "X-Api-Key", "sk-mine", kPool, kNo, kOwn, kNo},
    {"openai", "Authorization", "Bearer token-", kOwn, kNo, kOwn, kNo},
    {"openai", "Authorization", "Bearer token-1x", kOwn, kNo, kOwn, kNo},
    {"openai", "Authorization", "Bearer ", kOwn, kNo, kOwn, kNo},
    {"anthropic", "", "", kPool, kPool, kNo, kNo},
    {"anthropic", "X-Api-Key", "token-1", kOwn, kNo, kPool, kPool},
    {"anthropic", "Authorization", "Bearer token-1", kOwn, kNo, kPool, kPool},
    {"anthropic", "X-Api-Key", "sk-mine", kOwn, kNo, kOwn, kNo},
    {"copilot", "", "", kOwn, kOwn, kNo, kNo},
    {"copilot", "Authorization", "Bearer own", kOwn, kNo, kOwn, kNo},
};

TEST(ClientAuthTest, CredentialDecides) {
  const ClientAuth open({}, false);
  const ClientAuth open_no_byok({}, true);
  const ClientAuth tokens({"other-token", "token-1"}, false);
  const ClientAuth tokens_no_byok({"other-token", "token-1"}, true);
  for (const Case& c : kCases) {
    SCOPED_TRACE(std::string(c.provider) + " " + std::string(c.header) + ": " +
                 std::string(c.value));
    const Provider& provider = *FindProvider(c.provider);
    const auto admit = [&](const ClientAuth& auth) {
      Headers headers;
      if (!c.header.empty()) headers.Add(c.header, c.value);
      return auth.Admit(provider, headers);
    };
    EXPECT_EQ(admit(open), c.open);
    EXPECT_EQ(admit(open_no_byok), c.open_no_byok);
    EXPECT_EQ(admit(tokens), c.tokens);
    EXPECT_EQ(admit(tokens_no_byok), c.tokens_no_byok);
  }
}

TEST(ClientAuthTest, MoreWordsThanAreLookedAtAreRefused) {
  const ClientAuth tokens({"token-1"}, false);
  const auto admit = [&](const std::string& words) {
    Headers headers{{"Authorization", "Bearer" + words}};
    return tokens.Admit(*FindProvider("openai"), headers);
  };
  std::string words;
  for (int i = 0; i < 63; ++i) words += " x";
  EXPECT_EQ(admit(words + ", "), kOwn);
  EXPECT_EQ(admit(words + " x"), kNo);
}

TEST(ClientAuthTest, ATokenAmongWordsMayHoldCommas) {
  const ClientAuth tokens({"one,two"}, false);
  Headers headers{{"Authorization", "Bearer Bearer one,two"}};
  EXPECT_EQ(tokens.Admit(*FindProvider("openai"), headers), kNo);
}

TEST(ClientAuthTest, TokenTakesEveryCredentialWithIt) {
  const ClientAuth auth({"token-1"}, false);
  Headers headers = {{"Authorization", "Bearer sk-mine"}, {"X-Api-Key", "token-1"}, {"X-a", "1"}};
  EXPECT_EQ(auth.Admit(*FindProvider("openai"), headers), kPool);
  EXPECT_EQ(headers.size(), 1u);
  EXPECT_EQ(headers.Find("X-a"), "1");
}

TEST(ClientAuthTest, OwnCredentialStaysAsItIs) {
  const ClientAuth auth({"token-1"}, false);
  Headers headers = {{"Authorization", "Bearer sk-mine"}};
  EXPECT_EQ(auth.Admit(*FindProvider("openai"), headers), kOwn);
  EXPECT_EQ(headers.Find("Authorization"), "Bearer sk-mine");
}

TEST(ClientAuthTest, PresentedCredentialsAreFoundInEveryHeader) {
  const Headers headers = {{"authorization", "Bearer  sk-one"},
                           {"X-Api-Key", " sk-two "},
                           {"Authorization", "sk-three"},
                           {"X-Goog-Api-Key", ""},
                           {"X-Other", "no"}};
  EXPECT_THAT(PresentedCredentials(headers), ElementsAre("sk-one", "sk-two", "sk-three"));
  EXPECT_THAT(PresentedCredentials({}), IsEmpty());
}

}  // namespace
}  // namespace keywalk::proxy
