#include "mockupstream/serve/answer.h"

#include <algorithm>

#include "mockupstream/script/sse.h"

namespace keywalk::mock {
namespace {

// A chunked body goes out in chunks of this size, as providers' gateways cut it.
constexpr std::size_t kChunkBytes = 16 * 1024;

// An endless body of a few bytes is repeated in memory first: a chunk a byte would be all framing.
std::string Repeated(std::string_view body) {
  std::string block;
  do {
    block += body;
  } while (block.size() < kChunkBytes);
  return block;
}

// One call of Respond() sends all of it.
bool IsOnePiece(const ScriptStep& step) {
  return step.sse.empty() && !step.chunked && !step.endless;
}

const Fault* FaultOfAnswer(const ScriptStep& step) {
  return step.fault && !IsInRequest(step.fault->at) ? &*step.fault : nullptr;
}

}  // namespace

bool IsPlain(const ScriptStep& step) {
  return !step.fault && step.delay.count() == 0 && IsOnePiece(step);
}

Awaitable<error_code> RespondPlain(io::ServerExchange& exchange, const ScriptStep& step) {
  if (step.headers.HasToken("Connection", "close")) exchange.CloseAfterResponse();
  const std::string_view body = step.body ? std::string_view(*step.body) : "";
  return exchange.Respond(step.status, step.headers, body);
}

StepAnswer::StepAnswer(const FaultScene& scene, io::ServerExchange& exchange,
                       const ScriptStep& step)
    : exchange_(exchange), step_(step), fault_(scene, exchange, FaultOfAnswer(step)) {
  if (fault_.Is(Fault::At::kBody)) until_fault_ = fault_.fault().body_bytes;
}

bool StepAnswer::pauses() const {
  const auto waits = [](const SseEvent& event) { return event.delay.count() > 0; };
  return step_.delay.count() > 0 || step_.endless || fault_.Is(Fault::Kind::kStall) ||
         fault_.Is(Fault::Kind::kDrip) || fault_.Is(Fault::Kind::kEndless) ||
         std::any_of(step_.sse.begin(), step_.sse.end(), waits);
}

bool StepAnswer::has_body() const {
  return exchange_.head().method != "HEAD" && step_.status != 204 && step_.status != 304;
}

bool StepAnswer::plain() const { return fault_.state() == FaultState::kNone && IsOnePiece(step_); }

Awaitable<AnswerOutcome> StepAnswer::Run() {
  if (step_.headers.HasToken("Connection", "close")) exchange_.CloseAfterResponse();
  outcome_.answered = co_await Serve();
  outcome_.fault = fault_.state();
  co_return outcome_;
}

Awaitable<bool> StepAnswer::Serve() {
  // A watch is a read beside the answer: only where there is something to cut short.
  if (pauses()) exchange_.WatchUnread();
  if (step_.delay.count() > 0) {
    const bool elapsed = co_await fault_.Wait(step_.delay);
    if (!elapsed) co_return false;
  }
  const bool go_on = co_await Reach(Fault::At::kBeforeHead);
  if (!go_on) co_return false;
  if (plain()) {
    outcome_.status = step_.status;
    const error_code code = co_await RespondPlain(exchange_, step_);
    co_return !code;
  }
  const bool head_sent = co_await SendHead();
  if (!head_sent) co_return false;
  const bool body_sent = co_await SendBody();
  if (!body_sent) co_return false;
  if (body_framing_ == Framing::kRaw) {
    exchange_.HangUp();  // the stated length is another: only the connection's end is one
    co_return false;
  }
  const error_code code = co_await exchange_.FinishResponse(step_.trailers);
  co_return !code;
}

Awaitable<bool> StepAnswer::SendBody() {
  if (!has_body()) co_return true;
  if (fault_.Is(Fault::At::kBody) && until_fault_ == 0) {
    at_fault_in_body_ = true;
    const bool go_on = co_await Happen();
    if (!go_on) co_return false;
  }
  if (!step_.sse.empty()) co_return co_await SendEvents();
  if (step_.endless) co_return co_await SendEndless();
  if (step_.body) co_return co_await SendPieces(*step_.body);
  co_return true;
}

Awaitable<bool> StepAnswer::SendPieces(std::string_view body) {
  const std::size_t piece = step_.chunked ? kChunkBytes : std::max<std::size_t>(body.size(), 1);
  while (!body.empty()) {
    const bool go_on = co_await SendPiece(body.substr(0, piece));
    if (!go_on) co_return false;
    body.remove_prefix(std::min(piece, body.size()));
  }
  co_return true;
}

Awaitable<bool> StepAnswer::SendEvents() {
  for (std::size_t i = 0; i <= step_.sse.size() && !body_over_; ++i) {
    const bool go_on = co_await SendEvent(i);
    if (!go_on) co_return false;
  }
  co_return true;
}

// The place behind the last event has a number too.
Awaitable<bool> StepAnswer::SendEvent(std::size_t number) {
  const bool exists = number < step_.sse.size();
  if (exists && step_.sse[number].delay.count() > 0) {
    const bool elapsed = co_await fault_.Wait(step_.sse[number].delay);
    if (!elapsed) co_return false;
  }
  const std::string text = exists ? EncodeSse(step_.sse[number]) : "";
  std::string_view rest = text;
  if (fault_.Is(Fault::At::kSseEvent) && fault_.fault().event == number) {
    const bool within = fault_.fault().within;
    if (within && !exists) co_return true;
    const std::size_t half = within ? text.size() / 2 : 0;
    if (half > 0) {
      const bool sent = co_await Write(rest.substr(0, half), body_framing_);
      if (!sent) co_return false;
      rest.remove_prefix(half);
    }
    const bool go_on = co_await Happen();
    if (!go_on) co_return false;
  }
  if (body_over_ || rest.empty()) co_return true;
  co_return co_await SendPiece(rest);
}

Awaitable<bool> StepAnswer::SendEndless() {
  // A large body goes out from where it is held: a copy for each request would be as large.
  const bool small = step_.body->size() < kChunkBytes;
  const std::string repeated = small ? Repeated(*step_.body) : std::string();
  const std::string_view block = small ? repeated : *step_.body;
  bool go_on = true;
  while (go_on && !exchange_.client_gone().requested()) {
    go_on = co_await SendPiece(block);
  }
  co_return false;
}

Awaitable<bool> StepAnswer::SendPiece(std::string_view bytes) {
  const bool here = fault_.Is(Fault::At::kBody) && !at_fault_in_body_;
  if (here && until_fault_ <= bytes.size()) {
    const std::size_t before = static_cast<std::size_t>(until_fault_);
    const bool sent = co_await Write(bytes.substr(0, before), body_framing_);
    if (!sent) co_return false;
    at_fault_in_body_ = true;
    bytes.remove_prefix(before);
    const bool go_on = co_await Happen();
    if (!go_on) co_return false;
  } else if (here) {
    until_fault_ -= bytes.size();
  }
  co_return co_await Write(bytes, body_framing_);
}

Awaitable<bool> StepAnswer::Write(std::string_view bytes, Framing framing) {
  if (!drip_) co_return co_await WriteOnce(bytes, framing);
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, drip_->piece());
    const auto wait = drip_->Take(piece.size(), std::chrono::steady_clock::now());
    if (wait.count() > 0) {
      const bool elapsed = co_await fault_.Wait(wait);
      if (!elapsed) co_return false;
    }
    const bool sent = co_await WriteOnce(piece, framing);
    if (!sent) co_return false;
    fault_.Fire();
    bytes.remove_prefix(piece.size());
  }
  co_return true;
}

Awaitable<bool> StepAnswer::WriteOnce(std::string_view bytes, Framing framing) {
  if (bytes.empty()) co_return true;
  error_code code;
  if (framing == Framing::kRaw) {
    code = co_await exchange_.WriteRaw(bytes);
  } else {
    code = co_await exchange_.WriteBody(bytes);
  }
  co_return !code;
}

}  // namespace keywalk::mock
