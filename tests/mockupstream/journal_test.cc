// Goal: an entry's JSON is complete and shows no key. Method: entries made by hand.

#include "mockupstream/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace keywalk::mock {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(JournalTest, WritesEveryField) {
  JournalEntry entry;
  entry.sequence = 4;
  entry.time_ms = 12;
  entry.connection = 3;
  entry.lane = "k0";
  entry.key_hint = "sk-a...wxyz";
  entry.step = 2;
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
    "sequence": 4, "time_ms": 12, "connection": 3, "lane": "k0", "key": "sk-a...wxyz", "step": 2,
    "method": "POST", "target": "/v1/x?a=b",
    "headers": {"Accept": "*/*", "X-Two": ["a", "b"]},
    "body_bytes": 5, "body_sha256": "00ff", "body_complete": true, "status": 429,
    "fault": "not_reached", "answered": true})");
  EXPECT_EQ(ToJson(entry), expected) << ToJson(entry).dump(2);
  entry.step.reset();
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

}  // namespace
}  // namespace keywalk::mock
