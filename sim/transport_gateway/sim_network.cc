#include "sim/transport_gateway/sim_network.h"

#include <algorithm>
#include <utility>

#include "mockupstream/lanes/credential.h"

namespace keywalk::sim {

using Fault = ListedAnswer::Fault;

SimNetwork::SimNetwork(asio::io_context& context, GatewayHost& host, WireCounts& counts)
    : context_(context), host_(host), counts_(counts) {
  const KeyPool& pool = *host.pool(0);  // all have the same keys
  for (KeyIndex key = 0; key < pool.size(); ++key) keys_.emplace(pool.key(key), key);
}

std::unique_ptr<io::Stream> SimNetwork::Connect() {
  ++counts_.connections;
  return std::make_unique<SimStream>(context_, *this);
}

void SimNetwork::Begin(Slot slot, const SimRequest& request) {
  while (slot >= attempts_.size()) attempts_.push_back(std::make_unique<Attempt>());
  Attempt& attempt = *attempts_[slot];
  attempt.request = &request;
  attempt.sent = 0;
  attempt.waited_since_verdict = true;
}

void SimNetwork::OnEvent(const GatewayEvent& event) {
  Attempt& attempt = *attempts_[event.slot];
  if (attempt.token != event.token || attempt.stage == Stage::kNone) return;
  Happen(event.slot, attempt, static_cast<Event>(event.kind));
}

void SimNetwork::End(Slot slot, AttemptEnded ended) {
  Attempt& attempt = *attempts_[slot];
  ended.at = now();
  ended.sent_at = attempt.sent_at;
  ended.request = attempt.request->id;
  ended.number = attempt.sent - 1;
  ended.replica = attempt.request->replica;
  ended.key = attempt.key;
  if (ended.how == AttemptEnded::How::kResponse) ended.retry_after = attempt.retry_after;
  attempt.open = false;
  host_.AttemptHasEnded(ended);
}

void SimNetwork::OnRequest(SimStream& stream, const io::MessageHead& head,
                           const ArrivingBody& body) {
  ++counts_.requests;
  const std::optional<MessageTag> tag = MessageTag::In(head.headers);
  const auto key = keys_.find(mock::FindCredential(head.headers, head.target));
  // Nothing that the world knows: as good as no HTTP.
  if (!tag || tag->slot >= attempts_.size() || key == keys_.end()) return stream.Break();
  Attempt& attempt = *attempts_[tag->slot];
  // Of an earlier exchange whose last bytes nobody wanted.
  if (stream.slot) Detach(*attempts_[*stream.slot]);
  if (attempt.stream != nullptr) Detach(attempt);
  attempt.stage = Stage::kWritten;
  attempt.stream = &stream;
  attempt.key = key->second;
  attempt.body_digest = body.Digest(tag->request);
  stream.slot = tag->slot;
  written_.push_back(tag->slot);
}

bool SimNetwork::SendNext() {
  if (written_.empty()) return false;
  const Slot slot = written_.front();
  written_.erase(written_.begin());
  Attempt& attempt = *attempts_[slot];
  if (attempt.stage != Stage::kWritten) return true;  // its connection was closed
  if (host_.interleaves() && !attempt.waited_since_verdict) {
    attempt.waited_since_verdict = true;
    Schedule(slot, attempt, now(), Event::kSend);
  } else {
    Send(slot, attempt);
  }
  return true;
}

void SimNetwork::Happen(Slot slot, Attempt& attempt, Event event) {
  switch (event) {
    case Event::kSend:
      return Send(slot, attempt);
    case Event::kAtUpstream:
      return ReachUpstream(slot, attempt);
    case Event::kHead:
      return DeliverHead(attempt);
    case Event::kRest:
      return DeliverRest(attempt);
    case Event::kDeadline:
      attempt.deadline_at.reset();
      return attempt.stream->Expire();
  }
}

void SimNetwork::Send(Slot slot, Attempt& attempt) {
  const SimRequest& request = *attempt.request;
  const std::uint32_t number = attempt.sent++;
  attempt.stage = Stage::kSent;
  attempt.sent_at = now();
  attempt.open = true;
  host_.AttemptIsSent(
      {now(), request.id, number, request.replica, attempt.key, attempt.body_digest});
  attempt.passage = host_.upstream().Send(request, number, attempt.key, now());
  attempt.next_at.reset();
  if (attempt.passage.fault != Fault::kNoAnswer) {
    attempt.next_at = now() + attempt.passage.to_upstream + attempt.passage.to_head;
  }
  attempt.deadline_at.reset();
  WatchDeadline(slot, attempt);
  After(slot, attempt, attempt.passage.to_upstream, Event::kAtUpstream);
}

void SimNetwork::ReachUpstream(Slot slot, Attempt& attempt) {
  const SimRequest& request = *attempt.request;
  const Passage& passage = attempt.passage;
  const UpstreamAnswer& answer = host_.upstream().Answer(request, attempt.key, passage, now());
  if (passage.fault == Fault::kNoAnswer) return;
  const bool cut = passage.fault == Fault::kResetInBody;
  // An error's body comes with its head.
  const Duration whole = answer.error != nullptr ? Duration::zero() : passage.to_end;
  attempt.head_to_rest = cut ? whole / 2 : whole;
  attempt.retry_after = answer.retry_after;
  WriteAnswer(answer, {slot, request.id}, request.streamed, cut, attempt.bytes);
  After(slot, attempt, passage.to_head, Event::kHead);
}

void SimNetwork::DeliverHead(Attempt& attempt) {
  SimStream& stream = *attempt.stream;
  if (attempt.passage.fault == Fault::kResetBeforeHead) {
    Detach(attempt);
    return stream.Break();
  }
  stream.Deliver(attempt.bytes.head);
  attempt.stage = Stage::kHead;
  attempt.next_at = now() + attempt.head_to_rest;
  if (attempt.head_to_rest == Duration::zero() && !host_.interleaves()) DeliverRest(attempt);
}

void SimNetwork::DeliverRest(Attempt& attempt) {
  SimStream& stream = *attempt.stream;
  attempt.waited_since_verdict = true;
  Detach(attempt);
  stream.Deliver(attempt.bytes.body);
  if (attempt.passage.fault == Fault::kResetInBody) stream.Break();
}

void SimNetwork::OnWait(SimStream& stream) {
  if (!stream.slot) return;
  Attempt& attempt = *attempts_[*stream.slot];
  if (attempt.stage == Stage::kHead) {
    attempt.stage = Stage::kRest;
    Schedule(*stream.slot, attempt, std::max(*attempt.next_at, now()), Event::kRest);
  }
  if (attempt.stage >= Stage::kSent) WatchDeadline(*stream.slot, attempt);
}

void SimNetwork::OnClose(SimStream& stream) noexcept {
  if (stream.slot) Detach(*attempts_[*stream.slot]);
}

// The connection carries nothing of this attempt any more.
void SimNetwork::Detach(Attempt& attempt) noexcept {
  attempt.stage = Stage::kNone;
  attempt.stream->slot.reset();
  attempt.stream = nullptr;
  ++attempt.token;
}

// Schedules the deadline's event if it comes before what the near end waits for.
void SimNetwork::WatchDeadline(Slot slot, Attempt& attempt) {
  const std::optional<Instant>& deadline = attempt.stream->deadline();
  if (!deadline || attempt.deadline_at == deadline) return;
  if (attempt.next_at && *attempt.next_at <= *deadline) return;
  attempt.deadline_at = deadline;
  Schedule(slot, attempt, *deadline, Event::kDeadline);
}

// At once if there is nothing to wait for.
void SimNetwork::After(Slot slot, Attempt& attempt, Duration wait, Event event) {
  if (wait == Duration::zero() && !host_.interleaves()) return Happen(slot, attempt, event);
  Schedule(slot, attempt, now() + wait, event);
}

void SimNetwork::Schedule(Slot slot, const Attempt& attempt, Instant at, Event event) {
  host_.Schedule(at, {slot, attempt.token, static_cast<std::uint8_t>(event)});
}

}  // namespace keywalk::sim
