// The access line: what stands in it, and that secrets do not.
#include "proxy/access_log.h"

#include <gtest/gtest.h>

#include <string>

#include "proxy/redact.h"

namespace keywalk::proxy {
namespace {

TEST(AccessLogTest, LineSaysWhoWhatAndWithWhichKey) {
  AccessRecord record;
  record.method = "POST";
  record.target = "/v1/chat";
  record.client = "192.0.2.7";
  record.provider = "openai";
  record.credential = "pool";
  record.key_hint = "sk-a...wxyz";
  record.status = 200;
  record.attempts = 2;
  record.elapsed = std::chrono::milliseconds(12);
  EXPECT_EQ(FormatAccessLine(record, SecretMasker()),
            "POST /v1/chat 200 provider=openai credential=pool key=sk-a...wxyz attempts=2 ms=12 "
            "client=192.0.2.7");
  record.ending = "client gone";
  record.key_hint.clear();
  EXPECT_EQ(FormatAccessLine(record, SecretMasker()),
            "POST /v1/chat 200 provider=openai credential=pool attempts=2 ms=12 client=192.0.2.7 "
            "(client gone)");
}

std::string ShownTarget(std::string_view target, const Headers& headers = {}) {
  AccessRecord record;
  record.method = "GET";
  record.target = target;
  record.headers = &headers;
  const SecretMasker masker({"sk-pool-0123456789abcdef"});
  const std::string line = FormatAccessLine(record, masker);
  return line.substr(4, line.find(" 0 ") - 4);
}

TEST(AccessLogTest, SecretsAreMaskedWhereverTheyStand) {
  EXPECT_EQ(ShownTarget("/a?key=abcdefghijklmnopqrstuvwxyz"), "/a?key=abcd...wxyz");
  EXPECT_EQ(ShownTarget("/a?x=1&API_KEY=abcdefghijklmnopqrstuvwxyz&y"),
            "/a?x=1&API_KEY=abcd...wxyz&y");
  EXPECT_EQ(ShownTarget("/a?%6bey=abc"), "/a?%6bey=...");
  EXPECT_EQ(ShownTarget("/sk-pool-0123456789abcdef/x"), "/sk-p...cdef/x");
  EXPECT_EQ(ShownTarget("/own-0123456789/x", {{"X-Api-Key", "own-0123456789"}}), "/ow...89/x");
}

TEST(AccessLogTest, AMethodIsAnyTokenAndMayHoldASecretToo) {
  const Headers headers{{"X-Api-Key", "own-0123456789"}};
  AccessRecord record;
  record.method = "sk-pool-0123456789abcdef-own-0123456789";
  record.target = "/";
  record.headers = &headers;
  const std::string line = FormatAccessLine(record, SecretMasker({"sk-pool-0123456789abcdef"}));
  EXPECT_TRUE(line.starts_with("sk-p...cdef-ow...89 / ")) << line;
}

TEST(AccessLogTest, HostileTargetStaysOneShortLine) {
  EXPECT_EQ(ShownTarget("/a\nb\x1b[31m\xff"), "/a?b?[31m?");
  EXPECT_LE(ShownTarget("/" + std::string(100'000, 'x')).size(), 2048u);
}

TEST(RedactTest, CredentialHeadersKeepSchemeAndHint) {
  EXPECT_EQ(RedactHeader("authorization", "Bearer abcdefghijklmnopqrstuvwxyz"),
            "Bearer abcd...wxyz");
  EXPECT_EQ(RedactHeader("X-API-KEY", "abcdefghij"), "ab...ij");
  EXPECT_EQ(RedactHeader("api-key", "abc"), "...");
  EXPECT_EQ(RedactHeader("Set-Cookie", "session=0123456789abcdef"), "sess...cdef");
  EXPECT_EQ(RedactHeader("X-Other", "abcdefghij"), "abcdefghij");
}

TEST(RedactTest, CutOffTextLosesHalfASecretAtItsEnd) {
  const Redactor redactor({"sk-0123456789", "other-secret"});
  EXPECT_EQ(redactor.MaskCutOff("got sk-0123456789 and sk-01234567"), "got sk...89 and ");
  EXPECT_EQ(redactor.MaskCutOff("plain text."), "plain text.");
}

}  // namespace
}  // namespace keywalk::proxy
