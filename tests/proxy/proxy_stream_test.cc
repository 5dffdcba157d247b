// Answers as they pass: piece by piece, with trailers, cut off, left by the client, drained.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "tests/proxy/proxy_harness.h"
#include "tests/support/temp_dir.h"

namespace keywalk::proxy {
namespace {

using mock::JournalEntry;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::RawClient;
using testing::RawReply;
using testing::ReadEnd;
using testing::ReadReply;

constexpr std::chrono::seconds kStreamLimit{10};
// A second event that no test waits for: what is seen before it was passed on before it was sent.
constexpr const char* kSlowEvents = R"({
  "k0": {"steps": [{"status": 429}]},
  "k1": {"steps": [{"sse": [{"data": "first"}, {"data": "second", "delay_ms": 3600000}]}]},
  "own": {"steps": [{"sse": [{"data": "first"}, {"data": "second", "delay_ms": 3600000}]}]}})";

HarnessOptions With(std::string lanes) {
  HarnessOptions options;
  options.lanes = std::move(lanes);
  return options;
}

TEST(ProxyStreamTest, FirstEventPassesBeforeTheSecondIsSent) {
  ProxyHarness harness(With(kSlowEvents));
  RawClient client(harness.proxy().port());
  client.Send(testing::RequestText("POST", "/v1/chat/completions", {}, "{\"stream\":true}"));
  EXPECT_EQ(client.ReadUntil("data: first\n\n"), ReadEnd::kDone);
  EXPECT_THAT(client.received(), HasSubstr("text/event-stream"));
  EXPECT_EQ(client.received().find("second"), std::string::npos);
  const std::vector<JournalEntry> journal = harness.mock().Journal();
  ASSERT_EQ(journal.size(), 2u);
  EXPECT_FALSE(journal[1].answered);
}

TEST(ProxyStreamTest, EventsPassUnbufferedWhileTheyAreRecorded) {
  HarnessOptions options = With(kSlowEvents);
  const testing::TempDir dir;
  options.adjust = [&dir](ProxyConfig& config) { config.dump_dir = dir.path().string(); };
  ProxyHarness harness(options);
  RawClient client(harness.proxy().port());
  const Headers own = {{"Authorization", "Bearer " + std::string(kOwnKey)}};
  client.Send(testing::RequestText("POST", "/v1/chat/completions", own, "{}"));
  EXPECT_EQ(client.ReadUntil("data: first\n\n"), ReadEnd::kDone);
}

TEST(ProxyStreamTest, WholeEventStreamArrivesAsSent) {
  ProxyHarness harness(With(R"({"k0": {"steps": [
    {"sse": [{"event": "a", "data": "1"}, {"data": "2"}, {"data": "[DONE]"}]}]}})"));
  const RawReply reply = harness.Post();
  EXPECT_EQ(reply.body, "event: a\ndata: 1\n\ndata: 2\n\ndata: [DONE]\n\n");
  EXPECT_TRUE(reply.complete);
}

TEST(ProxyStreamTest, ClientThatLeavesCancelsTheAttemptAndMarksNothing) {
  ProxyHarness harness(With(kSlowEvents));
  RawClient client(harness.proxy().port());
  client.Send(testing::RequestText("POST", "/v1/chat/completions", {}, "{}"));
  ASSERT_EQ(client.ReadUntil("data: first\n\n"), ReadEnd::kDone);
  client.Close();
  ASSERT_TRUE(harness.WaitForLog("(client gone)"));
  EXPECT_THAT(harness.Attempts(), ElementsAre("k0", "k1"));
  EXPECT_THAT(harness.States(), ElementsAre("temporary", "valid"));
}

TEST(ProxyStreamTest, ClientThatLeavesBeforeTheHeadMarksNothing) {
  ProxyHarness harness(With(R"({"k0": {"steps": [{"status": 429, "delay_ms": 3600000}]},
                                "k1": {"steps": [{}]}})"));
  RawClient client(harness.proxy().port());
  client.Send(testing::RequestText("POST", "/v1/chat/completions", {}, "{}"));
  ASSERT_TRUE(harness.mock().WaitForJournal(
      [](const std::vector<JournalEntry>& journal) { return journal.size() == 1; }, kStreamLimit));
  client.Close();
  ASSERT_TRUE(harness.WaitForLog(" 499 "));
  EXPECT_THAT(harness.Attempts(), ElementsAre("k0"));
  EXPECT_THAT(harness.States(), ElementsAre("valid", "valid"));
}

