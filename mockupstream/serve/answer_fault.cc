// The part of an answer that a fault changes: its head, and what comes in place of its rest.

#include <algorithm>
#include <utility>

#include "mockupstream/script/sse.h"
#include "mockupstream/serve/answer.h"

namespace keywalk::mock {
namespace {

// "HTTP/1.1 4": the middle of a status line.
constexpr std::size_t kStatusLineCut = 10;
// The empty line.
constexpr std::size_t kHeadEnd = 2;

constexpr std::size_t kEndlessBytes = 16 * 1024;

// A chunk's size that is no number.
constexpr std::string_view kBadChunkHead = "not-hex\r\n";

}  // namespace

bool StepAnswer::BreaksBody() const {
  if (fault_.Is(Fault::Kind::kEndless)) return fault_.fault().at >= Fault::At::kAfterHead;
  return fault_.Is(Fault::Kind::kBadChunk) || fault_.Is(Fault::Kind::kWrongContentLength);
}

bool StepAnswer::SplitsHead() const {
  return drip_ || fault_.Is(Fault::At::kStatusLine) || fault_.Is(Fault::At::kResponseHeaders);
}

std::uint64_t StepAnswer::TrueLength() const {
  if (step_.sse.empty()) return step_.body ? step_.body->size() : 0;
  std::uint64_t length = 0;
  for (const SseEvent& event : step_.sse) length += EncodeSse(event).size();
  return length;
}

std::optional<std::uint64_t> StepAnswer::StatedLength() const {
  if (fault_.Is(Fault::Kind::kWrongContentLength) && has_body()) {
    return fault_.fault().content_length;
  }
  if (!step_.sse.empty() || step_.chunked || step_.endless || BreaksBody()) return std::nullopt;
  return TrueLength();
}

Awaitable<bool> StepAnswer::Reach(Fault::At place) {
  if (!fault_.Is(place)) co_return true;
  co_return co_await Happen();
}

// Once all that comes before it has been written the place is reached, even if the client turns out
// to have left meanwhile: a good one does so as soon as it has seen enough.
Awaitable<bool> StepAnswer::Happen() {
  if (BreaksBody() && !has_body()) co_return true;
  switch (fault_.fault().kind) {
    case Fault::Kind::kDrip:
      drip_.emplace(fault_.fault().bytes_per_second);
      co_return true;
    case Fault::Kind::kBadChunk:
      co_return co_await BreakChunk();
    case Fault::Kind::kErrorEvent:
      co_return co_await SendErrorEvent();
    case Fault::Kind::kEndless:
      co_return co_await GoOnForEver();
    case Fault::Kind::kWrongContentLength:  // the head states it already
      if (TrueLength() == fault_.fault().content_length) co_return true;
      body_framing_ = Framing::kRaw;
      fault_.Fire();
      co_return true;
    default:
      co_return co_await fault_.Strike();
  }
}

Awaitable<bool> StepAnswer::SendHead() {
  const std::optional<std::uint64_t> length = StatedLength();
  if (SplitsHead()) {
    const bool sent = co_await SendSplitHead(length);
    if (!sent) co_return false;
  } else {
    error_code code = co_await exchange_.StartResponse(step_.status, "", step_.headers, length);
    if (code) co_return false;
    // What follows may take its time, or never come.
    code = co_await exchange_.Flush();
    if (code) co_return false;
  }
  outcome_.status = step_.status;
  fault_.set_status(step_.status);
  co_return co_await Reach(Fault::At::kAfterHead);
}

Awaitable<bool> StepAnswer::SendSplitHead(std::optional<std::uint64_t> length) {
  const std::string head = exchange_.RenderHead(step_.status, "", step_.headers, length);
  const std::string_view all = head;
  const std::size_t end = all.size() - kHeadEnd;
  bool go_on = co_await Write(all.substr(0, kStatusLineCut), Framing::kRaw);
  if (go_on) go_on = co_await Reach(Fault::At::kStatusLine);
  if (go_on) {
    go_on = co_await Write(all.substr(kStatusLineCut, end - kStatusLineCut), Framing::kRaw);
  }
  if (go_on) go_on = co_await Reach(Fault::At::kResponseHeaders);
  if (go_on) go_on = co_await Write(all.substr(end), Framing::kRaw);
  co_return go_on;
}

Awaitable<bool> StepAnswer::BreakChunk() {
  if (exchange_.head().version == 10) co_return true;  // no chunks there
  co_await fault_.FireRaw(kBadChunkHead);
  exchange_.HangUp();
  co_return false;
}

Awaitable<bool> StepAnswer::SendErrorEvent() {
  const bool sent = co_await WriteOnce(*fault_.fault().bytes, Framing::kBody);
  if (!sent) co_return false;
  fault_.Fire();
  body_over_ = true;
  if (fault_.fault().then_close) exchange_.HangUp();
  co_return !fault_.fault().then_close;
}

std::string StepAnswer::EndlessBlock() const {
  const Fault& fault = fault_.fault();
  std::string unit;
  std::size_t begin = 0;
  if (fault.at == Fault::At::kStatusLine) {
    unit = "x";
  } else if (fault.at == Fault::At::kResponseHeaders) {
    unit = "X-Endless: " + std::string(1000, 'x') + "\r\n";
  } else if (fault.at == Fault::At::kSseEvent) {
    unit = EncodeSse(step_.sse[std::min(fault.event, step_.sse.size() - 1)]);
    begin = fault.within ? unit.size() / 2 : 0;
  } else {
    for (const SseEvent& event : step_.sse) unit += EncodeSse(event);
    if (step_.body) unit += *step_.body;
    if (unit.empty()) unit = "x";
    begin = static_cast<std::size_t>(fault.body_bytes % unit.size());
  }
  std::rotate(unit.begin(), unit.begin() + static_cast<std::ptrdiff_t>(begin), unit.end());
  const std::string once = unit;
  while (unit.size() < kEndlessBytes) unit += once;
  return unit;
}

Awaitable<bool> StepAnswer::GoOnForEver() {
  const bool in_head = fault_.fault().at < Fault::At::kAfterHead;
  // As in SendEndless().
  const bool shared =
      !in_head && step_.sse.empty() && step_.body && step_.body->size() >= kEndlessBytes;
  const std::string made = shared ? std::string() : EndlessBlock();
  const std::string_view block = shared ? *step_.body : made;
  const std::uint64_t begin = shared ? fault_.fault().body_bytes % block.size() : 0;
  std::string_view next = block.substr(static_cast<std::size_t>(begin));
  const Framing framing = in_head ? Framing::kRaw : Framing::kBody;
  bool go_on = true;
  while (go_on && !exchange_.client_gone().requested()) {
    go_on = co_await WriteOnce(next, framing);
    if (go_on) fault_.Fire();
    next = block;
  }
  co_return false;
}

}  // namespace keywalk::mock
