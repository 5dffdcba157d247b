// Goal: every fault happens at its place, is seen by the client, and is reported by the journal.
// Method: each place and kind once, observed on a raw socket.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "mockupstream/script/script.h"
#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

struct FaultCase {
  const char* name;
  const char* step;  // without the fault
  const char* at;    // the fault's members but its kind
  bool head;         // the head is seen
  std::size_t body;  // bytes after the head, framing included
};

// For the names of cases, which must not hold addresses.
void PrintTo(const FaultCase& place, std::ostream* out) { *out << place.name; }

// A body of 1000 bytes; with chunks its framing takes 5 bytes before ("3e8\r\n") and 2 after.
constexpr FaultCase kPlaces[] = {
    {"BeforeHead", R"("bytes": 1000)", R"("at": "before_head")", false, 0},
    {"AfterHead", R"("bytes": 1000)", R"("at": "after_head")", true, 0},
    {"AfterHeadChunked", R"("bytes": 1000, "chunked": true)", R"("at": "after_head")", true, 0},
    {"BodyAtZero", R"("bytes": 1000)", R"("at": "body")", true, 0},
    {"BodyAt", R"("bytes": 1000)", R"("at": "body", "body_bytes": 10)", true, 10},
    {"BodyAtChunked", R"("bytes": 1000, "chunked": true)", R"("at": "body", "body_bytes": 10)",
     true, 3 + 10 + 2},
    {"BodyAtItsEnd", R"("bytes": 1000, "chunked": true)", R"("at": "body", "body_bytes": 1000)",
     true, 5 + 1000 + 2},
    {"SecondEvent", R"("sse": [{"data": "one"}, {"data": "two"}])",
     R"("at": "body", "body_bytes": 14)", true, (3 + 11 + 2) + (3 + 3 + 2)},
    {"Endless", R"("text": "0123456789", "endless": true)", R"("at": "body", "body_bytes": 5)",
     true, 3 + 5 + 2},
};

struct FaultKind {
  const char* name;
  ReadEnd end;
};

void PrintTo(const FaultKind& kind, std::ostream* out) { *out << kind.name; }

class FaultTest : public ::testing::TestWithParam<std::tuple<FaultCase, FaultKind>> {};

TEST_P(FaultTest, HappensAtItsPlace) {
  const auto& [place, kind] = GetParam();
  EndedRequest ended;
  MockServerOptions options;
  options.on_request = ended.hook();
  const auto server =
      StartMock(OneLane(std::string("[{") + place.step + R"(, "fault": {"kind": ")" + kind.name +
                        "\", " + place.at + "}}]"),
                options);
  RawClient client(server->port());
  client.Send(Post(kKey));

  std::size_t head_bytes = 0;
  if (place.head) {
    ASSERT_EQ(client.ReadUntil("\r\n\r\n"), ReadEnd::kDone);
    head_bytes = client.received().find("\r\n\r\n") + 4;
    ASSERT_THAT(client.received(), HasSubstr("HTTP/1.1 200 OK\r\n"));
  }
  if (kind.end == ReadEnd::kTimeout) {
    // A stall: what comes before it arrives, and the journal says that it has begun to stall.
    ASSERT_EQ(client.ReadAtLeast(head_bytes + place.body), ReadEnd::kDone);
    client.Close();
  } else {
    EXPECT_EQ(client.ReadToEnd(), kind.end);
  }
  EXPECT_EQ(client.received().size(), head_bytes + place.body) << client.received();
  const JournalEntry entry = ended.Wait();
  EXPECT_EQ(entry.fault, FaultState::kFired);
  EXPECT_FALSE(entry.answered);
  EXPECT_EQ(entry.status, place.head ? 200 : 0);
}

INSTANTIATE_TEST_SUITE_P(
    All, FaultTest,
    ::testing::Combine(::testing::ValuesIn(kPlaces),
                       ::testing::Values(FaultKind{"reset", ReadEnd::kReset},
                                         FaultKind{"close", ReadEnd::kClosed},
                                         FaultKind{"stall", ReadEnd::kTimeout})),
    [](const auto& test) {
      return std::string(std::get<0>(test.param).name) + "_" + std::get<1>(test.param).name;
    });

TEST(FaultStateTest, APlaceBeyondTheBodyIsNotReached) {
  // A body that is rendered: of one that the script states, the script would be refused.
  const auto server = StartMock(OneLane(R"([{"respond": "openai.rate_limited",
      "fault": {"at": "body", "body_bytes": 1000000, "kind": "reset"}}])"));
  EXPECT_EQ(Ask(*server, kKey).status, 429);
  const JournalEntry entry = WaitForFault(*server);
  EXPECT_EQ(entry.fault, FaultState::kNotReached);
  EXPECT_TRUE(entry.answered);
}

TEST(FaultStateTest, IsPendingUntilItIsDecided) {
  EndedRequest ended;
  MockServerOptions options;
  options.on_request = ended.hook();
  const auto server = StartMock(
      OneLane(R"([{"delay_ms": 3600000, "fault": {"at": "before_head", "kind": "reset"}}])"),
      options);
  RawClient client(server->port());
  client.Send(Post(kKey));
  WaitForEntries(*server, 1);
  EXPECT_EQ(server->Journal().at(0).fault, FaultState::kPending);
  client.Close();
  EXPECT_EQ(ended.Wait().fault, FaultState::kNotReached);
}

TEST(FaultStateTest, AStallEndsAtItsBound) {
  MockServerOptions options;
  options.max_stall = std::chrono::milliseconds(20);
  const auto server = StartMock(
      OneLane(R"([{"text": "x", "fault": {"at": "after_head", "kind": "stall"}}])"), options);
  RawClient client(server->port());
  client.Send(Post(kKey));
  EXPECT_EQ(client.ReadToEnd(), ReadEnd::kClosed);
  EXPECT_THAT(client.received(), EndsWith("\r\n\r\n"));
}

TEST(FaultStateTest, AStepOfALaterTurnIsNotTouched) {
  const auto server = StartMock(
      OneLane(R"([{"fault": {"at": "before_head", "kind": "close"}}, {"text": "fine"}])"));
  EXPECT_EQ(Ask(*server, kKey).status, 0);
  EXPECT_EQ(Ask(*server, kKey).body, "fine");
}

}  // namespace
}  // namespace keywalk::mock::testing
