// What a dump file holds: whole records rendered, bodies of every kind, and no secret in any place.
#include "proxy/attempt_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace keywalk::proxy {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kKey = "sk-pool-0123456789abcdef";

AttemptRecord Example() {
  AttemptRecord record;
  record.provider = "openai";
  record.started = WallTime(std::chrono::milliseconds(1'785'346'087'123));
  record.elapsed_ms = 12;
  record.method = "POST";
  record.target = "/v1/chat?key=abcdefghijklmnopqrstuvwxyz";
  record.request_headers = {{"Authorization", "Bearer " + std::string(kKey)}, {"X-a", "1"}};
  record.request_body.Add("{\"a\":1}");
  record.status = 200;
  record.reason = "OK";
  record.response_headers = {{"Content-Type", "text/plain"}};
  record.response_body.Add("fine");
  record.trailers = {{"X-Sum", "abc"}};
  record.complete = true;
  return record;
}

TEST(AttemptRecordTest, RecordIsRenderedWhole) {
  const json expected = json::parse(R"({
    "schema_version": "1.0", "time": "2026-07-29T17:28:07.123Z", "elapsed_ms": 12,
    "provider": "openai",
    "request": {"method": "POST", "target": "/v1/chat?key=abcd...wxyz",
                "headers": ["Authorization: Bearer sk-p...cdef", "X-a: 1"],
                "body": {"bytes": 7, "text": "{\"a\":1}"}},
    "response": {"status": 200, "reason": "OK", "headers": ["Content-Type: text/plain"],
                 "body": {"bytes": 4, "text": "fine"}, "trailers": ["X-Sum: abc"],
                 "complete": true}})");
  EXPECT_EQ(json::parse(RenderAttempt(Example(), {kKey})), expected);
}

TEST(AttemptRecordTest, EchoedKeysAreMaskedEverywhere) {
  AttemptRecord record = Example();
  const std::string own = "own-key-9876543210-zyxwv";
  const std::string echo = "pool " + std::string(kKey) + " own " + own;
  record.request_headers.Add("X-Api-Key", own);
  record.request_body.Add(echo);
  record.response_headers.Add("X-Echo", echo);
  record.response_body.Add(echo);
  record.trailers.Add("X-Echo", echo);
  record.reason = echo;
  record.error = echo;
  record.target = "/" + std::string(kKey);
  record.method = kKey;
  const std::string text = RenderAttempt(record, {kKey});
  EXPECT_THAT(text, Not(HasSubstr("0123456789")));
  EXPECT_THAT(text, Not(HasSubstr("9876543210")));
  EXPECT_THAT(text, HasSubstr("pool sk-p...cdef own own-...yxwv"));
}

json ResponseBody(const AttemptRecord& record) {
  return json::parse(RenderAttempt(record, {kKey}))["response"]["body"];
}

TEST(AttemptRecordTest, BinaryBodyIsBase64) {
  AttemptRecord record = Example();
  record.response_body = BodyCapture();
  record.response_body.Add(std::string_view("\xff\x00\x01", 3));
  EXPECT_EQ(ResponseBody(record), json({{"bytes", 3}, {"base64", "/wAB"}}));
}

TEST(AttemptRecordTest, LongBodyIsCutOffBetweenCharactersAndKeys) {
  AttemptRecord record = Example();
  record.response_body = BodyCapture();
  record.response_body.Add(std::string(BodyCapture::kMaxBytes - 10, 'x'));
  record.response_body.Add(kKey);
  json body = ResponseBody(record);
  EXPECT_EQ(body["bytes"], BodyCapture::kMaxBytes - 10 + std::string_view(kKey).size());
  EXPECT_EQ(body["cut_off"], true);
  EXPECT_EQ(body["text"], std::string(BodyCapture::kMaxBytes - 10, 'x'));

  record.response_body = BodyCapture();
  record.response_body.Add(std::string(BodyCapture::kMaxBytes - 1, 'x') + "\xc3\xa4");
  body = ResponseBody(record);
  EXPECT_EQ(body["text"], std::string(BodyCapture::kMaxBytes - 1, 'x'));
}

TEST(AttemptRecordTest, CompressedBodyCouldHideAKeyAndIsLeftOut) {
  AttemptRecord record = Example();
  record.response_headers.Add("Content-Encoding", "gzip");
  EXPECT_EQ(ResponseBody(record), json({{"bytes", 4}, {"omitted", "encoded body"}}));
}

TEST(AttemptRecordTest, WithoutAResponseTheErrorIsThere) {
  AttemptRecord record = Example();
  record.status = 0;
  record.error = "127.0.0.1:1: connection refused";
  const json rendered = json::parse(RenderAttempt(record, {kKey}));
  EXPECT_FALSE(rendered.contains("response"));
  EXPECT_EQ(rendered["error"], "127.0.0.1:1: connection refused");
}

}  // namespace
}  // namespace keywalk::proxy