TEST(ProxyStreamTest, CutStreamIsTheClientsToSee) {
  ProxyHarness harness(With(R"({
    "k0": {"steps": [{"chunked": true, "text": "0123456789",
                      "fault": {"at": "body", "body_bytes": 4, "kind": "close"}}]},
    "own": {"steps": [{"text": "0123456789",
                       "fault": {"at": "body", "body_bytes": 4, "kind": "reset"}}]}})"));
  const RawReply chunked = harness.Post();
  EXPECT_EQ(chunked.status, 200);
  EXPECT_EQ(chunked.body, "0123");
  EXPECT_FALSE(chunked.complete);
  EXPECT_TRUE(harness.WaitForLog("(cut off)"));
  const RawReply sized = harness.Post({{"Authorization", "Bearer " + std::string(kOwnKey)}});
  EXPECT_FALSE(sized.complete);
  EXPECT_THAT(harness.States(), ElementsAre("valid", "valid"));
}

TEST(ProxyStreamTest, OldClientSeesTheCutAsAReset) {
  ProxyHarness harness(With(R"({"k0": {"steps": [{"chunked": true, "text": "0123456789",
                      "fault": {"at": "body", "body_bytes": 4, "kind": "close"}}]}})"));
  RawClient client(harness.proxy().port());
  client.Send("GET /v1/x HTTP/1.0\r\nHost: p\r\n\r\n");
  EXPECT_EQ(client.ReadToEnd(), ReadEnd::kReset);
}

TEST(ProxyStreamTest, TrailersPass) {
  ProxyHarness harness(With(R"({"k0": {"steps": [
    {"chunked": true, "text": "body", "trailers": {"X-Sum": "abc"}}]}})"));
  const RawReply reply = harness.Post();
  EXPECT_EQ(reply.body, "body");
  EXPECT_EQ(reply.trailers.Find("X-Sum"), "abc");
}

TEST(ProxyStreamTest, AnswersWithoutABodyKeepTheConnection) {
  ProxyHarness harness(With(R"({"k0": {"steps": [
    {"text": "12345"}, {"status": 204}, {"status": 304}, {"text": "last"}]}})"));
  RawClient client(harness.proxy().port());
  client.Send(testing::RequestText("HEAD", "/v1/x", {}));
  const RawReply head = ReadReply(client, "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.Find("Content-Length"), "5");
  for (const int status : {204, 304}) {
    client.Send(testing::RequestText("GET", "/v1/x", {}));
    const RawReply reply = ReadReply(client);
    EXPECT_EQ(reply.status, status);
    EXPECT_EQ(reply.body, "");
  }
  client.Send(testing::RequestText("GET", "/v1/x", {}));
  EXPECT_EQ(ReadReply(client).body, "last");
}

TEST(ProxyStreamTest, EarlyAnswerToABigUploadArrives) {
  ProxyHarness harness(With(R"({"own": {"steps": [{"status": 400, "early": true,
                                                   "text": "no"}]}})"));
  const Headers own = {{"Authorization", "Bearer " + std::string(kOwnKey)}};
  RawClient client(harness.proxy().port());
  client.TrySend(testing::RequestText("POST", "/v1/x", own, std::string(4'000'000, 'x')));
  EXPECT_EQ(ReadReply(client).status, 400);
}

TEST(ProxyStreamTest, DrainLetsRequestsInFlightEnd) {
  ProxyHarness harness(With(R"({"k0": {"steps": [{"delay_ms": 300, "text": "late"}]}})"));
  RawClient idle(harness.proxy().port());
  RawClient client(harness.proxy().port());
  client.Send(testing::RequestText("POST", "/v1/x", {}, "{}"));
  ASSERT_TRUE(harness.mock().WaitForJournal(
      [](const std::vector<JournalEntry>& journal) { return journal.size() == 1; }, kStreamLimit));
  std::future<void> drained =
      std::async(std::launch::async, [&harness] { harness.proxy().Drain(); });
  const RawReply reply = ReadReply(client);
  EXPECT_EQ(reply.body, "late");
  EXPECT_EQ(reply.headers.Find("Connection"), "close");
  ASSERT_EQ(drained.wait_for(kStreamLimit), std::future_status::ready);
  EXPECT_EQ(idle.ReadToEnd(), ReadEnd::kClosed);
  EXPECT_EQ(harness.Admin("/healthz").status, 503);
}

TEST(ProxyStreamTest, DrainCutsWhatPassesItsLimit) {
  HarnessOptions options = With(kSlowEvents);
  options.adjust = [](ProxyConfig& config) { config.limits.drain = std::chrono::milliseconds(50); };
  ProxyHarness harness(options);
  RawClient client(harness.proxy().port());
  client.Send(testing::RequestText("POST", "/v1/x", {}, "{}"));
  ASSERT_EQ(client.ReadUntil("data: first\n\n"), ReadEnd::kDone);
  harness.proxy().Drain();
  EXPECT_NE(client.ReadToEnd(), ReadEnd::kTimeout);
}

}  // namespace
}  // namespace keywalk::proxy
