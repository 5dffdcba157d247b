#include "sim/run/simulation.h"

#include <algorithm>
#include <boost/random/uniform_01.hpp>
#include <boost/random/uniform_int_distribution.hpp>
#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "sim/engine/event_queue.h"
#include "sim/engine/virtual_clock.h"
#include "sim/gateway/request_body.h"
#include "sim/run/arrivals.h"
#include "sim/run/client_retry.h"
#include "sim/run/sim_keys.h"
#include "sim/upstream/upstream.h"

namespace keywalk::sim {
namespace {

struct Event {
  enum class Type : std::uint8_t {
    kGateway,   // the gateway's own
    kArrival,   // `slot` is a group's index: its next call begins
    kNextCall,  // the same: a user of the closed group calls again
    kRetry,     // the slot's call is tried again
    kDeadline,  // the slot's client leaves
    kRestart,   // `slot` is an index in World::gateways.restarts
  };
  GatewayEvent gateway;  // kGateway; else its slot and token are used
  Type type = Type::kGateway;
};

// A call: of the request under way, or waiting to be tried again.
struct Call {
  SimRequest request;
  bool in_flight = false;
  std::uint32_t token = 0;  // changes with each request: events of earlier ones find nobody
};

}  // namespace

class Simulation::Impl final : public GatewayHost {
 public:
  Impl(const World& world, const Policy& policy, const RunOptions& options,
       const GatewayFactory& gateway, std::vector<RunObserver*> observers)
      : world_(world),
        policy_(policy),
        provider_(*FindProvider(world.provider)),
        options_(options),
        observers_(std::move(observers)),
        mark_key_([this](const ResponseFacts& response) { return policy_.Classify(response); }),
        clock_(WallTime(world.wall_at_zero)),
        upstream_(world, policy, options.seed),
        tie_breaks_(EngineFor(options.seed, Stream::kTieBreak, 0)) {
    assert(provider_.has_failover());
    clock_.SkewWall(world.gateways.wall_skew);
    const std::int64_t pools = world.gateways.shared_key_state ? 1 : world.gateways.replicas;
    for (std::int64_t i = 0; i < pools; ++i) pools_.push_back(NewPool());
    gateway_ = gateway(*this);
    for (std::size_t i = 0; i < world.clients.size(); ++i) {
      arrivals_.emplace_back(world.clients[i].arrivals, options.seed, i);
      ScheduleArrival(static_cast<std::uint32_t>(i));
    }
    for (std::size_t i = 0; i < world.gateways.restarts.size(); ++i) {
      Push(Instant(world.gateways.restarts[i].at), Event::Type::kRestart,
           static_cast<std::uint32_t>(i));
    }
  }

  bool RunEvents(std::uint64_t events) {
    for (; events > 0 && !queue_.empty(); --events) RunNext();
    return !EndIfDone();
  }

  bool RunUntil(Instant until) {
    while (!queue_.empty() && queue_.Peek().at <= until) RunNext();
    if (EndIfDone()) return false;
    if (until > clock_.now()) clock_.AdvanceTo(until);
    return true;
  }

  Instant now() const { return clock_.now(); }
  std::optional<Instant> next() const {
    if (queue_.empty()) return std::nullopt;
    return queue_.Peek().at;
  }
  std::uint64_t requests() const { return requests_; }
  std::uint64_t events() const { return events_; }

