#include "mockupstream/mock_handler.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "io/deadline.h"
#include "keywalk/secret.h"
#include "mockupstream/active_scope.h"
#include "mockupstream/answers/provider_answers.h"
#include "mockupstream/lanes/credential.h"
#include "mockupstream/lanes/request_facts.h"
#include "mockupstream/model/key_model_json.h"
#include "mockupstream/model/model_answer.h"
#include "mockupstream/serve/accept_fault.h"
#include "mockupstream/serve/request_fault.h"

namespace keywalk::mock {
namespace {

// How long the rest of a body is read whose request was answered early.
constexpr std::chrono::seconds kEarlyBodyTime{30};

// No provider's status: it cannot be taken for an answer.
constexpr int kUnanswerable = 599;

// A body that decides about its answer is kept up to here; a larger one is as one that is no JSON.
constexpr std::size_t kMaxKeptBytes = std::size_t{16} * 1024 * 1024;

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

void RecordOutcome(const AnswerOutcome& outcome, JournalEntry& entry) {
  entry.status = outcome.status;
  entry.answered = outcome.answered;
  if (entry.fault == FaultState::kNone) return;
  const bool fired = outcome.fault == FaultState::kFired;
  entry.fault = fired ? FaultState::kFired : FaultState::kNotReached;
}

MockError BodyError(int status) {
  return MockError(status, "mock_request_body",
                   status == 413 ? "the request's body is larger than this server's limit"
                                 : "the request's body could not be read");
}

// The ids of an answer depend on its lane, route and step alone (FNV-1a), so that a run can be
// repeated.
std::uint64_t AnswerNumber(std::string_view lane, std::string_view route, std::uint64_t step) {
  std::uint64_t hash = 14695981039346656037u;
  const auto add = [&hash](char byte) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211u;
  };
  for (const char byte : lane) add(byte);
  if (!route.empty()) add('\n');
  for (const char byte : route) add(byte);
  return hash + step;
}

}  // namespace

// One request on its way through the handler.
class MockHandler::Served {
 public:
  Served(const io::RequestHead& head, std::string_view target)
      : facts(head.method, target, head.headers),
        key(FindCredential(head.headers, target)),
        key_hint(key.empty() ? std::string() : MaskKey(key)) {}

  std::string_view lane_name() const { return lane ? lane->lane().name : std::string_view(); }
  // True if the answer goes before the request's body.
  bool early() const { return turn.step != nullptr && turn.step->early && !body_read; }
  // True if a fault comes before the request has been read.
  bool fails_in_request() const {
    return turn.step != nullptr && turn.step->fault && IsInRequest(turn.step->fault->at) &&
           !body_read;
  }
  // True if the whole body is looked at, to choose a step or to render its answer.
  bool needs_body() const {
    return lane && (lane->plan()->reads_body_first() || refused() ||
                    (turn.step != nullptr && turn.step->respond));
  }
  bool refused() const { return limits && !limits->admission.admitted(); }
  // For the journal.
  std::string_view model() const {
    if (!limits) return {};
    return refused() ? ToString(*limits->admission.refusal) : "admitted";
  }

  // What is asked of the lane's model, if it has one, and then of its steps.
  void TakeTurn() {
    if (ModelGate* const gate = lane->gate()) {
      limits = gate->Admit(scope->clock.now(), EstimateCost(body.bytes, facts.json()));
    }
    if (!refused()) turn = lane->Take(facts);
  }

  void TakeBody(BodyReader& reader) {
    body = std::move(reader.record());
    body_read = true;
    // Else it is kept for the journal alone, which it is moved into.
    if (needs_body() && body.all_kept()) facts.set_body(body.kept);
    if (!body.complete) error.emplace(BodyError(body.refusal));
  }
  // Once the answer is known, which may take its time: frees the body's JSON, many times the body's
  // size, and all of the body but its first bytes.
  void DropBody(std::size_t keep_bytes) {
    facts.DropBody();
    if (body.kept.size() <= keep_bytes) return;
    body.kept.resize(keep_bytes);
    body.kept.shrink_to_fit();
  }
  // True if what is sent is a whole answer as it is scripted, at once.
  bool plain() const {
    return !error && !limits && turn.step != nullptr && !turn.step->respond && IsPlain(*turn.step);
  }

