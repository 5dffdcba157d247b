// Goal: whatever a fault waits for ends with its client and with the server, and is reported.
// Method: faults that last, of each sort, on connections that are left or stopped; some under TLS.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "tests/mockupstream/serve/fault_cases.h"
#include "tests/mockupstream/mock_client.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_certificate.h"

namespace keywalk::mock::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Faults that would last longer than any test.
constexpr const char* kLasting[] = {
    R"({"fault": {"at": "request_headers", "kind": "stall"}})",
    R"({"fault": {"at": "request_headers", "kind": "drip", "bytes_per_second": 10}})",
    R"({"fault": {"at": "request_body", "body_bytes": 100, "kind": "stall"}})",
    R"({"fault": {"at": "before_head", "kind": "stall"}})",
    R"({"fault": {"at": "status_line", "kind": "drip", "bytes_per_second": 10}})",
    R"({"fault": {"at": "response_headers", "kind": "endless"}})",
    R"({"text": "x", "fault": {"at": "after_head", "kind": "endless"}})",
    R"({"bytes": 9999, "fault": {"at": "body", "body_bytes": 5, "kind": "drip",
        "bytes_per_second": 10}})",
    R"({"sse": [{"data": "x"}], "fault": {"at": "sse_event", "event": 1, "kind": "stall"}})",
};

// Half of a request whose body has 1,000 bytes; the places in the answer need all of it.
std::string Request(std::string_view step) {
  const bool in_request = step.find("request_") != std::string_view::npos;
  const std::string body(1000, 'x');
  std::string text = Post(kKey, body);
  if (in_request) text.resize(text.size() - 500);
  return text;
}

class LastingFaultTest : public ::testing::TestWithParam<const char*> {};

TEST_P(LastingFaultTest, EndsWhenTheClientLeaves) {
  EndedRequest ended;
  MockServerOptions options;
  options.on_request = ended.hook();
  const auto server = StartMock(OneLane("[" + std::string(GetParam()) + "]"), options);
  RawClient client(server->port());
  client.Send(Request(GetParam()));
  EXPECT_EQ(WaitForFault(*server).fault, FaultState::kFired);
  client.Close();
  const JournalEntry entry = ended.Wait();
  EXPECT_EQ(entry.fault, FaultState::kFired);
  EXPECT_FALSE(entry.answered);
}

INSTANTIATE_TEST_SUITE_P(All, LastingFaultTest, ::testing::ValuesIn(kLasting));

TEST(FaultEndingTest, AllEndAtOnceWhenTheServerStops) {
  std::string steps;
  for (const char* step : kLasting) steps += (steps.empty() ? "" : ", ") + std::string(step);
  Script script = OneLane("[" + steps + "]");
  script.connections = Parse(R"({"schema_version": "1.0", "default_lane": [{}],
      "connections": [{"fault": {"kind": "stall"}}]})")
                           .connections;
  const auto server = StartMock(std::move(script));
  std::deque<RawClient> clients;
  clients.emplace_back(server->port());  // this one stalls as it is accepted
  std::size_t count = 0;
  for (const char* step : kLasting) {
    clients.emplace_back(server->port()).Send(Request(step));
    ++count;
    EXPECT_TRUE(server->WaitForJournal(
        [count](const std::vector<JournalEntry>& entries) {
          return entries.size() == count && entries.back().fault == FaultState::kFired;
        },
        kLimit))
        << step;
  }
  const auto begin = std::chrono::steady_clock::now();
  server->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4))
      << "something was waited for";
  for (const JournalEntry& entry : server->Journal()) {
    EXPECT_TRUE(entry.ended) << entry.sequence;
    EXPECT_EQ(entry.fault, FaultState::kFired);
  }
  for (RawClient& client : clients) EXPECT_NE(client.ReadToEnd(), ReadEnd::kTimeout);
}

// What no table can hold: framing under HTTP/1.0 and HEAD, where there is none to break.
TEST(FaultEndingTest, WhatHasNoFramingCannotBreakIt) {
  for (const char* fault : {R"({"at": "after_head", "kind": "bad_chunk"})",
                            R"({"at": "after_head", "kind": "endless"})",
                            R"({"at": "response_headers", "kind": "wrong_content_length",
                                "content_length": 9})"}) {
    const auto server = StartMock(OneLane(R"([{"text": "hello", "fault": )" + std::string(fault) +
                                          R"(}, {"text": "next"}])"));
    RawClient client(server->port());
    client.Send(RequestText("HEAD", "/v1/x", {{"x-api-key", kKey}}));
    EXPECT_EQ(ReadReply(client, "HEAD").status, 200);
    client.Send(Post(kKey));
    EXPECT_EQ(ReadReply(client).body, "next");
    EXPECT_EQ(server->Journal().at(0).fault, FaultState::kNotReached) << fault;
  }
  const auto server = StartMock(OneLane(R"([{"text": "hello",
          "fault": {"at": "after_head", "kind": "bad_chunk"}}])"));
  RawClient client(server->port());
  client.Send("GET /v1/x HTTP/1.0\r\nx-api-key: " + std::string(kKey) + "\r\n\r\n");
  EXPECT_EQ(client.ReadToEnd(), ReadEnd::kClosed);
  EXPECT_THAT(client.received(), EndsWith("\r\n\r\nhello"));
  EXPECT_EQ(WaitForFault(*server).fault, FaultState::kNotReached);
}

