// Goal: the journal's pages show what was asked for, whole, without keys, and in bounded memory.
// Method: raw HTTP to a server in process; events are waited for, never slept for.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kOther = "sk-another-lane-key-111111";
constexpr std::string_view kTwoLanes = R"({
  "schema_version": "1.0",
  "lanes": {
    "sk-test-lane-key-0000000000": {"name": "k0", "steps": [{}]},
    "sk-another-lane-key-111111": {"name": "k1", "steps": [{"delay_ms": 0}]}
  }
})";

std::vector<int> Numbers(const json& entries) {
  std::vector<int> numbers;
  for (const json& entry : entries) numbers.push_back(entry.at("sequence"));
  return numbers;
}

std::vector<int> JournalOf(const MockServer& server, const std::string& query) {
  return Numbers(json::parse(Admin(server, "GET", "/__mock/journal" + query).body));
}

// A tail that is open until it goes out of scope.
class TailClient {
 public:
  explicit TailClient(const MockServer& server, const std::string& query = "",
                      const Headers& headers = {})
      : client_(server.port()) {
    client_.Send(RequestText("GET", "/__mock/journal/tail" + query, headers));
    Expect("\r\n\r\n");
  }

  // Waits for the text and gives back all that came before it since the last call.
  std::string Expect(std::string_view text) {
    EXPECT_EQ(client_.ReadUntil(text), ReadEnd::kDone) << text << " in " << client_.received();
    const std::size_t at = client_.received().find(text);
    return client_.Take(at == std::string::npos ? 0 : at + text.size());
  }

  RawClient& client() { return client_; }

 private:
  RawClient client_;
};