  RequestFacts facts;
  const std::string key;
  const std::string key_hint;       // the key, masked
  std::shared_ptr<Scope> scope;     // null: there is none, see `error`
  std::shared_ptr<LaneState> lane;  // held to the end: the script may be replaced meanwhile
  LaneState::Turn turn;
  bool body_read = false;
  BodyRecord body;
  std::int64_t time_ms = 0;
  std::optional<MockError> error;     // instead of an answer from a lane
  std::optional<LimitReport> limits;  // of a modelled lane
};

MockHandler::MockHandler(asio::io_context& context, MockState& state, HandlerOptions options)
    : context_(context),
      state_(state),
      options_(std::move(options)),
      admin_(context, state, options_.admin_tokens, options_.tail_ping) {}

Awaitable<void> MockHandler::Handle(io::ServerExchange& exchange) {
  const bool admin = options_.serve_admin && AdminPages::Owns(exchange.head().target);
  return admin ? HandleAdmin(exchange) : Serve(exchange);
}

Awaitable<void> MockHandler::HandleAdmin(io::ServerExchange& exchange) {
  const ActiveScope active(active_);
  co_await admin_.Handle(exchange);
}

std::unique_ptr<io::ConnectionHandler> MockHandler::OnAccept(std::uint64_t) {
  ConnectionTable::Turn turn = state_.connections.Take();
  if (turn.fault() == nullptr) return nullptr;
  return std::make_unique<AcceptFault>(context_, options_.max_stall, std::move(turn),
                                       [this] { state_.metrics.CountAcceptFault(); });
}

Awaitable<void> MockHandler::Serve(io::ServerExchange& exchange) {
  const ActiveScope active(active_);
  const ScopedTarget where(exchange.head().target, exchange.head().headers);
  Served served(exchange.head(), where.target());
  FindLane(where, served);
  if (served.lane && served.lane->plan()->reads_body_first()) co_await ReadBody(exchange, served);
  if (served.lane && !served.error) served.TakeTurn();
  const bool early = served.early() && exchange.head().has_body();
  const bool faulty = served.fails_in_request();
  if (!early && !faulty && !served.body_read) {
    BodyReader reader(exchange, Limits(served));
    if (!reader.TryRead()) co_await reader.Read();
    served.TakeBody(reader);
  }
  const std::uint64_t sequence = RecordRequest(exchange, served);

  AnswerOutcome outcome;
  if (faulty) {
    outcome = co_await ServeFaultyRequest(exchange, served, sequence);
  } else if (served.plain()) {
    outcome.status = served.turn.step->status;
    served.DropBody(KeptToTheEnd());
    const error_code code = co_await RespondPlain(exchange, *served.turn.step);
    outcome.answered = !code;
  } else {
    outcome = co_await Answer(exchange, served, sequence);
  }
  if (early && outcome.answered) {
    state_.journal.Update(sequence,
                          [&outcome](JournalEntry& entry) { RecordOutcome(outcome, entry); });
    co_await ReadEarlyBody(exchange, served);
    state_.journal.Update(sequence, [&](JournalEntry& entry) { RecordBody(served, entry); });
  }
  RecordEnd(exchange, served, sequence, outcome);
  // Nothing of ours may follow what was, or was not, sent.
  if (!outcome.answered) exchange.HangUp();
}

Awaitable<AnswerOutcome> MockHandler::ServeFaultyRequest(io::ServerExchange& exchange,
                                                         Served& served, std::uint64_t sequence) {
  const FaultScene scene = Scene(sequence);
  RequestFault fault(scene, exchange, *served.turn.step->fault);
  co_await ReadBody(exchange, served, &fault);
  state_.journal.Update(sequence, [&](JournalEntry& entry) { RecordBody(served, entry); });
  AnswerOutcome outcome;
  if (fault.early()) served.error.reset();  // the body is not wanted whole
  if (!fault.ended()) outcome = co_await Answer(exchange, served, sequence);
  outcome.fault = fault.state();
  co_return outcome;
}