TEST(FaultEndingTest, AnEarlyResponseLeavesALongBodyUnread) {
  const auto server =
      StartMock(OneLane(R"([{"text": "no", "fault": {"at": "request_body", "body_bytes": 1000,
                   "kind": "early_response"}}])"));
  RawClient client(server->port());
  client.Send("POST /v1/x HTTP/1.1\r\nHost: localhost\r\nx-api-key: " + std::string(kKey) +
              "\r\nContent-Length: 10000000\r\n\r\n" + std::string(1000, 'x'));
  const RawReply reply = ReadReply(client);
  EXPECT_EQ(reply.body, "no");
  EXPECT_TRUE(reply.headers.HasToken("Connection", "close"));
  EXPECT_EQ(client.ReadToEnd(), ReadEnd::kClosed);
  const JournalEntry entry = WaitForFault(*server);
  EXPECT_EQ(entry.body_bytes, 1000u);
  EXPECT_FALSE(entry.body_complete);
}

// An orderly close while the client sends must not become a reset that destroys what came before.
TEST(FaultEndingTest, ACloseInAnUploadIsNoReset) {
  const auto server = StartMock(OneLane(
      R"([{"fault": {"at": "request_body", "body_bytes": 1, "kind": "garbage", "text": "bye"}}])"));
  RawClient client(server->port());
  client.TrySend(Post(kKey, std::string(1'000'000, 'x')));
  EXPECT_EQ(client.ReadToEnd(), ReadEnd::kClosed);
  EXPECT_EQ(client.received(), "bye");
}

TEST(FaultEndingTest, AMalformedRequestBodyIsAnswered) {
  const auto server = StartMock(OneLane("[{}]"));
  RawClient client(server->port());
  client.Send("POST /v1/x HTTP/1.1\r\nHost: localhost\r\nx-api-key: " + std::string(kKey) +
              "\r\nTransfer-Encoding: chunked\r\n\r\nnot-hex\r\n");
  EXPECT_EQ(ReadReply(client).status, 400);
  EXPECT_EQ(client.ReadToEnd(), ReadEnd::kClosed);
}

TEST(FaultEndingTest, HappensUnderTlsToo) {
  const keywalk::testing::TempDir dir;
  const auto certificate = keywalk::testing::MakeTestCertificate(dir.path());
  keywalk::testing::RawClientOptions trusting;
  trusting.ca_file = certificate.ca_file;
  MockServerOptions options;
  options.tls_cert_file = certificate.cert_file;
  options.tls_key_file = certificate.key_file;
  constexpr std::pair<const char*, const char*> kSeen[] = {
      {R"({"at": "status_line", "kind": "close"})", "HTTP/1.1 2"},
      {R"({"at": "body", "body_bytes": 2, "kind": "reset"})", "\r\n\r\nhe"},
      {R"({"at": "response_headers", "kind": "garbage", "text": "???"})", "\r\n???"},
      {R"({"at": "after_head", "kind": "bad_chunk"})", "\r\n\r\nnot-hex\r\n"},
  };
  for (const auto& [fault, end] : kSeen) {
    const auto server =
        StartMock(OneLane(R"([{"text": "hello", "fault": )" + std::string(fault) + "}]"), options);
    RawClient client(server->port(), trusting);
    client.Send(Post(kKey));
    EXPECT_NE(client.ReadToEnd(), ReadEnd::kTimeout);
    EXPECT_THAT(client.received(), EndsWith(end));
    EXPECT_EQ(WaitForFault(*server).fault, FaultState::kFired);
  }
  const auto server =
      StartMock(OneLane(R"([{"fault": {"at": "request_headers", "kind": "stall"}}])"), options);
  RawClient client(server->port(), trusting);
  client.Send(Post(kKey));
  EXPECT_EQ(client.ReadToEnd(std::chrono::milliseconds(50)), ReadEnd::kTimeout);
  EXPECT_EQ(WaitForFault(*server).fault, FaultState::kFired);
}

}  // namespace
}  // namespace keywalk::mock::testing
