#include "sim/transport_gateway/transport_gateway.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cassert>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/http_transport.h"
#include "keywalk/key_failover.h"
#include "mockupstream/lanes/credential.h"
#include "sim/gateway/outcome.h"
#include "sim/transport_gateway/answer_bytes.h"
#include "sim/transport_gateway/sim_stream.h"
#include "sim/transport_gateway/wire_body.h"

namespace keywalk::sim {
namespace {

enum class WireEvent : std::uint8_t {
  kSend,        // the request, which had to wait, goes out
  kAtUpstream,  // it has reached the upstream
  kHead,        // the response's head has arrived, or a reset in its stead
  kRest,        // the response's body has arrived, or half of it and a reset
  kDeadline,    // the stream's deadline has passed
};

// How far the attempt under way is.
enum class Stage : std::uint8_t {
  kNone,
  kWritten,  // all of the request was written
  kSent,     // it is told of, and on its way
  kHead,     // the head was delivered; nobody has asked for the rest
  kRest,     // the rest is on its way
};

// A request under way, or the room for one.
struct Carriage {
  const SimRequest* request = nullptr;  // null: the slot is free
  bool abandoned = false;
  std::optional<Cancellation> cancel;  // one for each request
  Request message;
  ClientAnswer answer;
  std::string own_body;

  Stage stage = Stage::kNone;
  SimStream* stream = nullptr;  // that carries the attempt; null at kNone
  std::uint32_t token = 0;      // changes with each attempt: events of earlier ones find nobody
  std::uint32_t sent = 0;       // attempts
  KeyIndex key = 0;
  std::uint64_t body_digest = 0;
  Instant sent_at{};
  Passage passage;
  Duration head_to_rest{};
  std::optional<Instant> next_at;      // when the near end is given something; nullopt: never
  std::optional<Instant> deadline_at;  // for when the deadline's event is scheduled
  AnswerBytes bytes;
  std::optional<Duration> retry_after;
  bool in_attempt = false;           // sent, and not ended for the observers
  bool waited_since_verdict = true;  // only told apart where interleavings are explored
};

// One gateway process: its transport and what it knows.
struct Replica {
  std::shared_ptr<Transport> transport;
  std::map<std::string, KeyIndex, std::less<>> keys;
};

class TransportGateway final : public Gateway, private Wire, private FailoverObserver {
 public:
  TransportGateway(GatewayHost& host, WireCounts* counts)
      : host_(host),
        counts_(counts != nullptr ? *counts : own_counts_),
        work_(asio::make_work_guard(context_)) {
    const auto replicas = static_cast<std::size_t>(host.world().gateways.replicas);
    for (std::size_t i = 0; i < replicas; ++i) {
      replicas_.emplace_back(MakeReplica(static_cast<std::uint32_t>(i)));
    }
  }

  // Coroutines that wait own the streams that would wake them: they are ended first.
  ~TransportGateway() override {
    for (const std::unique_ptr<Carriage>& carriage : carriages_) {
      if (carriage->request == nullptr) continue;
      carriage->abandoned = true;
      carriage->cancel->Request();
    }
    Settle();
    replicas_.clear();
  }

  void Begin(Slot slot, const SimRequest& request) override {
    while (slot >= carriages_.size()) carriages_.push_back(std::make_unique<Carriage>());
    Carriage& carriage = *carriages_[slot];
    assert(carriage.request == nullptr);
    carriage.request = &request;
    carriage.abandoned = false;
    carriage.cancel.emplace();
    carriage.answer = {};
    carriage.own_body.clear();
    carriage.sent = 0;
    carriage.waited_since_verdict = true;
    PrepareMessage(slot, request, carriage.message);
    asio::co_spawn(context_.get_executor(), Carry(carriage, replicas_[request.replica].transport),
                   [this, slot](std::exception_ptr exception) {
                     if (exception) std::rethrow_exception(exception);
                     Finish(slot);
                   });
    Settle();
  }

  std::uint32_t Abandon(Slot slot) override {
    Carriage& carriage = *carriages_[slot];
    if (carriage.in_attempt) TellEnd(carriage, AttemptEnded::How::kAbandoned);
    carriage.abandoned = true;
    carriage.cancel->Request();
    Settle();
    assert(carriage.request == nullptr);
    return carriage.answer.attempts;
  }

  void OnEvent(const GatewayEvent& event) override {
    Carriage& carriage = *carriages_[event.slot];
    if (carriage.token != event.token || carriage.stage == Stage::kNone) return;
    Happen(event.slot, carriage, static_cast<WireEvent>(event.kind));
    Settle();
  }

  void OnRestart(std::uint32_t replica) override { replicas_[replica] = MakeReplica(replica); }