FaultScene MockHandler::Scene(std::uint64_t sequence) {
  const auto fired = [this, sequence](int status) {
    state_.journal.Update(sequence, [status](JournalEntry& entry) {
      entry.fault = FaultState::kFired;
      entry.status = status;
    });
  };
  return FaultScene(context_, options_.max_stall, fired);
}

std::string MockHandler::WhyNoStep(const Served& served) {
  const std::string lane(served.lane_name());
  if (served.turn.route != nullptr) {
    return "lane exhausted: route " + served.turn.route->name + " of " + lane +
           " has no further step";
  }
  if (served.lane->lane().routes.empty() || !served.lane->lane().steps.empty()) {
    return "lane exhausted: " + lane + " has no further step";
  }
  return "no route of " + lane + " matches " + std::string(served.facts.method()) + " " +
         std::string(served.facts.path());
}

BodyLimits MockHandler::Limits(const Served& served) const {
  BodyLimits limits = options_.body;
  if (served.needs_body()) limits.keep_bytes = std::max(limits.keep_bytes, kMaxKeptBytes);
  return limits;
}

std::size_t MockHandler::KeptToTheEnd() const {
  return options_.on_request ? options_.body.keep_bytes : 0;
}

void MockHandler::FindLane(const ScopedTarget& where, Served& served) {
  if (!where.problem().empty()) {
    served.error.emplace(400, "mock_scope", std::string(where.problem()));
  } else {
    served.scope = state_.scopes.Use(where.scope());
    if (!served.scope) {
      served.error.emplace(kUnanswerable, "mock_too_many_scopes",
                           TooManyScopes(state_.scopes.max_scopes()));
    }
  }
  const Scope& clock_of = served.scope ? *served.scope : state_.scopes.default_scope();
  served.time_ms = clock_of.clock.now_ms();
  if (served.error) return;
  served.lane = served.scope->lanes().Find(served.key);
  if (served.lane) return;
  const std::string whose =
      served.key.empty() ? "a request without a key" : "the key " + MaskKey(served.key);
  served.error.emplace(401, "mock_unknown_key",
                       "no lane for " + whose + ", and the script has no default_lane");
}

Awaitable<void> MockHandler::ReadBody(io::ServerExchange& exchange, Served& served,
                                      BodyGate* gate) {
  BodyReader reader(exchange, Limits(served));
  co_await reader.Read(gate);
  served.TakeBody(reader);
}

Awaitable<AnswerOutcome> MockHandler::Answer(io::ServerExchange& exchange, Served& served,
                                             std::uint64_t sequence) {
  AnswerOutcome outcome;
  const std::unique_ptr<const ScriptStep> rendered = Render(served, sequence);
  served.DropBody(KeptToTheEnd());
  if (served.error) {
    if (served.error->status == 0) co_return outcome;  // nobody is there to be told
    if (!served.body.complete) exchange.CloseAfterResponse();
    outcome = co_await RespondError(exchange, *served.error);
  } else if (served.refused() || served.turn.step != nullptr) {
    const ScriptStep& step = rendered ? *rendered : *served.turn.step;
    const FaultScene scene = Scene(sequence);
    StepAnswer answer(scene, exchange, step);
    outcome = co_await answer.Run();
  } else {
    const std::string text = served.scope->lanes().masker()->Mask(WhyNoStep(served));
    const MockError error(kUnanswerable, "mock_lane_exhausted", text);
    outcome = co_await RespondError(exchange, error);
  }
  co_return outcome;
}

std::unique_ptr<const ScriptStep> MockHandler::Render(const Served& served,
                                                      std::uint64_t sequence) {
  const ScriptStep* const step = served.turn.step;
  if (served.error || (step == nullptr && !served.refused())) return nullptr;
  if (!served.limits && !step->respond) return nullptr;
  AnswerRequest request;
  request.method = served.facts.method();
  request.target = served.facts.target();
  request.body = served.facts.json();
  request.key_hint = served.key_hint;
  const std::string_view route =
      served.turn.route != nullptr ? std::string_view(served.turn.route->name) : "";
  request.number = AnswerNumber(served.lane_name(), route, served.turn.number.value_or(sequence));
  request.now = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::system_clock::now()) +
                served.scope->clock.added();
  if (served.refused()) {
    return std::make_unique<const ScriptStep>(
        RenderRefusal(served.lane->gate()->provider(), *served.limits, request));
  }
  auto rendered = std::make_unique<ScriptStep>(step->respond ? RenderStep(*step, request) : *step);
  if (served.limits) AddLimitFields(served.lane->gate()->provider(), *served.limits, *rendered);
  return rendered;
}

