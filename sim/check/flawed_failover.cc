#include "sim/check/flawed_failover.h"

namespace keywalk::sim {

Step FlawedFailover::Start(Instant now) {
  if (memory_->flaw == Flaw::kRoundRobin) offset_ = memory_->walks % pool_->size();
  ++memory_->walks;
  if (memory_->flaw == Flaw::kReadsStatesOnce) {
    for (KeyIndex key = 0; key < pool_->size(); ++key) usable_then_.push_back(IsUsable(key, now));
  }
  return Next(now);
}

Step FlawedFailover::OnResponse(const ResponseFacts& response, Instant now) {
  last_mark_.reset();
  Classification verdict = (*mark_key_)(response);
  if (memory_->flaw == Flaw::kUnauthorizedForGood && response.status == 401) {
    verdict.action = Action::kPermanent;
  }
  if (verdict.action == Action::kSurface) return Step{};
  MakeMark(verdict, now);
  const bool limited = response.status == 429;
  if (memory_->flaw == Flaw::kSameKeyAgain && limited && pool_->size() > 1 && !tried_again_) {
    tried_again_ = true;
    return Attempt(current_);
  }
  const Step next = Next(now);
  const bool is_last = next.kind == Step::Kind::kExhausted;
  return is_last && verdict.pass_on_if_last ? Step{} : next;
}

void FlawedFailover::MakeMark(const Classification& verdict, Instant now) {
  KeyIndex key = current_;
  if (memory_->flaw == Flaw::kMarksTheNeighbour) key = (key + 1) % pool_->size();
  if (verdict.action == Action::kTemporary) {
    MarkTemporary(key, verdict, now);
  } else if (verdict.action == Action::kPermanent && memory_->flaw == Flaw::kForgetsPermanence) {
    MarkTemporary(key, verdict, now);
  } else if (verdict.action == Action::kPermanent) {
    pool_->MarkPermanent(key, verdict.reason);
  } else {
    return;
  }
  last_mark_ = Mark{current_, verdict, true};
}

void FlawedFailover::MarkTemporary(KeyIndex key, const Classification& verdict, Instant now) {
  const Duration left = pool_->cooldown_left(key, now);
  if (memory_->flaw == Flaw::kShortensDeadlines && verdict.cooldown > Duration::zero() &&
      left > verdict.cooldown) {
    memory_->shortened.insert_or_assign(
        {pool_, key}, FlawedMemory::Shortened{now + left, now + verdict.cooldown});
    return;
  }
  pool_->MarkTemporary(key, verdict.cooldown, verdict.reason, now);
}

bool FlawedFailover::IsUsable(KeyIndex key, Instant now) const {
  if (pool_->state(key, now) == KeyState::kValid) return true;
  const auto found = memory_->shortened.find({pool_, key});
  return found != memory_->shortened.end() && found->second.by <= now &&
         found->second.deadline == now + pool_->cooldown_left(key, now);
}

std::optional<KeyIndex> FlawedFailover::SoonestCooling(Instant now) const {
  std::optional<KeyIndex> soonest;
  for (KeyIndex key = 0; key < pool_->size(); ++key) {
    if (pool_->state(key, now) != KeyState::kTemporary) continue;
    const bool sooner =
        !soonest || pool_->cooldown_left(key, now) < pool_->cooldown_left(*soonest, now);
    if (sooner) soonest = key;
  }
  return soonest;
}

Step FlawedFailover::Next(Instant now) {
  const std::size_t size = pool_->size();
  const bool spent = memory_->flaw == Flaw::kBudgetOfTwo && attempts_ == 2;
  for (; position_ < size && !spent; ++position_) {
    const KeyIndex key = (offset_ + position_) % size;
    const bool usable =
        memory_->flaw == Flaw::kReadsStatesOnce ? usable_then_[key] : IsUsable(key, now);
    if (!usable) continue;
    ++position_;
    return Attempt(key);
  }
  if (memory_->flaw == Flaw::kTriesCoolingKeys && attempts_ == 0) {
    if (const std::optional<KeyIndex> key = SoonestCooling(now)) return Attempt(*key);
  }
  return Exhausted(now);
}

Step FlawedFailover::Attempt(KeyIndex key) {
  current_ = key;
  ++attempts_;
  return Step{Step::Kind::kAttempt, key, {}};
}

Step FlawedFailover::Exhausted(Instant now) const {
  Step step{Step::Kind::kExhausted, std::nullopt, pool_->exhaustion(now)};
  if (memory_->flaw == Flaw::kAnswersTheDefault &&
      step.exhaustion.kind == Exhaustion::Kind::kRateLimited) {
    step.exhaustion.retry_after = KeyPool::kDefaultCooldown;
  }
  return step;
}

}  // namespace keywalk::sim