 private:
  Replica MakeReplica(std::uint32_t index) {
    const std::shared_ptr<KeyPool>& pool = host_.pool(index);
    HttpTransportOptions options;
    options.base = *BaseUrl::Parse("http://upstream.invalid");
    options.response_head_timeout = host_.world().gateways.head_timeout;
    options.idle_timeout = kNoDeadline;  // a world's streams may be as slow as they like
    auto connector = std::make_unique<SimConnector>([this] {
      ++counts_.connections;
      return std::make_unique<SimStream>(static_cast<Wire&>(*this));
    });
    std::shared_ptr<Transport> inner =
        io::NewHttpTransport(context_, std::move(options), std::move(connector));
    // The host's, which outlive the gateway: nothing to share but their addresses.
    const std::shared_ptr<void> unowned;
    KeyFailoverConfig config =
        MakeKeyFailoverConfig(host_.provider(), pool, {unowned, &host_.policy()},
                              {unowned, static_cast<const Clock*>(&host_.clock())});
    config.mark_key = [this](const ResponseFacts& facts) { return Judge(facts); };
    config.observer = this;
    Replica replica;
    replica.transport = NewKeyFailoverTransport(std::move(inner), std::move(config));
    for (KeyIndex key = 0; key < pool->size(); ++key) replica.keys.emplace(pool->key(key), key);
    return replica;
  }

  static void PrepareMessage(Slot slot, const SimRequest& request, Request& message) {
    message.method = "POST";
    message.target = "/v1/chat/completions";
    message.headers.Clear();
    message.headers.Add("Content-Type", "application/json");
    MessageTag{slot, request.id}.AddTo(message.headers);
    message.stream_body.reset();
    if (request.body_bytes == 0) return;
    message.stream_body = std::make_shared<ClientBody>(request.id, request.body_bytes);
  }

  // --- the gateway's side: what the proxy's handler does ---

  // `carriage` is this request's until Finish().
  Awaitable<void> Carry(Carriage& carriage, std::shared_ptr<Transport> transport) {
    RoundTripResult result = co_await transport->RoundTrip(carriage.message, *carriage.cancel);
    if (!result.ok()) {
      TakeFailure(carriage, result.error());
      co_return;
    }
    Response response = std::move(*result);
    TakeHead(carriage, response);
    while (true) {
      const BodyChunk chunk = co_await response.body->Read();
      if (chunk.failed()) carriage.answer.outcome = Outcome::kTruncated;
      if (chunk.failed() || chunk.at_end()) break;
      if (response.made_here) carriage.own_body += chunk.bytes();
    }
  }

  void TakeHead(Carriage& carriage, const Response& response) {
    ClientAnswer& answer = carriage.answer;
    answer.status = response.status;
    answer.attempts = static_cast<std::uint32_t>(response.attempts);
    answer.forwarded = !response.made_here;
    if (response.made_here) {
      // Told by OnExhausted() on the way here, with no other coroutine in between.
      answer.outcome = OutcomeOfExhaustion(exhaustion_.kind);
      if (response.headers.Contains("Retry-After")) answer.retry_after = exhaustion_.retry_after;
    } else {
      answer.outcome = OutcomeOfForwarded(response.status);
      answer.retry_after = carriage.retry_after;
    }
  }

  void TakeFailure(Carriage& carriage, const TransportError& error) {
    const bool timed_out = error.kind == TransportError::Kind::kTimeout;
    if (carriage.in_attempt) {
      TellEnd(carriage, timed_out ? AttemptEnded::How::kTimeout : AttemptEnded::How::kReset);
    }
    carriage.answer.outcome = timed_out ? Outcome::kTimeout : Outcome::kReset;
    carriage.answer.status = 502;
    carriage.answer.attempts = static_cast<std::uint32_t>(error.attempts);
  }

  // Nothing of the request is left but its answer.
  void Finish(Slot slot) {
    Carriage& carriage = *carriages_[slot];
    carriage.cancel.reset();
    carriage.message.stream_body.reset();
    carriage.request = nullptr;
    if (carriage.abandoned) return;
    carriage.answer.own_body = carriage.own_body;
    host_.Answer(slot, carriage.answer);
  }

