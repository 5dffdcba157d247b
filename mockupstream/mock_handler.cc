#include "mockupstream/mock_handler.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "io/deadline.h"
#include "keywalk/secret.h"
#include "mockupstream/credential.h"

namespace keywalk::mock {
namespace {

// How long the rest of a body is read whose request was answered early.
constexpr std::chrono::seconds kEarlyBodyTime{30};

constexpr int kLaneExhausted = 599;  // no provider's status: it cannot be taken for an answer

// Counts requests being served, however they end.
class ActiveScope {
 public:
  explicit ActiveScope(std::size_t& active) : active_(active) { ++active_; }
  ~ActiveScope() { --active_; }
  ActiveScope(const ActiveScope&) = delete;
  ActiveScope& operator=(const ActiveScope&) = delete;

 private:
  std::size_t& active_;
};

// Of what the mock answers of itself, not by a script.
class MockError {
 public:
  MockError(int status, std::string_view type, std::string message)
      : status(status), type(type), message(std::move(message)) {}

  int status;
  std::string_view type;
  std::string message;
};

Awaitable<AnswerOutcome> RespondError(io::ServerExchange& exchange, const MockError& error) {
  const nlohmann::json body = {{"error", {{"message", error.message}, {"type", error.type}}}};
  const std::string text = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const Headers headers{{"Content-Type", "application/json"}};
  const error_code code = co_await exchange.Respond(error.status, headers, text);
  AnswerOutcome outcome;
  outcome.status = error.status;
  outcome.answered = !code;
  co_return outcome;
}

JournalEntry NewEntry(const io::ServerExchange& exchange, std::string_view key,
                      std::int64_t time_ms) {
  const io::RequestHead& head = exchange.head();
  JournalEntry entry;
  entry.time_ms = time_ms;
  entry.connection = exchange.connection_id();
  if (!key.empty()) entry.key_hint = MaskKey(key);
  entry.method = head.method;
  entry.target = head.target;
  entry.headers = head.headers;
  return entry;
}

void RecordBody(BodyRecord& body, JournalEntry& entry) {
  entry.body_bytes = body.bytes;
  entry.body_sha256 = std::move(body.sha256);
  entry.body = std::move(body.kept);
  entry.body_truncated = !entry.body.empty() && entry.body.size() < body.bytes;
  entry.body_complete = body.complete;
}

void RecordOutcome(const AnswerOutcome& outcome, JournalEntry& entry) {
  entry.status = outcome.status;
  entry.answered = outcome.answered;
  if (entry.fault == FaultState::kNone) return;
  const bool fired = outcome.fault == FaultState::kFired;
  entry.fault = fired ? FaultState::kFired : FaultState::kNotReached;
}

}  // namespace

MockHandler::MockHandler(asio::io_context& context, MockState& state, HandlerOptions options)
    : context_(context),
      state_(state),
      options_(std::move(options)),
      admin_(context, state, options_.tail_ping) {}

Awaitable<void> MockHandler::Handle(io::ServerExchange& exchange) {
  const ActiveScope active(active_);
  if (options_.serve_admin && AdminPages::Owns(exchange.head().target)) {
    co_await admin_.Handle(exchange);
  } else {
    co_await Serve(exchange);
  }
}

Awaitable<void> MockHandler::Serve(io::ServerExchange& exchange) {
  const io::RequestHead& head = exchange.head();
  const std::string key = FindCredential(head.headers, head.target);
  // Held to the end: the script may be replaced meanwhile.
  const std::shared_ptr<LaneState> lane = state_.lanes.Find(key);
  const LaneState::Turn turn = lane ? lane->Take() : LaneState::Turn();

  JournalEntry entry = NewEntry(exchange, key, state_.now_ms());
  if (lane) entry.lane = lane->lane().name;
  entry.step = turn.number;
  if (turn.step != nullptr && turn.step->fault) entry.fault = FaultState::kPending;

  const bool early = turn.step != nullptr && turn.step->early && head.has_body();
  BodyRecord body;
  if (!early) {
    body = co_await ReadRequestBody(exchange, options_.body);
    RecordBody(body, entry);
  }
  const std::uint64_t sequence = state_.journal.Append(std::move(entry));

  AnswerOutcome outcome;
  if (early || body.complete) {
    outcome = co_await Answer(exchange, lane.get(), turn, key);
  } else {
    outcome = co_await RefuseBody(exchange, body.refusal);
  }
  if (early && outcome.answered) {
    state_.journal.Update(
        sequence, [&outcome](JournalEntry& early_entry) { RecordOutcome(outcome, early_entry); });
    co_await ReadEarlyBody(exchange, sequence);
  }
  RecordEnd(sequence, outcome);
  // Nothing of ours may follow what was, or was not, sent.
  if (!outcome.answered) exchange.TakeOver().Close();
}

Awaitable<AnswerOutcome> MockHandler::Answer(io::ServerExchange& exchange, const LaneState* lane,
                                             const LaneState::Turn& turn, const std::string& key) {
  AnswerOutcome outcome;
  if (turn.step != nullptr) {
    StepAnswer answer(context_, exchange, *turn.step, options_.max_stall);
    outcome = co_await answer.Run();
  } else if (lane != nullptr) {
    const MockError error(kLaneExhausted, "mock_lane_exhausted",
                          "lane exhausted: " + state_.lanes.masker().Mask(lane->lane().name) +
                              " has no further step");
    outcome = co_await RespondError(exchange, error);
  } else {
    const std::string whose = key.empty() ? "a request without a key" : "the key " + MaskKey(key);
    const MockError error(401, "mock_unknown_key",
                          "no lane for " + whose + ", and the script has no default_lane");
    outcome = co_await RespondError(exchange, error);
  }
  co_return outcome;
}

Awaitable<AnswerOutcome> MockHandler::RefuseBody(io::ServerExchange& exchange, int status) {
  AnswerOutcome outcome;
  if (status == 0) co_return outcome;  // nobody is there to be told
  exchange.CloseAfterResponse();
  const MockError error(status, "mock_request_body",
                        status == 413 ? "the request's body is larger than this server's limit"
                                      : "the request's body could not be read");
  outcome = co_await RespondError(exchange, error);
  co_return outcome;
}

Awaitable<void> MockHandler::ReadEarlyBody(io::ServerExchange& exchange, std::uint64_t sequence) {
  // A client that waits for 100 (Continue) has its answer and will not send the body.
  if (exchange.head().headers.HasToken("Expect", "100-continue")) co_return;
  // One that has its answer may stop in the middle, and wait.
  const auto read = std::make_shared<bool>(false);
  io::SteadyTimer limit(context_.get_executor(), kEarlyBodyTime);
  limit.async_wait([&exchange, read](const error_code& code) {
    if (!code && !*read) exchange.TakeOver().Close();
  });
  BodyRecord body = co_await ReadRequestBody(exchange, options_.body);
  *read = true;
  state_.journal.Update(sequence, [&body](JournalEntry& entry) { RecordBody(body, entry); });
}

void MockHandler::RecordEnd(std::uint64_t sequence, const AnswerOutcome& outcome) {
  std::optional<JournalEntry> ended;  // a copy only for who asked for it
  state_.journal.End(sequence, [&](JournalEntry& entry) {
    RecordOutcome(outcome, entry);
    state_.metrics.Count(entry);
    if (options_.on_request) ended = entry;
  });
  if (ended) options_.on_request(*ended);
}

}  // namespace keywalk::mock