  // --- GatewayHost ---
  void Schedule(Instant at, const GatewayEvent& event) override {
    Push(at, Event{event, Event::Type::kGateway});
  }
  bool interleaves() const override { return options_.interleave; }
  const World& world() const override { return world_; }
  const Policy& policy() const override { return policy_; }
  const Provider& provider() const override { return provider_; }
  const MarkKey& mark_key() const override { return mark_key_; }
  VirtualClock& clock() override { return clock_; }
  Upstream& upstream() override { return upstream_; }
  const std::shared_ptr<KeyPool>& pool(std::uint32_t replica) const override {
    return pools_[world_.gateways.shared_key_state ? 0 : replica];
  }
  void AttemptIsSent(const AttemptSent& attempt) override {
    for (RunObserver* const observer : observers_) observer->OnAttemptSent(attempt);
  }
  void AttemptHasEnded(const AttemptEnded& attempt) override {
    for (RunObserver* const observer : observers_) observer->OnAttemptEnded(attempt);
  }
  void Answer(Slot slot, const ClientAnswer& answer) override {
    Call& call = *calls_[slot];
    assert(call.in_flight);
    const SimRequest& request = call.request;
    const ClientGroup& group = world_.clients[request.group];
    const std::optional<Duration> wait =
        WaitBeforeRetry(group.retries, request, answer, options_.seed);

    Answered answered;
    answered.at = clock_.now();
    answered.request = &request;
    answered.outcome = answer.outcome;
    answered.status = answer.status;
    answered.attempts = answer.attempts;
    answered.forwarded = answer.forwarded;
    answered.call_ended = !wait.has_value();
    answered.retry_after = answer.retry_after;
    answered.own_body = answer.own_body;
    for (RunObserver* const observer : observers_) observer->OnAnswered(answered);

    call.in_flight = false;
    ++call.token;
    if (wait) {
      Push(clock_.now() + *wait, Event::Type::kRetry, slot, call.token);
    } else {
      free_.push_back(slot);
      EndCall(request);
    }
  }

 private:
  std::shared_ptr<KeyPool> NewPool() const {
    auto pool = KeyPool::Create(SimKeys(world_), policy_.default_cooldown);
    assert(pool.ok());
    return *std::move(pool);
  }

  void RunNext() {
    const auto entry = queue_.Pop();
    clock_.AdvanceTo(entry.at);
    ++events_;
    Run(entry.payload);
  }

  // True, and told to the observers once, if nothing is left to happen.
  bool EndIfDone() {
    if (!queue_.empty()) return false;
    if (!std::exchange(ended_, true)) {
      for (RunObserver* const observer : observers_) observer->OnEnd(clock_.now());
    }
    return true;
  }

  void Push(Instant at, const Event& event) {
    const std::uint16_t tie_break =
        options_.interleave ? static_cast<std::uint16_t>(tie_breaks_() >> 48) : std::uint16_t{0};
    queue_.Push(at, event, tie_break);
  }
  void Push(Instant at, Event::Type type, std::uint32_t slot, std::uint32_t token = 0) {
    Push(at, Event{GatewayEvent{slot, token, 0}, type});
  }

  void Run(const Event& event) {
    const std::uint32_t slot = event.gateway.slot;
    switch (event.type) {
      case Event::Type::kGateway:
        return gateway_->OnEvent(event.gateway);
      case Event::Type::kArrival:
        BeginCall(slot);
        return ScheduleArrival(slot);
      case Event::Type::kNextCall:
        return BeginCall(slot);
      case Event::Type::kRetry:
        return Retry(slot, event.gateway.token);
      case Event::Type::kDeadline:
        return ReachDeadline(slot, event.gateway.token);
      case Event::Type::kRestart:
        return RestartReplica(world_.gateways.restarts[slot]);
    }
  }

  void ScheduleArrival(std::uint32_t group) {
    const std::optional<Instant> at = arrivals_[group].Next();
    if (at && *at < End()) Push(*at, Event::Type::kArrival, group);
  }
  Instant End() const { return Instant(world_.duration); }

  // A user of a closed group thinks and calls again.
  void EndCall(const SimRequest& request) {
    const auto* const closed = std::get_if<ClosedArrivals>(&world_.clients[request.group].arrivals);
    if (closed == nullptr) return;
    const Instant next = clock_.now() + ThinkTime(*closed, options_.seed, request.call);
    if (next < End()) Push(next, Event::Type::kNextCall, request.group);
  }

  void BeginCall(std::uint32_t group) {
    if (free_.empty()) {
      free_.push_back(static_cast<Slot>(calls_.size()));
      calls_.push_back(std::make_unique<Call>());
    }
    const Slot slot = free_.back();
    free_.pop_back();
    SimRequest& request = calls_[slot]->request;
    request.call = next_call_++;
    request.retry = 0;
    request.replica = 0;
    request.group = group;
    request.call_at = clock_.now();
    const ClientGroup& clients = world_.clients[group];
    RandomEngine engine = EngineFor(options_.seed, Stream::kRequest, request.call);
    request.streamed =
        clients.streamed > 0 && boost::random::uniform_01<double>()(engine) < clients.streamed;
    request.body_bytes = static_cast<std::uint64_t>(clients.body_bytes.DrawWhole(engine));
    request.cost.input_tokens = clients.input_tokens.DrawWhole(engine);
    request.cost.output_tokens = clients.output_tokens.DrawWhole(engine);
    SendRequest(slot);
  }

