// A gateway that a step machine drives: the one of lib/core, or one with a planted bug.
#ifndef KEYWALK_SIM_GATEWAY_STEP_GATEWAY_H_
#define KEYWALK_SIM_GATEWAY_STEP_GATEWAY_H_

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "keywalk/failover.h"
#include "sim/gateway/gateway.h"
#include "sim/gateway/outcome.h"
#include "sim/upstream/upstream.h"

namespace keywalk::sim {

// `Machine` has the interface of keywalk::Failover and is made of a pool, a MarkKey and `More`.
template <typename Machine, typename... More>
class StepGateway final : public Gateway {
 public:
  // All outlive it.
  explicit StepGateway(GatewayHost& host, More&... more)
      : host_(host),
        clock_(host.clock()),
        upstream_(host.upstream()),
        interleaves_(host.interleaves()),
        head_timeout_(host.world().gateways.head_timeout),
        more_(more...) {
    for (std::size_t status = 0; status < needs_body_.size(); ++status) {
      needs_body_[status] = host.policy().NeedsBody(static_cast<int>(status));
    }
  }

  void Begin(Slot slot, const SimRequest& request) override {
    if (slot >= in_flight_.size()) in_flight_.resize(slot + 1);
    InFlight& flight = in_flight_[slot];
    assert(flight.request == nullptr);
    flight.request = &request;
    flight.pool = host_.pool(request.replica);
    std::apply(
        [&](More&... more) {
          flight.failover.emplace(flight.pool.get(), host_.mark_key(), more...);
        },
        more_);
    flight.step = flight.failover->Start(clock_.now());
    Follow(slot, flight);
  }

  std::uint32_t Abandon(Slot slot) override {
    InFlight& flight = in_flight_[slot];
    if (flight.in_attempt) TellEnd(flight, AttemptEnded::How::kAbandoned);
    flight.failover->OnClientGone();
    Free(flight);
    return static_cast<std::uint32_t>(flight.failover->attempts());
  }

  void OnEvent(const GatewayEvent& event) override {
    InFlight& flight = in_flight_[event.slot];
    if (flight.token != event.token || flight.request == nullptr) return;
    switch (static_cast<Wake>(event.kind)) {
      case Wake::kAtUpstream:
        return ReachUpstream(event.slot, flight);
      case Wake::kHead:
        return TakeHead(event.slot, flight);
      case Wake::kDecide:
        return Decide(event.slot, flight);
      case Wake::kNext:
        return Follow(event.slot, flight);
      case Wake::kEnd:
        return End(event.slot, flight);
      case Wake::kTimeout:
        return Fail(event.slot, flight, AttemptEnded::How::kTimeout, Outcome::kTimeout);
    }
  }

 private:
  enum class Wake : std::uint8_t {
    kAtUpstream,  // the request has reached the upstream
    kHead,        // the response's head has arrived, or the connection was reset instead
    kDecide,      // ... and its error body was read: a point of suspension of its own
    kNext,        // the refused response was discarded: another one
    kEnd,         // the body has ended, or was cut off
    kTimeout,     // the gateway has waited long enough for a head
  };

  // A request under way.
  struct InFlight {
    const SimRequest* request = nullptr;  // null: the slot is free
    std::optional<Machine> failover;
    std::shared_ptr<KeyPool> pool;  // outlives a restart's new one
    Step step;
    Passage passage;
    Instant sent_at{};
    std::uint32_t number = 0;  // of the attempt: the machine may have handed out the next one
    UpstreamAnswer answer;
    Headers headers;  // of the answer, where it has to outlive the upstream's
    bool in_attempt = false;
    std::uint32_t token = 0;  // changes with each attempt: events of earlier ones find nobody
  };

  // Does what the step machine says.
  void Follow(Slot slot, InFlight& flight) {
    switch (flight.step.kind) {
      case Step::Kind::kAttempt:
        return Send(slot, flight);
      case Step::Kind::kForward:
        return Forward(slot, flight);
      case Step::Kind::kExhausted:
        return AnswerExhausted(slot, flight);
      case Step::Kind::kAbandon:
        break;
    }
    assert(false && "nobody abandons but the host");
  }

  void Send(Slot slot, InFlight& flight) {
    const Instant now = clock_.now();
    const SimRequest& request = *flight.request;
    const KeyIndex key = *flight.step.key;
    const auto number = static_cast<std::uint32_t>(flight.failover->attempts() - 1);
    flight.number = number;
    ++flight.token;
    flight.sent_at = now;
    flight.in_attempt = true;
    host_.AttemptIsSent({now, request.id, number, request.replica, key, request.body_digest});
    flight.passage = upstream_.Send(request, number, key, now);
    if (flight.passage.fault == ListedAnswer::Fault::kNoAnswer ||
        flight.passage.to_upstream + flight.passage.to_head > head_timeout_) {
      Schedule(slot, flight, now + head_timeout_, Wake::kTimeout);
    }
    After(slot, flight, flight.passage.to_upstream, Wake::kAtUpstream);
  }

  void ReachUpstream(Slot slot, InFlight& flight) {
    const Instant now = clock_.now();
    flight.answer = upstream_.Answer(*flight.request, *flight.step.key, flight.passage, now);
    if (flight.passage.fault == ListedAnswer::Fault::kNoAnswer) return;
    if (!flight.answer.headers->empty()) {
      flight.headers = *flight.answer.headers;
      flight.answer.headers = nullptr;  // its own, wherever more requests move it to
    }
    After(slot, flight, flight.passage.to_head, Wake::kHead);
  }

