// Starting a mock in process and asking it over a raw socket, for the tests of this room.
#ifndef KEYWALK_TESTS_MOCKUPSTREAM_MOCK_CLIENT_H_
#define KEYWALK_TESTS_MOCKUPSTREAM_MOCK_CLIENT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "keywalk/headers.h"
#include "mockupstream/mock_server.h"
#include "tests/support/raw_client.h"
#include "tests/support/raw_reply.h"

namespace keywalk::mock::testing {

using keywalk::testing::RawClient;
using keywalk::testing::RawReply;
using keywalk::testing::ReadEnd;
using keywalk::testing::ReadReply;
using keywalk::testing::RequestText;

inline constexpr std::chrono::seconds kLimit{10};
// Long enough for bytes on loopback to come, where none may.
inline constexpr std::chrono::milliseconds kSilence{50};
inline constexpr std::string_view kKey = "sk-test-lane-key-0000000000";

// The script; throws with the problem.
Script Parse(std::string_view json);
// A script with one lane, of kKey, named "k0": `lane` is its JSON.
Script OneLane(std::string_view lane);
// A server on a free port; throws with the reason.
std::unique_ptr<MockServer> StartMock(Script script, MockServerOptions options = {});

// `POST /v1/chat/completions` with that bearer key, a text to send.
std::string Post(std::string_view key, std::string_view body = "{}");
// One such request on a connection of its own.
RawReply Ask(const MockServer& server, std::string_view key, std::string_view body = "{}");
// An admin request on a connection of its own.
RawReply Admin(const MockServer& server, std::string_view method, std::string_view path,
               std::string_view body = "");

// Waits until the journal holds `count` entries, or fails the test.
void WaitForEntries(const MockServer& server, std::size_t count);
// Waits until so many requests have ended, or fails the test.
void WaitForEnds(const MockServer& server, std::size_t count);
// The only entry, once it is complete in its answer's sense (`answered`), or fails the test.
JournalEntry WaitForAnswered(const MockServer& server);
// The only entry, once its fault is decided, or fails the test.
JournalEntry WaitForFault(const MockServer& server);

// Catches the entry of a request that has ended, given to a server as its on_request.
class EndedRequest {
 public:
  EndedRequest();
  ~EndedRequest();
  std::function<void(const JournalEntry&)> hook() const;
  // Throws after the limit.
  JournalEntry Wait();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace keywalk::mock::testing

#endif  // KEYWALK_TESTS_MOCKUPSTREAM_MOCK_CLIENT_H_
