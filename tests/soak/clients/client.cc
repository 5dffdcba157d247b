#include "tests/soak/clients/client.h"

#include <algorithm>
#include <utility>

namespace keywalk::soak {
namespace {

// Longer than every time limit that the proxy is given.
constexpr std::chrono::seconds kSilence{30};

std::int64_t Microseconds(std::chrono::steady_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

}  // namespace

void Client::Run(const std::atomic<bool>& stop) {
  while (!stop) Make(workload_.Next());
  LookForSurplus();
  connection_.Close();
}

void Client::LookForSurplus() {
  if (!connection_.open() || connection_.Peek().state != Connection::State::kDone) return;
  Outcome outcome;
  outcome.id = last_id_;
  outcome.kind = "surplus";
  outcome.begin_us = outcome.end_us = Microseconds(Clock::now());
  outcome.ending = Ending::kSurplus;
  log_.Write(outcome);
  connection_.Close();
}

bool Client::Prepare(const Visit& visit) {
  if (connection_.open()) {
    LookForSurplus();
    const bool idle =
        connection_.open() && connection_.Peek().state == Connection::State::kWouldWait;
    if (!idle || visit.fresh_connection) connection_.Close();
  }
  if (!connection_.open() && !connection_.Open(port_)) return false;
  if (visit.read_piece > 0) connection_.ReadLittle();
  return true;
}

void Client::Make(const Visit& visit) {
  answer_.Reset();
  digest_.Take();
  sent_ = received_ = answered_ = 0;
  sending_failed_ = false;
  may_read_ = may_send_ = true;
  begun_ = moved_ = Clock::now();
  if (!Prepare(visit)) return ReportRest(visit, Ending::kRefused, Ending::kRefused);
  while (Move(visit) == Next::kGoOn) {
  }
}

bool Client::WantsToLeave(const Visit& visit) const {
  if (visit.leave_after_sent) return sent_ >= *visit.leave_after_sent;
  if (visit.leave_after_received) return received_ > *visit.leave_after_received;
  return visit.leave_after_ms &&
         Clock::now() - begun_ >= std::chrono::milliseconds(*visit.leave_after_ms);
}

int Client::WaitMs(const Visit& visit) const {
  if (visit.leave_after_ms) return std::max(1, *visit.leave_after_ms);
  if (visit.pause_ms > 0) return visit.pause_ms;
  return static_cast<int>(std::chrono::milliseconds(kSilence).count());
}

Client::Next Client::Move(const Visit& visit) {
  if (WantsToLeave(visit)) {
    visit.leave_by_reset ? connection_.Reset() : connection_.Close();
    ReportRest(visit, Ending::kLeft, Ending::kLeft);
    return Next::kEnd;
  }
  const bool sends = sent_ < visit.bytes.size() && !sending_failed_;
  const Connection::Ready ready = connection_.Wait(may_read_, sends && may_send_, WaitMs(visit));
  if (!ready.read && !ready.write) {
    may_read_ = may_send_ = true;  // a pause is over
    if (Clock::now() - moved_ < kSilence) return Next::kGoOn;
    connection_.Reset();
    ReportRest(visit, Ending::kTimeout, Ending::kTimeout);
    return Next::kEnd;
  }
  moved_ = Clock::now();
  if (ready.read) return ReceiveSome(visit);
  return SendSome(visit);
}

Client::Next Client::SendSome(const Visit& visit) {
  std::string_view bytes = std::string_view(visit.bytes).substr(sent_);
  if (visit.leave_after_sent) bytes = bytes.substr(0, *visit.leave_after_sent - sent_);
  if (visit.send_piece > 0) {
    bytes = bytes.substr(0, visit.send_piece);
    may_send_ = false;
  }
  const Connection::Moved moved = connection_.Send(bytes);
  // Who closes while we send may have answered before.
  if (moved.state == Connection::State::kFailed) sending_failed_ = true;
  sent_ += moved.bytes;
  return Next::kGoOn;
}

Client::Next Client::ReceiveSome(const Visit& visit) {
  const std::size_t most =
      visit.read_piece > 0 ? std::min(visit.read_piece, buffer_.size()) : buffer_.size();
  const Connection::Moved moved = connection_.Receive(buffer_.data(), most);
  if (visit.read_piece > 0) may_read_ = false;
  switch (moved.state) {
    case Connection::State::kWouldWait:
      return Next::kGoOn;
    case Connection::State::kDone:
      received_ += moved.bytes;
      return Consume(visit, std::string_view(buffer_.data(), moved.bytes));
    case Connection::State::kEnded:
    case Connection::State::kFailed:
      break;
  }
  const bool completes = moved.state == Connection::State::kEnded &&
                         answer_.End() == bench::AnswerReader::State::kComplete;
  connection_.Close();
  ReportRest(visit,
             completes         ? Ending::kWhole
             : answer_.begun() ? Ending::kCut
                               : Ending::kNone,
             Ending::kNone);
  return Next::kEnd;
}

Client::Next Client::Consume(const Visit& visit, std::string_view bytes) {
  const auto on_body = [this](std::string_view piece) { digest_.Add(piece); };
  while (!bytes.empty()) {
    const bench::AnswerReader::State state = answer_.Take(bytes, on_body);
    if (state == bench::AnswerReader::State::kMore) return Next::kGoOn;
    if (state == bench::AnswerReader::State::kBroken) {
      connection_.Close();
      ReportRest(visit, Ending::kBroken, Ending::kNone);
      return Next::kEnd;
    }
    const bool closes = answer_.closes();
    Report(visit, Ending::kWhole);
    const bool last = answered_ == visit.asked.size();
    if (last && !bytes.empty()) {
      --answered_;
      Report(visit, Ending::kSurplus);
      connection_.Close();
      return Next::kEnd;
    }
    if (!last && !closes) continue;
    // An answer before all was sent leaves the connection in the middle of a request.
    if (closes || sent_ < visit.bytes.size()) connection_.Close();
    ReportRest(visit, Ending::kNone, Ending::kNone);
    return Next::kEnd;
  }
  return Next::kGoOn;
}

void Client::Report(const Visit& visit, Ending ending) {
  const Asked& asked = visit.asked[answered_];
  Outcome outcome;
  outcome.id = last_id_ = asked.id;
  outcome.kind = visit.kind;
  outcome.begin_us = Microseconds(begun_);
  outcome.end_us = Microseconds(Clock::now());
  outcome.ending = ending;
  outcome.status = answer_.status();
  outcome.body_bytes = answer_.body_bytes();
  outcome.body_sha256 = digest_.Take();
  outcome.sent_bytes = asked.body_bytes;
  outcome.sent_sha256 = asked.body_sha256;
  log_.Write(outcome);
  answer_.Reset();
  ++answered_;
}

void Client::ReportRest(const Visit& visit, Ending first, Ending others) {
  Ending ending = first;
  while (answered_ < visit.asked.size()) Report(visit, std::exchange(ending, others));
}

}  // namespace keywalk::soak
