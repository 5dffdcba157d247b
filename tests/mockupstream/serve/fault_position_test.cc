// Goal: a client sees every kind of fault at every place where it has a meaning, and nothing else.
// Method: for each pair a raw socket: exactly these bytes, and then FIN, RST, silence, more of the
// same, or the next answer. The same pairs again where their place is never come to.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <tuple>
#include <utility>

#include "tests/mockupstream/serve/fault_cases.h"
#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock::testing {
namespace {

using ::testing::StartsWith;

Script WithFault(const std::string& step, std::string_view at, std::string_view kind,
                 const std::string& members) {
  std::string text = "[{";
  text += step + R"(, "fault": {"at": ")";
  text.append(at).append(R"(", "kind": ")").append(kind).append("\"" + members);
  return OneLane(text + R"(}}, {"text": "next"}])");
}

void ExpectTheNextAnswer(RawClient& client) {
  client.Send(Post(kKey));
  EXPECT_EQ(ReadReply(client).body, "next");
}

// Reads what the case says, and nothing else.
void ExpectAsSaid(RawClient& client, const FaultCase& said) {
  if (said.then == Then::kCloses || said.then == Then::kResets) {
    EXPECT_EQ(client.ReadToEnd(), said.then == Then::kCloses ? ReadEnd::kClosed : ReadEnd::kReset);
    EXPECT_EQ(client.received(), said.expected);
    return;
  }
  ASSERT_EQ(client.ReadAtLeast(said.expected.size()), ReadEnd::kDone) << client.received();
  if (said.then == Then::kGoesOn) {
    EXPECT_THAT(client.received(), StartsWith(said.expected));
    EXPECT_EQ(client.ReadAtLeast(300'000), ReadEnd::kDone);
    client.Close();
    return;
  }
  if (said.then == Then::kServesOn) {
    EXPECT_EQ(client.Take(said.expected.size()), said.expected);
    ExpectTheNextAnswer(client);
    return;
  }
  EXPECT_EQ(client.ReadToEnd(kSilence), ReadEnd::kTimeout);
  EXPECT_EQ(client.received(), said.expected);
}

class FaultPositionTest : public ::testing::TestWithParam<FaultCase> {};

TEST_P(FaultPositionTest, IsSeenByTheClient) {
  const FaultCase& said = GetParam();
  EndedRequest ended;
  MockServerOptions options;
  options.on_request = ended.hook();
  const auto server = StartMock(WithFault(said.step, said.at, said.kind, said.members), options);
  RawClient client(server->port());
  const auto begin = std::chrono::steady_clock::now();
  client.Send(said.request);
  if (!said.first.empty()) {
    ASSERT_EQ(client.ReadAtLeast(said.first.size()), ReadEnd::kDone);
    EXPECT_EQ(client.received(), said.first);
  }
  client.Send(said.rest);
  ExpectAsSaid(client, said);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, said.at_least);
  if (said.then == Then::kStalls) {
    // The journal says so while it lasts.
    const JournalEntry lasting = WaitForFault(*server);
    EXPECT_EQ(lasting.fault, FaultState::kFired);
    EXPECT_EQ(lasting.status, said.status);
    EXPECT_FALSE(lasting.ended);
    client.Close();
  }
  const JournalEntry entry = ended.Wait();
  EXPECT_EQ(entry.fault, FaultState::kFired);
  EXPECT_EQ(entry.status, said.status);
  EXPECT_EQ(entry.answered, said.then == Then::kServesOn);
  EXPECT_EQ(entry.body_bytes, said.body_bytes);
}

std::string NameOf(const ::testing::TestParamInfo<FaultCase>& test) { return test.param.name; }

#define KEYWALK_AT(name, place)                     \
  INSTANTIATE_TEST_SUITE_P(name, FaultPositionTest, \
                           ::testing::ValuesIn(FaultCasesAt(Fault::At::place)), NameOf)
KEYWALK_AT(RequestHeaders, kRequestHeaders);
KEYWALK_AT(RequestBody, kRequestBody);
KEYWALK_AT(BeforeHead, kBeforeHead);
KEYWALK_AT(StatusLine, kStatusLine);
KEYWALK_AT(ResponseHeaders, kResponseHeaders);
KEYWALK_AT(AfterHead, kAfterHead);
KEYWALK_AT(Body, kBody);
KEYWALK_AT(SseEvent, kSseEvent);
#undef KEYWALK_AT

TEST(FaultCasesTest, CoverEveryPairThatHasAMeaning) {
  std::set<std::pair<std::string, std::string>> covered;
  for (const FaultCase& fault : FaultCases()) covered.emplace(fault.at, fault.kind);
  std::size_t pairs = 0;
  for (const Fault::At at : Places()) {
    for (const Fault::Kind kind : Kinds()) {
      if (at == Fault::At::kAccept || !IsMeaningful(at, kind)) continue;
      ++pairs;
      EXPECT_TRUE(covered.contains({std::string(ToString(at)), std::string(ToString(kind))}))
          << ToString(kind) << " at " << ToString(at);
    }
  }
  EXPECT_EQ(covered.size(), pairs);
}

using Pair = std::tuple<Fault::At, Fault::Kind>;

// All pairs that may be missed: a request's head is always there before its fault.
std::vector<Pair> PairsThatMayBeMissed() {
  std::vector<Pair> pairs;
  for (const Fault::At at : Places()) {
    for (const Fault::Kind kind : Kinds()) {
      const bool always = at == Fault::At::kRequestHeaders && kind != Fault::Kind::kDrip &&
                          kind != Fault::Kind::kEarlyResponse;
      if (at != Fault::At::kAccept && IsMeaningful(at, kind) && !always)
        pairs.emplace_back(at, kind);
    }
  }
  return pairs;
}

class FaultNotReachedTest : public ::testing::TestWithParam<Pair> {};

// The place is in the request or in the body, which ends before it: the answer is as scripted.
TEST_P(FaultNotReachedTest, IsReported) {
  const auto [at, kind] = GetParam();
  const bool in_stream = at == Fault::At::kSseEvent;
  std::string step = in_stream ? R"("sse": [{"data": "one"}])" : R"("text": "hello")";
  const bool by_leaving = at >= Fault::At::kBeforeHead && at <= Fault::At::kAfterHead;
  if (by_leaving) step += R"(, "delay_ms": 3600000)";
  std::string members = NeededMembers(kind);
  if (in_stream) members += R"(, "event": 0)";
  if (at == Fault::At::kRequestBody) members += R"(, "body_bytes": 10)";
  EndedRequest ended;
  MockServerOptions options;
  options.on_request = ended.hook();
  Script script = WithFault(step, ToString(at), ToString(kind), members);
  // Moved behind the end here: a script that says so is refused, unless its body is rendered.
  Fault& fault = *script.lanes.begin()->second.steps.at(0).fault;
  if (at == Fault::At::kBody) fault.body_bytes = 6;
  if (in_stream) fault.event = 2;
  const auto server = StartMock(std::move(script), options);
  RawClient client(server->port());
  if (at == Fault::At::kRequestHeaders) {
    client.Send(RequestText("GET", "/v1/x", {{"x-api-key", kKey}}));
  } else {
    client.Send(Post(kKey, "012345678"));
  }
  if (by_leaving) {
    WaitForEntries(*server, 1);
    EXPECT_EQ(server->Journal().at(0).fault, FaultState::kPending);
    client.Close();
  } else {
    EXPECT_EQ(ReadReply(client).body, in_stream ? "data: one\n\n" : "hello");
    ExpectTheNextAnswer(client);
  }
  const JournalEntry entry = ended.Wait();
  EXPECT_EQ(entry.fault, FaultState::kNotReached);
  EXPECT_EQ(entry.answered, !by_leaving);
}

INSTANTIATE_TEST_SUITE_P(All, FaultNotReachedTest, ::testing::ValuesIn(PairsThatMayBeMissed()),
                         [](const auto& test) {
                           return std::string(ToString(std::get<0>(test.param))) + "_" +
                                  std::string(ToString(std::get<1>(test.param)));
                         });

}  // namespace
}  // namespace keywalk::mock::testing