  // The transport's verdict; whose response it is stands in its headers.
  Classification Judge(const ResponseFacts& facts) {
    const std::optional<MessageTag> tag = MessageTag::In(*facts.headers);
    assert(tag);
    Carriage& carriage = *carriages_[tag->slot];
    carriage.waited_since_verdict = false;
    const Classification verdict = host_.mark_key()(facts);
    const bool marks = verdict.action == Action::kTemporary || verdict.action == Action::kPermanent;
    if (marks) {
      judged_ = &carriage;  // OnMark() follows at once
      return verdict;
    }
    Classification told;
    const bool passes_on = verdict.pass_on_if_last && IsLast(carriage);
    if (verdict.action == Action::kNext && !passes_on) told.action = Action::kNext;
    TellEnd(carriage, AttemptEnded::How::kResponse, facts.status, told);
    return verdict;
  }
  // No key is left for this walk.
  bool IsLast(const Carriage& carriage) const {
    const KeyPool& pool = *host_.pool(carriage.request->replica);
    KeyIndex key = carriage.key + 1;
    while (key < pool.size() && pool.state(key, now()) != KeyState::kValid) ++key;
    return key == pool.size();
  }
  void OnMark(const Mark& mark, int status, std::string_view /*hint*/) override {
    TellEnd(*judged_, AttemptEnded::How::kResponse, status, mark.classification, mark);
  }
  void OnExhausted(const Exhaustion& exhaustion) override { exhaustion_ = exhaustion; }

  void TellEnd(Carriage& carriage, AttemptEnded::How how, int status = 0,
               const Classification& verdict = {}, const std::optional<Mark>& mark = std::nullopt) {
    AttemptEnded ended;
    ended.at = now();
    ended.sent_at = carriage.sent_at;
    ended.request = carriage.request->id;
    ended.number = carriage.sent - 1;
    ended.replica = carriage.request->replica;
    ended.key = carriage.key;
    ended.how = how;
    ended.status = status;
    ended.verdict = verdict;
    ended.mark = mark;
    if (how == AttemptEnded::How::kResponse) ended.retry_after = carriage.retry_after;
    carriage.in_attempt = false;
    host_.AttemptHasEnded(ended);
  }

  // --- the wire, and the upstream at its end ---

  Instant now() const override { return host_.clock().now(); }

  void OnRequest(SimStream& stream, const io::MessageHead& head,
                 const ArrivingBody& body) override {
    ++counts_.requests;
    const std::optional<MessageTag> tag = MessageTag::In(head.headers);
    if (!tag || tag->slot >= carriages_.size()) return stream.Break();
    Carriage& carriage = *carriages_[tag->slot];
    const auto& keys = replicas_[carriage.request->replica].keys;
    const auto key = keys.find(mock::FindCredential(head.headers, head.target));
    if (key == keys.end()) return stream.Break();
    // Of an earlier exchange whose last bytes nobody wanted.
    if (stream.slot) Detach(*carriages_[*stream.slot]);
    if (carriage.stream != nullptr) Detach(carriage);
    carriage.stage = Stage::kWritten;
    carriage.stream = &stream;
    carriage.key = key->second;
    carriage.body_digest = body.Digest(tag->request);
    ++carriage.token;
    stream.slot = tag->slot;
    // Not at once: the sender is to come to its waiting for the response first.
    written_.push_back(tag->slot);
  }

  void OnWait(SimStream& stream) override {
    if (!stream.slot) return;
    Carriage& carriage = *carriages_[*stream.slot];
    if (carriage.stage == Stage::kHead) {
      carriage.stage = Stage::kRest;
      Schedule(*stream.slot, carriage, std::max(*carriage.next_at, now()), WireEvent::kRest);
    }
    if (carriage.stage >= Stage::kSent) WatchDeadline(*stream.slot, carriage);
  }

  void OnClose(SimStream& stream) noexcept override {
    if (stream.slot) Detach(*carriages_[*stream.slot]);
  }

  static void Detach(Carriage& carriage) noexcept {
    carriage.stage = Stage::kNone;
    carriage.stream->slot.reset();
    carriage.stream = nullptr;
    ++carriage.token;
  }

  void Happen(Slot slot, Carriage& carriage, WireEvent event) {
    switch (event) {
      case WireEvent::kSend:
        return Send(slot, carriage);
      case WireEvent::kAtUpstream:
        return ReachUpstream(slot, carriage);
      case WireEvent::kHead:
        return DeliverHead(carriage);
      case WireEvent::kRest:
        return DeliverRest(carriage);
      case WireEvent::kDeadline:
        carriage.deadline_at.reset();
        return carriage.stream->Expire();
    }
  }

