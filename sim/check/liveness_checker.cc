#include "sim/check/liveness_checker.h"

#include <algorithm>

namespace keywalk::sim {
namespace {

bool HasDailyQuota(const std::vector<mock::LimitSpec>& limits) {
  return std::any_of(limits.begin(), limits.end(), [](const mock::LimitSpec& limit) {
    return limit.kind == mock::LimitKind::kDailyQuota;
  });
}

bool IsFault(const AttemptEnded& ended) {
  return ended.how != AttemptEnded::How::kResponse || ended.status >= 400;
}

}  // namespace

bool CanReturn(const KeySpec& key) {
  const mock::LaneModel& model = key.model;
  return !key.revoked && !model.key.revoked_at && !HasDailyQuota(model.key.limits) &&
         !(model.organisation && HasDailyQuota(*model.organisation));
}

LivenessChecker::LivenessChecker(const World& world, const Policy& policy,
                                 std::optional<Instant> quiet_from, ViolationLog& log)
    : world_(world),
      default_cooldown_(policy.default_cooldown),
      quiet_from_(quiet_from),
      shared_(world.gateways.shared_key_state),
      log_(log),
      back_by_(shared_ ? 1 : static_cast<std::size_t>(world.gateways.replicas),
               BackBy(world.keys.size())) {
  for (const KeySpec& key : world.keys) {
    can_return_.push_back(CanReturn(key));
    any_can_return_ = any_can_return_ || can_return_.back();
  }
}

void LivenessChecker::OnRequest(const SimRequest& request) {
  CheckKeys(request.replica, request.sent_at, request.id);
  Awaited awaited;
  awaited.sent_at = request.sent_at;
  awaited.must_succeed =
      any_can_return_ && !request.deadline && AllAreBack(request.replica, request.sent_at);
  awaited_.insert_or_assign(request.id, awaited);
}

void LivenessChecker::OnAttemptEnded(const AttemptEnded& attempt) {
  const bool refused =
      attempt.how == AttemptEnded::How::kResponse && attempt.verdict.action != Action::kSurface;
  if (refused) {
    const Duration told = attempt.retry_after.value_or(Duration::zero());
    const Duration rest = std::max({told, attempt.verdict.cooldown, default_cooldown_});
    Instant& back_by = back_by_[PoolOf(attempt.replica)][attempt.key];
    back_by = std::max(back_by, attempt.at + rest);
  }
  const auto found = awaited_.find(attempt.request);
  if (found == awaited_.end() || !IsFault(attempt)) return;
  // A key that cannot return is refused, and it is for the gateway to go on to the next one.
  const bool lost = !can_return_[attempt.key] && (refused || attempt.status == 401);
  if (!lost) found->second.met_a_fault = true;
}

void LivenessChecker::OnAnswered(const Answered& answer) {
  const auto found = awaited_.find(answer.request->id);
  if (found == awaited_.end()) return;
  const Awaited awaited = found->second;
  awaited_.erase(found);
  const bool quiet = any_can_return_ && quiet_from_ && awaited.sent_at >= *quiet_from_;
  const bool cut_short = answer.outcome == Outcome::kTruncated ||
                         answer.outcome == Outcome::kRestarted ||
                         answer.outcome == Outcome::kDeadline;
  // Meanwhile another request may have been refused, and have marked the keys.
  const bool undisturbed = awaited.must_succeed && !awaited.met_a_fault && !cut_short &&
                           AllAreBack(answer.request->replica, awaited.sent_at);
  if (!undisturbed && !quiet) return;
  ++held_;
  if (answer.outcome == Outcome::kSuccess) return;
  log_.Add(Violation{Invariant::kRequestsSucceed, answer.at, answer.request->id, std::nullopt,
                     "the request of " + InSeconds(awaited.sent_at) + " ends with " +
                         std::string(ToString(answer.outcome)) + " after " +
                         std::to_string(answer.attempts) +
                         " attempts, when all faults and cooldowns were over"});
}

void LivenessChecker::OnRestart(Instant /*at*/, std::uint32_t replica) {
  if (shared_) return;
  BackBy& back_by = back_by_[replica];
  std::fill(back_by.begin(), back_by.end(), Instant{});
}

void LivenessChecker::OnEnd(Instant at) {
  for (std::size_t replica = 0; replica < back_by_.size(); ++replica) {
    CheckKeys(static_cast<std::uint32_t>(replica), at, std::nullopt);
  }
  for (const auto& [id, awaited] : awaited_) {
    log_.Add(Violation{Invariant::kEveryRequestAnswered, at, id, std::nullopt,
                       "the request of " + InSeconds(awaited.sent_at) +
                           " was never answered, and nothing more happens"});
  }
}

bool LivenessChecker::AllAreBack(std::uint32_t replica, Instant at) const {
  const BackBy& back_by = back_by_[PoolOf(replica)];
  for (KeyIndex key = 0; key < back_by.size(); ++key) {
    if (can_return_[key] && back_by[key] > at) return false;
  }
  return true;
}

void LivenessChecker::CheckKeys(std::uint32_t replica, Instant at,
                                std::optional<RequestId> request) {
  if (host_ == nullptr) return;
  const BackBy& back_by = back_by_[PoolOf(replica)];
  const KeyPool& pool = *host_->pool(replica);
  for (KeyIndex key = 0; key < back_by.size(); ++key) {
    if (!can_return_[key] || back_by[key] > at) continue;
    const KeyState state = pool.state(key, at);
    if (state == KeyState::kValid || !missed_.emplace(replica, key).second) continue;
    log_.Add(Violation{Invariant::kKeysReturn, at, request, key,
                       world_.keys[key].name + " is still " + std::string(ToString(state)) +
                           ", and should have been valid again by " + InSeconds(back_by[key]) +
                           ": the upstream would accept it"});
  }
}

}  // namespace keywalk::sim