  void Retry(Slot slot, std::uint32_t token) {
    if (calls_[slot]->token != token) return;
    ++calls_[slot]->request.retry;
    SendRequest(slot);
  }

  // The slot's call is sent, for the first time or again.
  void SendRequest(Slot slot) {
    Call& call = *calls_[slot];
    SimRequest& request = call.request;
    request.id = requests_++;
    request.sent_at = clock_.now();
    request.body_digest = BodyDigest(request.id, request.body_bytes);
    const ClientGroup& clients = world_.clients[request.group];
    if (clients.replica) {
      request.replica = static_cast<std::uint32_t>(*clients.replica);
    } else if (world_.gateways.replicas > 1) {
      RandomEngine engine = EngineFor(options_.seed, Stream::kReplica, request.call, request.retry);
      request.replica = boost::random::uniform_int_distribution<std::uint32_t>(
          0, static_cast<std::uint32_t>(world_.gateways.replicas - 1))(engine);
    }
    request.deadline.reset();
    if (clients.deadline) request.deadline = clock_.now() + *clients.deadline;
    ++call.token;
    call.in_flight = true;
    for (RunObserver* const observer : observers_) observer->OnRequest(request);
    if (request.deadline) Push(*request.deadline, Event::Type::kDeadline, slot, call.token);
    gateway_->Begin(slot, request);
  }

  void ReachDeadline(Slot slot, std::uint32_t token) {
    const Call& call = *calls_[slot];
    if (!call.in_flight || call.token != token) return;
    Leave(slot, Outcome::kDeadline);
  }

  // The request ends from outside.
  void Leave(Slot slot, Outcome outcome) {
    const std::uint32_t attempts = gateway_->Abandon(slot);
    ClientAnswer answer;
    answer.outcome = outcome;
    answer.attempts = attempts;
    Answer(slot, answer);
  }

  void RestartReplica(const Restart& restart) {
    const auto replica = static_cast<std::uint32_t>(restart.replica);
    for (Slot slot = 0; slot < calls_.size(); ++slot) {
      const Call& call = *calls_[slot];
      if (call.in_flight && call.request.replica == replica) Leave(slot, Outcome::kRestarted);
    }
    if (!world_.gateways.shared_key_state) pools_[replica] = NewPool();
    gateway_->OnRestart(replica);
    for (RunObserver* const observer : observers_) observer->OnRestart(clock_.now(), replica);
  }

  const World& world_;
  const Policy& policy_;
  const Provider& provider_;
  const RunOptions options_;
  const std::vector<RunObserver*> observers_;
  const MarkKey mark_key_;
  VirtualClock clock_;
  Upstream upstream_;
  RandomEngine tie_breaks_;
  EventQueue<Event> queue_;
  std::vector<std::shared_ptr<KeyPool>> pools_;
  std::vector<ArrivalStream> arrivals_;
  std::vector<std::unique_ptr<Call>> calls_;  // requests keep their place
  std::vector<Slot> free_;
  std::unique_ptr<Gateway> gateway_;
  std::uint64_t next_call_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t events_ = 0;
  bool ended_ = false;
};

Simulation::Simulation(const World& world, const Policy& policy, const RunOptions& options,
                       const GatewayFactory& gateway, std::vector<RunObserver*> observers)
    : impl_(std::make_unique<Impl>(world, policy, options, gateway, std::move(observers))) {}

Simulation::~Simulation() = default;

bool Simulation::RunEvents(std::uint64_t events) { return impl_->RunEvents(events); }

bool Simulation::RunUntil(Instant until) { return impl_->RunUntil(until); }

void Simulation::Run() {
  while (RunEvents(1'000'000)) {
  }
}

Instant Simulation::now() const { return impl_->now(); }
std::optional<Instant> Simulation::next() const { return impl_->next(); }
std::uint64_t Simulation::requests() const { return impl_->requests(); }
std::uint64_t Simulation::events() const { return impl_->events(); }

}  // namespace keywalk::sim
