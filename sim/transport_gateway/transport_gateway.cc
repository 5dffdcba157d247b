#include "sim/transport_gateway/transport_gateway.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cassert>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/http_transport.h"
#include "keywalk/key_failover.h"
#include "sim/gateway/outcome.h"
#include "sim/transport_gateway/answer_bytes.h"
#include "sim/transport_gateway/sim_network.h"
#include "sim/transport_gateway/sim_stream.h"
#include "sim/transport_gateway/wire_body.h"

namespace keywalk::sim {
namespace {

// A client's request in the gateway's hands, or the room for one.
struct Carriage {
  Slot slot = 0;
  const SimRequest* request = nullptr;  // null: the slot is free
  bool abandoned = false;
  std::optional<Cancellation> cancel;  // one for each request
  Request message;
  ClientAnswer answer;
  std::string own_body;
};

class TransportGateway final : public Gateway, private FailoverObserver {
 public:
  TransportGateway(GatewayHost& host, WireCounts* counts)
      : host_(host),
        network_(context_, host, counts != nullptr ? *counts : own_counts_),
        work_(asio::make_work_guard(context_)) {
    const auto replicas = static_cast<std::uint32_t>(host.world().gateways.replicas);
    for (std::uint32_t i = 0; i < replicas; ++i) replicas_.push_back(MakeTransport(i));
  }

  // Coroutines that wait own the streams that would wake them: they are ended first.
  ~TransportGateway() override {
    for (const std::unique_ptr<Carriage>& carriage : carriages_) {
      if (carriage->request == nullptr) continue;
      carriage->abandoned = true;
      carriage->cancel->Request();
    }
    Settle();
  }

  void Begin(Slot slot, const SimRequest& request) override {
    while (slot >= carriages_.size()) {
      carriages_.push_back(std::make_unique<Carriage>());
      carriages_.back()->slot = static_cast<Slot>(carriages_.size() - 1);
    }
    Carriage& carriage = *carriages_[slot];
    assert(carriage.request == nullptr);
    carriage.request = &request;
    carriage.abandoned = false;
    carriage.cancel.emplace();
    carriage.answer = {};
    carriage.own_body.clear();
    PrepareMessage(slot, request, carriage.message);
    network_.Begin(slot, request);
    asio::co_spawn(context_.get_executor(), Carry(carriage, replicas_[request.replica]),
                   [this, &carriage](std::exception_ptr exception) {
                     if (exception) std::rethrow_exception(exception);
                     Finish(carriage);
                   });
    Settle();
  }

  std::uint32_t Abandon(Slot slot) override {
    Carriage& carriage = *carriages_[slot];
    if (network_.is_open(slot)) TellEnd(slot, AttemptEnded::How::kAbandoned);
    carriage.abandoned = true;
    carriage.cancel->Request();
    Settle();
    assert(carriage.request == nullptr);
    return carriage.answer.attempts;
  }

  void OnEvent(const GatewayEvent& event) override {
    network_.OnEvent(event);
    Settle();
  }

  void OnRestart(std::uint32_t replica) override { replicas_[replica] = MakeTransport(replica); }

 private:
  std::shared_ptr<Transport> MakeTransport(std::uint32_t replica) {
    HttpTransportOptions options;
    options.base = *BaseUrl::Parse("http://upstream.invalid");
    options.response_head_timeout = host_.world().gateways.head_timeout;
    options.idle_timeout = kNoDeadline;  // a world's streams may be as slow as they like
    std::shared_ptr<Transport> inner =
        io::NewHttpTransport(context_, std::move(options),
                             std::make_unique<SimConnector>([this] { return network_.Connect(); }));
    // The host's own, which outlive the gateway: nothing to share but their addresses.
    const std::shared_ptr<void> unowned;
    KeyFailoverConfig config =
        MakeKeyFailoverConfig(host_.provider(), host_.pool(replica), {unowned, &host_.policy()},
                              {unowned, static_cast<const Clock*>(&host_.clock())});
    config.mark_key = [this](const ResponseFacts& facts) { return Judge(facts); };
    config.observer = this;
    return NewKeyFailoverTransport(std::move(inner), std::move(config));
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

  // What the proxy's handler does with a request. `carriage` is this request's until Finish().
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
      answer.retry_after = network_.retry_after(carriage.slot);
    }
  }