Awaitable<void> MockHandler::ReadEarlyBody(io::ServerExchange& exchange, Served& served) {
  // A client that waits for 100 (Continue) has its answer and will not send the body.
  if (exchange.head().headers.HasToken("Expect", "100-continue")) co_return;
  // One that has its answer may stop in the middle, and wait.
  const auto read = std::make_shared<bool>(false);
  io::SteadyTimer limit(context_.get_executor(), kEarlyBodyTime);
  limit.async_wait([&exchange, read](const error_code& code) {
    if (!code && !*read) exchange.TakeOver().Close();
  });
  BodyReader reader(exchange, options_.body);  // nothing is chosen or rendered by it any more
  co_await reader.Read();
  served.body = std::move(reader.record());
  *read = true;
}

std::uint64_t MockHandler::RecordRequest(const io::ServerExchange& exchange, Served& served) {
  return state_.journal.Append(MakeEntry(exchange, served));
}

JournalEntry MockHandler::MakeEntry(const io::ServerExchange& exchange, Served& served) const {
  const io::RequestHead& head = exchange.head();
  JournalEntry entry;
  entry.time_ms = served.time_ms;
  entry.connection = exchange.connection_id();
  entry.key_hint = served.key_hint;
  entry.method = head.method;
  entry.target = served.facts.target();
  entry.headers = head.headers;
  if (served.scope) entry.scope = served.scope->id();
  entry.lane = served.lane_name();
  entry.model = served.model();
  entry.step = served.turn.number;
  if (served.turn.route != nullptr) entry.route = served.turn.route->name;
  entry.chaos = served.turn.draw;
  if (served.turn.step != nullptr && served.turn.step->fault) entry.fault = FaultState::kPending;
  if (served.body_read) RecordBody(served, entry);
  return entry;
}

void MockHandler::RecordBody(Served& served, JournalEntry& entry) const {
  BodyRecord& body = served.body;
  entry.body_bytes = body.bytes;
  entry.body_sha256 = body.sha256 ? ToHex(*body.sha256) : std::string();
  if (served.needs_body() || options_.on_request) {
    // It is still looked at, or needed again if the journal drops the entry (RecordEnd).
    entry.body = body.kept.substr(0, options_.body.keep_bytes);
  } else {
    entry.body = std::move(body.kept);
  }
  entry.body_truncated = !entry.body.empty() && entry.body.size() < body.bytes;
  entry.body_complete = body.complete;
}

void MockHandler::MaskForLog(JournalEntry& entry) const {
  // Of the scope that served it, and of the others' common origin: those of all scopes are too
  // many to be looked for with every request.
  const auto known = state_.scopes.default_scope().lanes().masker();
  const std::shared_ptr<Scope> scope = state_.scopes.Find(entry.scope);
  const auto own = scope ? scope->lanes().masker() : known;
  for (std::string* text : {&entry.target, &entry.lane, &entry.route}) {
    *text = known->Mask(own->Mask(*text));
  }
}

void MockHandler::RecordEnd(const io::ServerExchange& exchange, Served& served,
                            std::uint64_t sequence, const AnswerOutcome& outcome) {
  std::optional<JournalEntry> ended;  // a copy only for who asked for it
  const auto end = [&](JournalEntry& entry) {
    RecordOutcome(outcome, entry);
    entry.end_ms = (served.scope ? *served.scope : state_.scopes.default_scope()).clock.now_ms();
    state_.metrics.Count(entry);
    if (options_.on_request) ended = entry;
  };
  if (!state_.journal.End(sequence, end)) {  // dropped, or cleared, while it was served
    JournalEntry entry = MakeEntry(exchange, served);
    entry.sequence = sequence;
    entry.ended = true;
    end(entry);
  }
  if (!ended) return;
  MaskForLog(*ended);
  options_.on_request(*ended);
}

}  // namespace keywalk::mock