  void Send(Slot slot, Carriage& carriage) {
    const SimRequest& request = *carriage.request;
    const std::uint32_t number = carriage.sent++;
    carriage.stage = Stage::kSent;
    carriage.sent_at = now();
    carriage.in_attempt = true;
    host_.AttemptIsSent(
        {now(), request.id, number, request.replica, carriage.key, carriage.body_digest});
    carriage.passage = host_.upstream().Send(request, number, carriage.key, now());
    carriage.next_at.reset();
    if (carriage.passage.fault != ListedAnswer::Fault::kNoAnswer) {
      carriage.next_at = now() + carriage.passage.to_upstream + carriage.passage.to_head;
    }
    carriage.deadline_at.reset();
    WatchDeadline(slot, carriage);
    After(slot, carriage, carriage.passage.to_upstream, WireEvent::kAtUpstream);
  }

  void ReachUpstream(Slot slot, Carriage& carriage) {
    const SimRequest& request = *carriage.request;
    const Passage& passage = carriage.passage;
    const UpstreamAnswer& answer = host_.upstream().Answer(request, carriage.key, passage, now());
    if (passage.fault == ListedAnswer::Fault::kNoAnswer) return;
    const bool cut = passage.fault == ListedAnswer::Fault::kResetInBody;
    // An error's body comes with its head.
    const Duration whole = answer.error != nullptr ? Duration::zero() : passage.to_end;
    carriage.head_to_rest = cut ? whole / 2 : whole;
    carriage.retry_after = answer.retry_after;
    WriteAnswer(answer, {slot, request.id}, request.streamed, cut, carriage.bytes);
    After(slot, carriage, passage.to_head, WireEvent::kHead);
  }

  void DeliverHead(Carriage& carriage) {
    SimStream& stream = *carriage.stream;
    if (carriage.passage.fault == ListedAnswer::Fault::kResetBeforeHead) {
      Detach(carriage);
      return stream.Break();
    }
    stream.Deliver(carriage.bytes.head);
    carriage.stage = Stage::kHead;
    carriage.next_at = now() + carriage.head_to_rest;
    if (carriage.head_to_rest == Duration::zero() && !host_.interleaves()) DeliverRest(carriage);
  }

  void DeliverRest(Carriage& carriage) {
    SimStream& stream = *carriage.stream;
    const bool cut = carriage.passage.fault == ListedAnswer::Fault::kResetInBody;
    carriage.waited_since_verdict = true;
    Detach(carriage);
    stream.Deliver(carriage.bytes.body);
    if (cut) stream.Break();
  }

  // Schedules the deadline's event if it comes before what the near end waits for.
  void WatchDeadline(Slot slot, Carriage& carriage) {
    const std::optional<Instant>& deadline = carriage.stream->deadline();
    if (!deadline || carriage.deadline_at == deadline) return;
    if (carriage.next_at && *carriage.next_at <= *deadline) return;
    carriage.deadline_at = deadline;
    Schedule(slot, carriage, *deadline, WireEvent::kDeadline);
  }

  // A request that was written goes out. False: there is none.
  bool SendNext() {
    if (written_.empty()) return false;
    const Slot slot = written_.front();
    written_.erase(written_.begin());
    Carriage& carriage = *carriages_[slot];
    if (carriage.stage != Stage::kWritten) return true;  // its connection was closed
    if (host_.interleaves() && !carriage.waited_since_verdict) {
      carriage.waited_since_verdict = true;
      Schedule(slot, carriage, now(), WireEvent::kSend);
    } else {
      Send(slot, carriage);
    }
    return true;
  }

  // Runs the coroutines until all wait for virtual time to pass.
  void Settle() {
    do {
      context_.poll();
    } while (SendNext());
  }

  // At once if there is nothing to wait for.
  void After(Slot slot, Carriage& carriage, Duration wait, WireEvent event) {
    if (wait == Duration::zero() && !host_.interleaves()) return Happen(slot, carriage, event);
    Schedule(slot, carriage, now() + wait, event);
  }

  void Schedule(Slot slot, const Carriage& carriage, Instant at, WireEvent event) {
    host_.Schedule(at, {slot, carriage.token, static_cast<std::uint8_t>(event)});
  }

  GatewayHost& host_;
  WireCounts own_counts_;
  WireCounts& counts_;
  asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
  // An io_context without work would stop.
  const asio::executor_work_guard<Executor> work_;
  std::vector<std::unique_ptr<Carriage>> carriages_;  // by slot
  std::vector<Slot> written_;                         // wait to be sent, in order
  Carriage* judged_ = nullptr;
  Exhaustion exhaustion_;
  std::vector<Replica> replicas_;
};

}  // namespace

std::unique_ptr<Gateway> NewTransportGateway(GatewayHost& host) {
  return std::make_unique<TransportGateway>(host, nullptr);
}

std::unique_ptr<Gateway> NewCountingTransportGateway(GatewayHost& host, WireCounts& counts) {
  return std::make_unique<TransportGateway>(host, &counts);
}

}  // namespace keywalk::sim