  void TakeHead(Slot slot, InFlight& flight) {
    if (flight.passage.fault == ListedAnswer::Fault::kResetBeforeHead) {
      return Fail(slot, flight, AttemptEnded::How::kReset, Outcome::kReset);
    }
    if (NeedsBody(flight.answer.status) && interleaves_) {
      return Schedule(slot, flight, clock_.now(), Wake::kDecide);
    }
    Decide(slot, flight);
  }

  void Decide(Slot slot, InFlight& flight) {
    ResponseFacts facts;
    facts.status = flight.answer.status;
    const bool own = flight.answer.headers == nullptr;
    facts.headers = own ? &flight.headers : flight.answer.headers;
    facts.received_at = clock_.wall_now();
    const bool cut = flight.passage.fault == ListedAnswer::Fault::kResetInBody;
    const bool reads_body = NeedsBody(facts.status);
    if (reads_body && !cut && flight.answer.error != nullptr) {
      facts.error = &flight.answer.error->facts;
    }
    const Step step = flight.failover->OnResponse(facts, clock_.now());
    TellEnd(flight, AttemptEnded::How::kResponse, &facts, step.kind);
    flight.step.kind = step.kind;
    flight.step.exhaustion = step.exhaustion;
    if (step.key) flight.step.key = step.key;
    // The refused response's rest is discarded, and the next request sent: either may wait.
    const bool discards = step.kind == Step::Kind::kExhausted && !reads_body;
    if ((discards || step.kind == Step::Kind::kAttempt) && interleaves_) {
      return Schedule(slot, flight, clock_.now(), Wake::kNext);
    }
    Follow(slot, flight);
  }

  void Forward(Slot slot, InFlight& flight) {
    // An error's body comes with its head, and may have been read for the verdict.
    const bool is_error = flight.answer.error != nullptr;
    if (is_error && NeedsBody(flight.answer.status)) return End(slot, flight);
    const bool cut = flight.passage.fault == ListedAnswer::Fault::kResetInBody;
    const Duration whole = is_error ? Duration::zero() : flight.passage.to_end;
    After(slot, flight, cut ? whole / 2 : whole, Wake::kEnd);
  }

  void End(Slot slot, InFlight& flight) {
    ClientAnswer answer;
    const bool cut = flight.passage.fault == ListedAnswer::Fault::kResetInBody;
    answer.outcome = cut ? Outcome::kTruncated : OutcomeOfForwarded(flight.answer.status);
    answer.status = flight.answer.status;
    answer.forwarded = true;
    answer.retry_after = flight.answer.retry_after;
    Answer(slot, flight, answer);
  }

  // The attempt ended without a head.
  void Fail(Slot slot, InFlight& flight, AttemptEnded::How how, Outcome outcome) {
    TellEnd(flight, how);
    flight.failover->OnTransportError();
    ClientAnswer answer;
    answer.outcome = outcome;
    answer.status = 502;
    Answer(slot, flight, answer);
  }

  void AnswerExhausted(Slot slot, InFlight& flight) {
    const Exhaustion& exhaustion = flight.step.exhaustion;
    ClientAnswer answer;
    answer.outcome = OutcomeOfExhaustion(exhaustion.kind);
    std::optional<ExhaustedAnswer> own =
        host_.provider().BuildExhaustedResponse(exhaustion, host_.policy());
    answer.status = own ? own->status : 502;
    if (own) answer.own_body = own->body;
    if (own && own->headers.Contains("Retry-After")) answer.retry_after = exhaustion.retry_after;
    Answer(slot, flight, answer);
  }

  void Answer(Slot slot, InFlight& flight, ClientAnswer& answer) {
    answer.attempts = static_cast<std::uint32_t>(flight.failover->attempts());
    Free(flight);
    host_.Answer(slot, answer);
  }

  static void Free(InFlight& flight) {
    flight.request = nullptr;
    flight.pool.reset();
    flight.in_attempt = false;
    ++flight.token;
  }

  void TellEnd(InFlight& flight, AttemptEnded::How how, const ResponseFacts* facts = nullptr,
               Step::Kind then = Step::Kind::kForward) {
    AttemptEnded ended;
    ended.at = clock_.now();
    ended.sent_at = flight.sent_at;
    ended.request = flight.request->id;
    ended.number = flight.number;
    ended.replica = flight.request->replica;
    ended.key = *flight.step.key;
    ended.how = how;
    if (facts != nullptr) {
      ended.status = facts->status;
      ended.retry_after = flight.answer.retry_after;
      ended.mark = flight.failover->last_mark();
      if (ended.mark) {
        ended.verdict = ended.mark->classification;
      } else if (then != Step::Kind::kForward) {
        ended.verdict.action = Action::kNext;
      }
    }
    flight.in_attempt = false;
    host_.AttemptHasEnded(ended);
  }

  bool NeedsBody(int status) const { return needs_body_[static_cast<std::size_t>(status)]; }

  // At once if there is nothing to wait for, as a coroutine that is not suspended would.
  void After(Slot slot, InFlight& flight, Duration wait, Wake kind) {
    if (wait == Duration::zero() && !interleaves_) {
      return OnEvent({slot, flight.token, static_cast<std::uint8_t>(kind)});
    }
    Schedule(slot, flight, clock_.now() + wait, kind);
  }

  void Schedule(Slot slot, InFlight& flight, Instant at, Wake kind) {
    host_.Schedule(at, {slot, flight.token, static_cast<std::uint8_t>(kind)});
  }

  GatewayHost& host_;
  const VirtualClock& clock_;
  Upstream& upstream_;
  const bool interleaves_;
  const Duration head_timeout_;
  const std::tuple<More&...> more_;
  std::array<bool, 600> needs_body_{};  // by status: the policy's word, asked once
  std::vector<InFlight> in_flight_;
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_GATEWAY_STEP_GATEWAY_H_
