#include "mockupstream/answer.h"

#include <algorithm>
#include <optional>

#include "mockupstream/pause.h"
#include "mockupstream/sse.h"

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

}  // namespace

StepAnswer::StepAnswer(asio::io_context& context, io::ServerExchange& exchange,
                       const ScriptStep& step, std::chrono::milliseconds max_stall)
    : context_(context), exchange_(exchange), step_(step), max_stall_(max_stall) {
  if (!step_.fault) return;
  outcome_.fault = FaultState::kPending;
  until_fault_ = step_.fault->body_bytes;
}

bool StepAnswer::pauses() const {
  const auto waits = [](const SseEvent& event) { return event.delay.count() > 0; };
  return step_.delay.count() > 0 || step_.endless ||
         (step_.fault && step_.fault->kind == Fault::Kind::kStall) ||
         std::any_of(step_.sse.begin(), step_.sse.end(), waits);
}

bool StepAnswer::has_body() const {
  return exchange_.head().method != "HEAD" && step_.status != 204 && step_.status != 304;
}

bool StepAnswer::plain() const {
  return !step_.fault && step_.sse.empty() && !step_.chunked && !step_.endless;
}

Awaitable<AnswerOutcome> StepAnswer::Run() {
  // A watch is a read beside the answer: only where there is something to cut short.
  if (pauses()) exchange_.WatchClient();
  if (step_.headers.HasToken("Connection", "close")) exchange_.CloseAfterResponse();

  if (step_.delay.count() > 0) {
    const bool elapsed = co_await Wait(step_.delay);
    if (!elapsed) co_return outcome_;
  }
  if (FaultAt(Fault::At::kBeforeHead)) {
    co_await Fail();
    co_return outcome_;
  }
  if (plain()) {
    const std::string_view body = step_.body ? std::string_view(*step_.body) : "";
    const error_code code = co_await exchange_.Respond(step_.status, step_.headers, body);
    outcome_.status = step_.status;
    outcome_.answered = !code;
    co_return outcome_;
  }
  const bool head_sent = co_await SendHead();
  if (!head_sent) co_return outcome_;
  const bool body_sent = co_await SendBody();
  if (!body_sent) co_return outcome_;
  const error_code code = co_await exchange_.FinishResponse(step_.trailers);
  outcome_.answered = !code;
  if (step_.fault) outcome_.fault = FaultState::kNotReached;
  co_return outcome_;
}

Awaitable<bool> StepAnswer::Wait(std::chrono::milliseconds time) {
  co_return co_await Pause(context_, time, exchange_.client_gone());
}

Awaitable<bool> StepAnswer::SendHead() {
  std::optional<std::uint64_t> length;
  if (step_.sse.empty() && !step_.chunked && !step_.endless) {
    length = step_.body ? step_.body->size() : 0;
  }
  error_code code = co_await exchange_.StartResponse(step_.status, "", step_.headers, length);
  if (code) co_return false;
  outcome_.status = step_.status;
  // What follows may take its time, or never come.
  code = co_await exchange_.Flush();
  if (code) co_return false;
  if (!FaultAt(Fault::At::kAfterHead)) co_return true;
  co_await Fail();
  co_return false;
}

Awaitable<bool> StepAnswer::SendBody() {
  if (!has_body()) co_return true;
  if (FaultAt(Fault::At::kBody) && until_fault_ == 0) {
    co_await Fail();
    co_return false;
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
  for (const SseEvent& event : step_.sse) {
    if (event.delay.count() > 0) {
      const bool elapsed = co_await Wait(event.delay);
      if (!elapsed) co_return false;
    }
    const std::string text = EncodeSse(event);
    const bool go_on = co_await SendPiece(text);
    if (!go_on) co_return false;
  }
  co_return true;
}

Awaitable<bool> StepAnswer::SendEndless() {
  const std::string block = Repeated(*step_.body);
  bool go_on = true;
  while (go_on && !exchange_.client_gone().requested()) {
    go_on = co_await SendPiece(block);
  }
  co_return false;
}

Awaitable<bool> StepAnswer::SendPiece(std::string_view bytes) {
  const bool cut = FaultAt(Fault::At::kBody) && until_fault_ <= bytes.size();
  if (cut) bytes = bytes.substr(0, static_cast<std::size_t>(until_fault_));
  const error_code code = co_await exchange_.WriteBody(bytes);
  if (code) co_return false;
  until_fault_ -= std::min<std::uint64_t>(until_fault_, bytes.size());
  if (!cut) co_return true;
  co_await Fail();
  co_return false;
}

Awaitable<void> StepAnswer::Fail() {
  outcome_.fault = FaultState::kFired;
  const Fault::Kind kind = step_.fault->kind;
  if (kind == Fault::Kind::kStall) co_await Wait(max_stall_);
  io::Stream& stream = exchange_.TakeOver();
  if (kind == Fault::Kind::kReset) {
    stream.Reset();
  } else {
    stream.Close();
  }
}

}  // namespace keywalk::mock