  void TakeFailure(Carriage& carriage, const TransportError& error) {
    const bool timed_out = error.kind == TransportError::Kind::kTimeout;
    if (network_.is_open(carriage.slot)) {
      TellEnd(carriage.slot, timed_out ? AttemptEnded::How::kTimeout : AttemptEnded::How::kReset);
    }
    carriage.answer.outcome = timed_out ? Outcome::kTimeout : Outcome::kReset;
    carriage.answer.status = 502;
    carriage.answer.attempts = static_cast<std::uint32_t>(error.attempts);
  }

  // Nothing of the request is left but its answer.
  void Finish(Carriage& carriage) {
    carriage.cancel.reset();
    carriage.message.stream_body.reset();
    carriage.request = nullptr;
    if (carriage.abandoned) return;
    carriage.answer.own_body = carriage.own_body;
    host_.Answer(carriage.slot, carriage.answer);
  }

  // The transport asks for the verdict on a response; whose it is stands in its headers.
  Classification Judge(const ResponseFacts& facts) {
    const std::optional<MessageTag> tag = MessageTag::In(*facts.headers);
    assert(tag);
    network_.OnVerdict(tag->slot);
    const Classification verdict = host_.mark_key()(facts);
    if (verdict.action == Action::kTemporary || verdict.action == Action::kPermanent) {
      judged_ = tag->slot;  // OnMark() follows at once
      return verdict;
    }
    AttemptEnded ended;
    ended.status = facts.status;
    const bool passes_on = verdict.pass_on_if_last && IsLast(tag->slot);
    if (verdict.action == Action::kNext && !passes_on) ended.verdict.action = Action::kNext;
    network_.End(tag->slot, ended);
    return verdict;
  }

  // No key is left for the slot's walk.
  bool IsLast(Slot slot) const {
    const KeyPool& pool = *host_.pool(carriages_[slot]->request->replica);
    const Instant now = host_.clock().now();
    KeyIndex key = network_.key(slot) + 1;
    while (key < pool.size() && pool.state(key, now) != KeyState::kValid) ++key;
    return key == pool.size();
  }

  void OnMark(const Mark& mark, int status, std::string_view /*hint*/) override {
    AttemptEnded ended;
    ended.status = status;
    ended.verdict = mark.classification;
    ended.mark = mark;
    network_.End(judged_, ended);
  }
  void OnExhausted(const Exhaustion& exhaustion) override { exhaustion_ = exhaustion; }

  // The attempt ended without a response.
  void TellEnd(Slot slot, AttemptEnded::How how) {
    AttemptEnded ended;
    ended.how = how;
    network_.End(slot, ended);
  }

  // Runs the coroutines until all wait for virtual time to pass.
  void Settle() {
    do {
      context_.poll();
    } while (network_.SendNext());
  }

  GatewayHost& host_;
  WireCounts own_counts_;
  SimNetwork network_;
  asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
  // An io_context without work would stop.
  const asio::executor_work_guard<Executor> work_;
  std::vector<std::unique_ptr<Carriage>> carriages_;  // by slot
  std::vector<std::shared_ptr<Transport>> replicas_;
  Slot judged_ = 0;        // whose mark is told next
  Exhaustion exhaustion_;  // told last
};

}  // namespace

std::unique_ptr<Gateway> NewTransportGateway(GatewayHost& host) {
  return std::make_unique<TransportGateway>(host, nullptr);
}

std::unique_ptr<Gateway> NewCountingTransportGateway(GatewayHost& host, WireCounts& counts) {
  return std::make_unique<TransportGateway>(host, &counts);
}

}  // namespace keywalk::sim
