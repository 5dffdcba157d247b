#include "keywalk/failover.h"

#include <cassert>

namespace keywalk {

Failover::Failover(KeyPool* pool, const MarkKey& mark_key) noexcept
    : pool_(pool), mark_key_(&mark_key) {
  assert(pool == nullptr || mark_key);
}

Step Failover::Start(Instant now) noexcept {
  assert(!started_);
  started_ = true;
  if (pool_ != nullptr) {
    walk_.emplace(*pool_);
    return NextAttempt(now);
  }
  return Attempt(std::nullopt);
}

Step Failover::OnResponse(const ResponseFacts& response, Instant now) {
  assert(in_attempt_);
  last_mark_.reset();
  if (pool_ == nullptr) return Finish(Step::Kind::kForward);

  const Classification verdict = (*mark_key_)(response);
  const KeyIndex key = *current_;
  switch (verdict.action) {
    case Action::kSurface:
      return Finish(Step::Kind::kForward);
    case Action::kTemporary:
      last_mark_ =
          Mark{key, verdict, pool_->MarkTemporary(key, verdict.cooldown, verdict.reason, now)};
      break;
    case Action::kPermanent:
      last_mark_ = Mark{key, verdict, pool_->MarkPermanent(key, verdict.reason)};
      break;
    case Action::kNext:
      break;
  }
  const Step next = NextAttempt(now);
  const bool is_last = next.kind == Step::Kind::kExhausted;
  return is_last && verdict.pass_on_if_last ? Finish(Step::Kind::kForward) : next;
}

Step Failover::OnTransportError() noexcept {
  assert(in_attempt_);
  return Finish(Step::Kind::kForward);
}

Step Failover::OnClientGone() noexcept {
  started_ = true;  // also before the first step: nothing may begin any more
  return Finish(Step::Kind::kAbandon);
}

Step Failover::NextAttempt(Instant now) noexcept {
  const std::optional<KeyIndex> key = walk_->Next(now);
  if (!key) {
    Step step = Finish(Step::Kind::kExhausted);
    step.exhaustion = pool_->exhaustion(now);
    return step;
  }
  return Attempt(key);
}

Step Failover::Attempt(std::optional<KeyIndex> key) noexcept {
  current_ = key;
  in_attempt_ = true;
  ++attempts_;
  Step step;
  step.kind = Step::Kind::kAttempt;
  step.key = key;
  return step;
}

Step Failover::Finish(Step::Kind kind) noexcept {
  in_attempt_ = false;
  Step step;
  step.kind = kind;
  return step;
}

}  // namespace keywalk