TEST(JournalPageTest, FiltersByLaneAndLimit) {
  const auto server = StartMock(Parse(kTwoLanes));
  for (const std::string_view key : {kKey, kOther, kKey, kOther, kKey}) Ask(*server, key);
  EXPECT_EQ(JournalOf(*server, "?lane=k1"), (std::vector<int>{1, 3}));
  EXPECT_EQ(JournalOf(*server, "?lane=k0&from=1&limit=1"), (std::vector<int>{2}));
  EXPECT_EQ(JournalOf(*server, "?limit=0"), (std::vector<int>{}));
  EXPECT_EQ(JournalOf(*server, "?lane=nobody"), (std::vector<int>{}));
  EXPECT_EQ(JournalOf(*server, "?scope="), (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(JournalOf(*server, "?scope=other"), (std::vector<int>{}));
}

TEST(JournalPageTest, RefusesParametersThatItDoesNotKnow) {
  const auto server = StartMock(Parse(kTwoLanes));
  const std::pair<const char*, const char*> wrong[] = {
      {"?formt=1", "unknown parameter formt; known are format from lane limit scope"},
      {"?sk-somebodys-key-7777&sk-x", "unknown parameter sk-s...7777; known are"},
      {"?from=-1", "from: expected a whole number"},
      {"?from=1&from=2", "from: is there twice"},
      {"?format=xml", "format: expected json or ndjson"},
  };
  for (const auto& [query, message] : wrong) {
    const RawReply reply = Admin(*server, "GET", std::string("/__mock/journal") + query);
    EXPECT_EQ(reply.status, 400) << query;
    EXPECT_THAT(reply.body, HasSubstr(message));
  }
  EXPECT_EQ(Admin(*server, "GET", "/__mock/journal/tail?limit=1").status, 400);
}

TEST(JournalPageTest, ALargeJournalComesInPieces) {
  const auto server = StartMock(Parse(kTwoLanes));
  RawClient client(server->port());
  constexpr int kRequests = 300;
  for (int i = 0; i < kRequests; ++i) {
    client.Send(Post(kKey));
    ASSERT_EQ(ReadReply(client).status, 200);
  }
  const RawReply reply = Admin(*server, "GET", "/__mock/journal");
  EXPECT_GT(reply.chunks.size(), 3u);
  EXPECT_EQ(json::parse(reply.body).size(), 300u);
  const RawReply lines = Admin(*server, "GET", "/__mock/journal?format=ndjson");
  EXPECT_EQ(std::count(lines.body.begin(), lines.body.end(), '\n'), kRequests);
  EXPECT_EQ(Admin(*server, "HEAD", "/__mock/journal").status, 200);
}

TEST(JournalPageTest, KeepsBodiesUpToALengthWithoutKeys) {
  MockServerOptions options;
  options.journal_body_bytes = 40;
  const auto server = StartMock(Parse(kTwoLanes), options);
  Ask(*server, kKey, "hello");
  Ask(*server, kKey, "the key of another: " + std::string(kOther));
  const json entries = json::parse(Admin(*server, "GET", "/__mock/journal").body);
  EXPECT_EQ(entries[0]["body"], "hello");
  EXPECT_EQ(entries[0]["body_truncated"], false);
  EXPECT_EQ(entries[1]["body"], "the key of another: ");
  EXPECT_EQ(entries[1]["body_truncated"], true);
  EXPECT_EQ(server->Journal()[1].body.size(), 40u);
}

TEST(JournalPageTest, DigestsCanBeSwitchedOff) {
  MockServerOptions options;
  options.body_digests = false;
  const auto server = StartMock(Parse(kTwoLanes), options);
  Ask(*server, kKey, "hello");
  const JournalEntry entry = WaitForAnswered(*server);
  EXPECT_EQ(entry.body_sha256, "");
  EXPECT_EQ(entry.body_bytes, 5u);
  EXPECT_EQ(entry.body, "");
}

TEST(JournalTailTest, SendsAnEventForEachRequestThatHasEnded) {
  const auto server = StartMock(Parse(kTwoLanes));
  Ask(*server, kKey);
  TailClient tail(*server);
  EXPECT_THAT(tail.Expect("\n\n"), HasSubstr("id: 0\ndata: {\"answered\":true"));
  Ask(*server, kOther);
  const std::string event = tail.Expect("\n\n");
  EXPECT_THAT(event, HasSubstr("id: 1\ndata: {"));
  const json entry = json::parse(event.substr(event.find('{')));
  EXPECT_EQ(entry["lane"], "k1");
  EXPECT_EQ(entry["status"], 200);
  EXPECT_EQ(entry["ended"], true);
  EXPECT_THAT(event, Not(HasSubstr(std::string(kOther))));
}

TEST(JournalTailTest, FiltersAndServesManyAtOnce) {
  const auto server = StartMock(Parse(kTwoLanes));
  TailClient first(*server, "?lane=k1");
  TailClient second(*server, "?from=1");
  for (const std::string_view key : {kKey, kOther}) Ask(*server, key);
  EXPECT_THAT(first.Expect("\n\n"), HasSubstr("id: 1\n"));
  EXPECT_THAT(second.Expect("\n\n"), HasSubstr("id: 1\n"));
}

TEST(JournalTailTest, AStalledRequestHoldsNothingUpAndIsNotLost) {
  const auto server = StartMock(Parse(R"({
    "schema_version": "1.0",
    "lanes": {
      "sk-test-lane-key-0000000000": [{"fault": {"at": "before_head", "kind": "stall"}}],
      "sk-another-lane-key-111111": [{}]
    }
  })"));
  auto stalled = std::make_unique<RawClient>(server->port());
  stalled->Send(Post(kKey));
  WaitForEntries(*server, 1);
  TailClient tail(*server);
  Ask(*server, kOther);
  EXPECT_THAT(tail.Expect("\n\n"), HasSubstr("id: 1\n"));
  stalled.reset();
  EXPECT_THAT(tail.Expect("\n\n"), HasSubstr("id: 0\n"));
  // Who has seen number 1 has not seen number 0, which ended later.
  TailClient resumed(*server, "", {{"Last-Event-ID", "1"}});
  EXPECT_THAT(resumed.Expect("\n\n"), HasSubstr("id: 0\n"));
}

TEST(JournalTailTest, TellsWhatWasDroppedBeforeItCouldBeSent) {
  MockServerOptions options;
  options.max_journal_entries = 2;
  const auto server = StartMock(Parse(kTwoLanes), options);
  for (int i = 0; i < 5; ++i) Ask(*server, kKey);
  TailClient tail(*server, "?from=1");
  EXPECT_THAT(tail.Expect("\n\n"), HasSubstr("event: dropped\ndata: {\"count\":2}\n\n"));
  EXPECT_THAT(tail.Expect("\n\n"), HasSubstr("id: 3\n"));
  TailClient whatever(*server);
  EXPECT_THAT(whatever.Expect("\n\n"), Not(HasSubstr("dropped")));
  TailClient resumed(*server, "", {{"Last-Event-ID", "2"}});
  EXPECT_THAT(resumed.Expect("\n\n"), HasSubstr("id: 3\n"));
}

TEST(JournalTailTest, WhatWasClearedWasNotDropped) {
  const auto server = StartMock(Parse(kTwoLanes));
  for (int i = 0; i < 2; ++i) Ask(*server, kKey);
  WaitForEnds(*server, 2);
  EXPECT_EQ(Admin(*server, "DELETE", "/__mock/journal").status, 200);
  Ask(*server, kKey);
  TailClient tail(*server, "?from=0");
  const std::string first = tail.Expect("\n\n");
  EXPECT_THAT(first, HasSubstr("id: 2\n"));
  EXPECT_THAT(first, Not(HasSubstr("dropped")));
}

TEST(JournalTailTest, AReaderThatDoesNotReadCostsTheStoreNothing) {
  MockServerOptions options;
  options.max_journal_entries = 20;
  options.journal_body_bytes = 1 << 20;
  const auto server = StartMock(Parse(kTwoLanes), options);
  TailClient tail(*server);
  RawClient client(server->port());
  const std::string body(1 << 20, 'x');
  constexpr int kRequests = 80;  // more than any socket buffer takes
  for (int i = 0; i < kRequests; ++i) {
    client.Send(Post(kKey, body));
    ASSERT_EQ(ReadReply(client).status, 200);
  }
  EXPECT_EQ(server->Journal().size(), 20u);
  EXPECT_THAT(tail.Expect("event: dropped\ndata: {\"count\":"), HasSubstr("id: 0\n"));
  tail.Expect("id: 79\n");
}

TEST(JournalTailTest, IsNeverSilentForLong) {
  MockServerOptions options;
  options.tail_ping = std::chrono::milliseconds(1);
  const auto server = StartMock(Parse(kTwoLanes), options);
  TailClient tail(*server);
  tail.Expect(": ping\n\n");
  tail.Expect(": ping\n\n");
  Ask(*server, kKey);
  tail.Expect("id: 0\n");
}

TEST(JournalTailTest, EndsWithTheServer) {
  const auto server = StartMock(Parse(kTwoLanes));
  TailClient tail(*server);
  const auto start = std::chrono::steady_clock::now();
  server->Stop();
  EXPECT_NE(tail.client().ReadToEnd(), ReadEnd::kTimeout);
  // Well below the time that Stop() gives to what does not end by itself.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
}

TEST(JournalTailTest, EndsWithItsClient) {
  const auto server = StartMock(Parse(kTwoLanes));
  { const TailClient tail(*server); }
  const auto one_connection = [&server] {  // the one that asks
    const std::string page = Admin(*server, "GET", "/__mock/metrics").body;
    return page.find("keywalk_mock_open_connections 1\n") != page.npos;
  };
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  while (!one_connection() && std::chrono::steady_clock::now() < deadline) Ask(*server, kKey);
  EXPECT_TRUE(one_connection());
}

TEST(JournalTailTest, AnswersHeadWithoutEvents) {
  const auto server = StartMock(Parse(kTwoLanes));
  const RawReply reply = Admin(*server, "HEAD", "/__mock/journal/tail");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.Find("Content-Type"), "text/event-stream");
}

}  // namespace
}  // namespace keywalk::mock::testing
