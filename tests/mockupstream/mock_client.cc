#include "tests/mockupstream/mock_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace keywalk::mock::testing {

Script Parse(std::string_view json) {
  Result<Script> script = ParseScript(json, "test.json");
  if (!script.ok()) throw std::runtime_error(script.error().message());
  return std::move(*script);
}

Script OneLane(std::string_view lane) {
  Script script = Parse(R"({"schema_version": "1.0", "lanes": {")" + std::string(kKey) +
                        "\": " + std::string(lane) + "}}");
  script.lanes.begin()->second.name = "k0";
  return script;
}

std::unique_ptr<MockServer> StartMock(Script script, MockServerOptions options) {
  auto server = MockServer::Start(std::move(options), std::move(script));
  if (!server.ok()) throw std::runtime_error(server.error().message());
  return std::move(*server);
}

std::string Post(std::string_view key, std::string_view body) {
  const Headers headers{{"Authorization", "Bearer " + std::string(key)},
                        {"Content-Type", "application/json"}};
  return RequestText("POST", "/v1/chat/completions", headers, body);
}

RawReply Ask(const MockServer& server, std::string_view key, std::string_view body) {
  RawClient client(server.port());
  client.Send(Post(key, body));
  return ReadReply(client);
}

RawReply Admin(const MockServer& server, std::string_view method, std::string_view path,
               std::string_view body) {
  RawClient client(server.port());
  client.Send(RequestText(method, path, {}, body));
  return ReadReply(client, method);
}

void WaitForEntries(const MockServer& server, std::size_t count) {
  EXPECT_TRUE(server.WaitForJournal(
      [count](const std::vector<JournalEntry>& entries) { return entries.size() >= count; },
      kLimit));
}

void WaitForEnds(const MockServer& server, std::size_t count) {
  EXPECT_TRUE(server.WaitForJournal(
      [count](const std::vector<JournalEntry>& entries) {
        const auto ended = [](const JournalEntry& entry) { return entry.ended; };
        return entries.size() == count && std::all_of(entries.begin(), entries.end(), ended);
      },
      kLimit));
}

namespace {

JournalEntry WaitForEntry(const MockServer& server, bool (*done)(const JournalEntry&)) {
  EXPECT_TRUE(server.WaitForJournal(
      [done](const std::vector<JournalEntry>& entries) {
        return entries.size() == 1 && done(entries.front());
      },
      kLimit));
  const std::vector<JournalEntry> entries = server.Journal();
  return entries.empty() ? JournalEntry() : entries.front();
}

}  // namespace

JournalEntry WaitForAnswered(const MockServer& server) {
  return WaitForEntry(server, [](const JournalEntry& entry) { return entry.answered; });
}

JournalEntry WaitForFault(const MockServer& server) {
  return WaitForEntry(server, [](const JournalEntry& entry) {
    return entry.fault == FaultState::kFired || entry.fault == FaultState::kNotReached;
  });
}

struct EndedRequest::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<JournalEntry> entries;
};

EndedRequest::EndedRequest() : state_(std::make_shared<State>()) {}
EndedRequest::~EndedRequest() = default;

std::function<void(const JournalEntry&)> EndedRequest::hook() const {
  return [state = state_](const JournalEntry& entry) {
    const std::lock_guard lock(state->mutex);
    state->entries.push_back(entry);
    state->changed.notify_all();
  };
}

JournalEntry EndedRequest::Wait() {
  std::unique_lock lock(state_->mutex);
  if (!state_->changed.wait_for(lock, kLimit, [this] { return !state_->entries.empty(); })) {
    throw std::runtime_error("no request ended within the limit");
  }
  JournalEntry entry = std::move(state_->entries.front());
  state_->entries.pop_front();
  return entry;
}

}  // namespace keywalk::mock::testing
