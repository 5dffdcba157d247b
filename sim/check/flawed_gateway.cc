#include "sim/check/flawed_gateway.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "sim/gateway/core_gateway.h"
#include "sim/gateway/step_gateway.h"

namespace keywalk::sim {
namespace {

// Unlike any kind of the gateway inside.
constexpr std::uint8_t kWakeFlawed = 255;
constexpr std::uint32_t kMostTimes = 3;
constexpr std::uint32_t kFailuresThatOpen = 2;

bool IsInTheStepMachine(Flaw flaw) { return flaw <= Flaw::kUnauthorizedForGood; }

std::uint64_t CountRuns() {
  static std::atomic<std::uint64_t> runs{0};
  return runs++;
}

bool SaysNoKeyIsLeft(Outcome outcome) {
  return outcome == Outcome::kRateLimited || outcome == Outcome::kUnauthorized ||
         outcome == Outcome::kPermanent;
}

}  // namespace

FlawedGateway::FlawedGateway(GatewayHost& host, Flaw flaw)
    : host_(host), flaw_(flaw), memory_(flaw) {
  if (flaw == Flaw::kRemembersOtherRuns) runs_before_ = CountRuns();
  GatewayHost& to_inside = *this;
  if (IsInTheStepMachine(flaw)) {
    inside_ = std::make_unique<StepGateway<FlawedFailover, FlawedMemory>>(to_inside, memory_);
  } else {
    inside_ = NewCoreGateway(to_inside);
  }
}

void FlawedGateway::Begin(Slot slot, const SimRequest& request) {
  if (slot >= carried_.size()) carried_.resize(slot + 1);
  Carried& carried = carried_[slot];
  carried = Carried{&request, carried.token + 1};
  const bool open = flaw_ == Flaw::kBreakerStaysOpen && failures_in_a_row_ >= kFailuresThatOpen;
  const bool late = flaw_ == Flaw::kRemembersOtherRuns && runs_before_ % 2 == 1;
  if (open) return Wake(slot, host_.clock().now());
  if (late) return Wake(slot, host_.clock().now() + std::chrono::milliseconds(1));
  BeginInside(slot);
}

std::uint32_t FlawedGateway::Abandon(Slot slot) {
  Carried& carried = carried_[slot];
  std::uint32_t attempts = carried.attempts;
  if (carried.inside) attempts += inside_->Abandon(slot);
  earlier_attempts_.erase(carried.request->id);
  carried.request = nullptr;
  carried.inside = false;
  return attempts;
}

void FlawedGateway::OnEvent(const GatewayEvent& event) {
  if (event.kind != kWakeFlawed) return inside_->OnEvent(event);
  Carried& carried = carried_[event.slot];
  if (carried.request == nullptr || carried.token != event.token) return;
  if (flaw_ == Flaw::kBreakerStaysOpen) {
    carried.request = nullptr;
    ClientAnswer answer;
    answer.outcome = Outcome::kReset;
    answer.status = 502;
    return host_.Answer(event.slot, answer);
  }
  BeginInside(event.slot);
}

void FlawedGateway::OnRestart(std::uint32_t replica) { inside_->OnRestart(replica); }

void FlawedGateway::AttemptIsSent(const AttemptSent& attempt) {
  AttemptSent told = attempt;
  const auto earlier = earlier_attempts_.find(attempt.request);
  if (earlier != earlier_attempts_.end()) told.number += earlier->second;
  if (flaw_ == Flaw::kChangesTheBody && told.number > 0) told.body_digest = ~told.body_digest;
  if (flaw_ == Flaw::kCrashes && told.number == 2) std::abort();
  while (flaw_ == Flaw::kHangs && told.number == 2) ::pause();
  host_.AttemptIsSent(told);
}

void FlawedGateway::AttemptHasEnded(const AttemptEnded& attempt) {
  AttemptEnded told = attempt;
  const auto earlier = earlier_attempts_.find(attempt.request);
  if (earlier != earlier_attempts_.end()) told.number += earlier->second;
  host_.AttemptHasEnded(told);
}

void FlawedGateway::Answer(Slot slot, const ClientAnswer& answer) {
  Carried& carried = carried_[slot];
  carried.inside = false;
  if (LosesIt()) return;
  carried.attempts += answer.attempts;
  if (const std::optional<Instant> again = AgainAt(carried, answer)) {
    earlier_attempts_[carried.request->id] = carried.attempts;
    return Wake(slot, *again);
  }
  CountForBreaker(answer);
  ClientAnswer told = answer;
  told.attempts = carried.attempts;
  std::string body(answer.own_body);
  if (flaw_ == Flaw::kEchoesTheKey && !body.empty()) {
    body += host_.pool(carried.request->replica)->key(0);
    told.own_body = body;
  }
  earlier_attempts_.erase(carried.request->id);
  carried.request = nullptr;
  host_.Answer(slot, told);
}

void FlawedGateway::BeginInside(Slot slot) {
  Carried& carried = carried_[slot];
  carried.inside = true;
  ++carried.times;
  inside_->Begin(slot, *carried.request);
}

std::optional<Instant> FlawedGateway::AgainAt(const Carried& carried, const ClientAnswer& answer) {
  if (carried.times >= kMostTimes) return std::nullopt;
  const Instant now = host_.clock().now();
  if (flaw_ == Flaw::kRetriesTruncated && answer.outcome == Outcome::kTruncated) return now;
  if (flaw_ == Flaw::kRetriesResets && answer.outcome == Outcome::kReset) return now;
  if (flaw_ == Flaw::kWalksAgain && SaysNoKeyIsLeft(answer.outcome)) {
    return now + answer.retry_after.value_or(KeyPool::kDefaultCooldown);
  }
  return std::nullopt;
}

// Of two answers at the same instant, the second finds nobody waiting.
bool FlawedGateway::LosesIt() {
  if (flaw_ != Flaw::kLosesAnswers) return false;
  const Instant now = host_.clock().now();
  const bool second = last_answer_at_ == now;
  last_answer_at_ = now;
  return second;
}

void FlawedGateway::CountForBreaker(const ClientAnswer& answer) {
  if (failures_in_a_row_ >= kFailuresThatOpen) return;
  const bool failed = answer.outcome == Outcome::kReset || answer.outcome == Outcome::kTimeout;
  failures_in_a_row_ = failed ? failures_in_a_row_ + 1 : 0;
}

void FlawedGateway::Wake(Slot slot, Instant at) {
  host_.Schedule(at, GatewayEvent{slot, carried_[slot].token, kWakeFlawed});
}

}  // namespace keywalk::sim
