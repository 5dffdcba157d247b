// Goal: an entry's JSON is complete and shows no key. Method: entries made by hand.

#include "mockupstream/journal/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "mockupstream/script/base64.h"

namespace keywalk::mock {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(JournalTest, WritesEveryField) {
  JournalEntry entry;
  entry.sequence = 4;
  entry.time_ms = 12;
  entry.connection = 3;
  entry.scope = "a test";
  entry.lane = "k0";
  entry.key_hint = "sk-a...wxyz";
  entry.model = "admitted";
  entry.route = "r";
  entry.step = 2;
  entry.chaos = 1;
  entry.method = "POST";
  entry.target = "/v1/x?a=b";
  entry.headers = {{"Accept", "*/*"}, {"X-Two", "a"}, {"X-Two", "b"}};
  entry.body_bytes = 5;
  entry.body_sha256 = "00ff";
  entry.body_complete = true;
  entry.status = 429;
  entry.fault = FaultState::kNotReached;
  entry.answered = true;
  const nlohmann::json expected = nlohmann::json::parse(R"({
    "sequence": 4, "time_ms": 12, "connection": 3, "scope": "a test",
    "lane": "k0", "key": "sk-a...wxyz", "model": "admitted", "route": "r", "step": 2, "chaos": 1,
    "method": "POST", "target": "/v1/x?a=b",
    "headers": {"Accept": "*/*", "X-Two": ["a", "b"]},
    "body_bytes": 5, "body_sha256": "00ff", "body_complete": true, "status": 429,
    "fault": "not_reached", "answered": true, "ended": false})");
  EXPECT_EQ(ToJson(entry), expected) << ToJson(entry).dump(2);
  entry.step.reset();
  entry.model.clear();
  EXPECT_TRUE(ToJson(entry)["model"].is_null());
  entry.fault = FaultState::kNone;
  EXPECT_TRUE(ToJson(entry)["step"].is_null());
  EXPECT_TRUE(ToJson(entry)["fault"].is_null());
}

TEST(JournalTest, MasksCredentialsWhereverTheyStand) {
  const std::string secret = "sk-secret-of-the-header-111";
  const std::string other = "sk-secret-of-the-query-2222";
  const std::string scripted = "sk-secret-of-a-lane-3333333";
  JournalEntry entry;
  entry.lane = scripted;
  entry.target = "/v1/x?key=" + other + "&echo=" + secret;
  entry.headers = {{"Authorization", "Bearer " + secret},
                   {"x-api-key", other},
                   {"X-Debug", "sent " + secret + " and " + scripted},
                   {"Cookie", "session=abcdefghijklmnopqrstuvwxyz"}};
  const std::string text = ToJson(entry, SecretMasker({scripted})).dump();
  EXPECT_THAT(text, HasSubstr("Bearer sk-s...-111"));
  EXPECT_THAT(text, HasSubstr("key=sk-s...2222"));
  for (const std::string& hidden : {secret, other, scripted, std::string("abcdefghijkl")}) {
    EXPECT_THAT(text, Not(HasSubstr(hidden)));
  }
  EXPECT_THAT(MaskedTarget(entry), Not(HasSubstr(other)));
}

JournalEntry WithBody(std::string body, bool truncated) {
  JournalEntry entry;
  entry.headers = {{"x-api-key", "sk-the-key-of-this-request"}};
  entry.body_bytes = body.size() + (truncated ? 1 : 0);
  entry.body = std::move(body);
  entry.body_truncated = truncated;
  return entry;
}

TEST(JournalTest, ShowsKeptBodiesAsTextOrBase64) {
  const nlohmann::json text = ToJson(WithBody("gr\u00fc\u00dfe", false));
  EXPECT_EQ(text["body"], "gr\u00fc\u00dfe");
  EXPECT_EQ(text["body_truncated"], false);
  const nlohmann::json bytes = ToJson(WithBody("\xff\xfe\x01", false));
  EXPECT_EQ(bytes["body_base64"], "//4B");
  EXPECT_FALSE(bytes.contains("body"));
  EXPECT_FALSE(ToJson(WithBody("", false)).contains("body"));
  EXPECT_TRUE(ToJson(WithBody("", false))["body_sha256"].is_null());
}

TEST(JournalTest, ABodyCutInACharacterIsStillText) {
  EXPECT_EQ(ToJson(WithBody("ab\xc3", true))["body"], "ab");
  EXPECT_EQ(ToJson(WithBody("ab\xc3", true))["body_truncated"], true);
  EXPECT_EQ(ToJson(WithBody("ab\xc3", false))["body_base64"], "YWLD");
}

TEST(JournalTest, NoBodyShowsAKeyAlsoNotOneThatIsCutOff) {
  const std::string key = "sk-the-key-of-this-request";
  const std::string scripted = "sk-a-key-of-the-script-9999";
  for (const std::string& hidden : {key, scripted}) {
    const JournalEntry whole = WithBody("key " + hidden + " end", false);
    EXPECT_EQ(ToJson(whole, SecretMasker({scripted}))["body"], "key " + MaskKey(hidden) + " end");
    const JournalEntry binary = WithBody("\xff" + hidden, false);
    EXPECT_EQ(ToJson(binary, SecretMasker({scripted}))["body_base64"],
              EncodeBase64("\xff" + MaskKey(hidden)));
    for (std::size_t kept = 1; kept < hidden.size(); ++kept) {
      const JournalEntry cut = WithBody("key " + hidden.substr(0, kept), true);
      EXPECT_EQ(ToJson(cut, SecretMasker({scripted}))["body"], "key ") << kept;
    }
  }
}

}  // namespace
}  // namespace keywalk::mock
