#include "sim/check/safety_checker.h"

#include "sim/gateway/outcome.h"
#include "sim/run/sim_keys.h"

namespace keywalk::sim {
namespace {

std::string ReplicaSuffix(const World& world, std::uint32_t replica) {
  if (world.gateways.replicas == 1) return "";
  return " of replica " + std::to_string(replica);
}

std::string DescribeEnd(const AttemptEnded& ended) {
  switch (ended.how) {
    case AttemptEnded::How::kResponse:
      return "was answered " + std::to_string(ended.status);
    case AttemptEnded::How::kReset:
      return "was reset";
    case AttemptEnded::How::kTimeout:
      return "timed out";
    case AttemptEnded::How::kAbandoned:
      return "was abandoned";
  }
  return "";
}

// The attempt was refused because of its key, so that the next key is to be tried.
bool IsKeysFault(const AttemptEnded& ended) {
  return ended.how == AttemptEnded::How::kResponse && ended.verdict.action != Action::kSurface;
}

bool SaysThatNoKeyIsLeft(Outcome outcome) {
  return outcome == Outcome::kRateLimited || outcome == Outcome::kUnauthorized ||
         outcome == Outcome::kPermanent;
}

std::string Describe(const Exhaustion& exhaustion) {
  return std::string(ToString(exhaustion.kind)) + ", back in " + InSeconds(exhaustion.retry_after);
}

}  // namespace

SafetyChecker::SafetyChecker(const World& world, const Policy& policy, ViolationLog& log)
    : world_(world),
      log_(log),
      secrets_(SimKeys(world)),
      says_rate_limited_(policy.AnswerFor(Exhaustion::Kind::kRateLimited) ==
                         ExhaustedAnswerKind::kRateLimited),
      keys_(world, policy) {}

void SafetyChecker::OnRequest(const SimRequest& request) {
  Passing passing;
  passing.call = request.call;
  passing.body_digest = request.body_digest;
  passing.replica = request.replica;
  passing.tried.resize(world_.keys.size());
  Remember(passing, request.sent_at);
  passing_.insert_or_assign(request.id, std::move(passing));
}

void SafetyChecker::OnAttemptSent(const AttemptSent& attempt) {
  const auto found = passing_.find(attempt.request);
  if (found == passing_.end()) {
    Report(Invariant::kBoundedAmplification, attempt.at, attempt.request, attempt.key,
           "an attempt with " + NameOf(attempt.key) + " for a request that is over");
    return;
  }
  Passing& passing = found->second;
  CheckAmplification(passing, attempt);
  if (CheckGoesOn(passing, attempt)) {
    CheckKey(passing, attempt);
    CheckOrder(passing, attempt);
  }
  if (attempt.body_digest != passing.body_digest) {
    Report(Invariant::kSameBody, attempt.at, attempt.request, attempt.key,
           "attempt " + std::to_string(attempt.number) + " with " + NameOf(attempt.key) +
               " carries another body than the client sent");
  }
  passing.tried[attempt.key] = true;
  passing.position = attempt.key + 1;
  passing.in_attempt = true;
  ++passing.attempts;
  CheckPool(attempt.replica, attempt.at);
}

void SafetyChecker::OnAttemptEnded(const AttemptEnded& attempt) {
  if (attempt.how == AttemptEnded::How::kResponse) keys_.Apply(attempt);
  CheckPool(attempt.replica, attempt.at);
  const auto found = passing_.find(attempt.request);
  if (found == passing_.end()) return;
  found->second.in_attempt = false;
  found->second.last = attempt;
  Remember(found->second, attempt.at);
}

void SafetyChecker::OnAnswered(const Answered& answer) {
  const RequestId id = answer.request->id;
  if (secrets_.Reveals(answer.own_body)) {
    Report(Invariant::kNoKeyShown, answer.at, id, std::nullopt,
           "the gateway's answer " + std::to_string(answer.status) +
               " shows a key: " + secrets_.Mask(answer.own_body));
  }
  if (answer.call_ended) attempts_of_call_.erase(answer.request->call);
  const auto found = passing_.find(id);
  if (found == passing_.end()) return;
  CheckExhaustion(found->second, answer);
  CheckHonesty(found->second, answer);
  passing_.erase(found);
}

void SafetyChecker::OnRestart(Instant /*at*/, std::uint32_t replica) { keys_.OnRestart(replica); }

void SafetyChecker::Remember(Passing& passing, Instant at) {
  passing.valid_then = keys_.ValidAt(passing.replica, at);
  passing.exhaustion_then = keys_.ExhaustionAt(passing.replica, at);
}

bool SafetyChecker::MayUse(const Passing& passing, KeyIndex key, Instant at) const {
  return passing.valid_then[key] || keys_.of(passing.replica)[key].valid(at);
}

void SafetyChecker::CheckAmplification(Passing& passing, const AttemptSent& attempt) {
  const std::size_t keys = world_.keys.size();
  const ClientGroup* group = nullptr;
  for (const ClientGroup& clients : world_.clients) {
    if (group == nullptr || clients.retries.max > group->retries.max) group = &clients;
  }
  const std::size_t of_call = ++attempts_of_call_[passing.call];
  const std::size_t allowed =
      keys * (1 + static_cast<std::size_t>(group == nullptr ? 0 : group->retries.max));
  std::string why;
  if (passing.in_attempt) {
    why = "while its last attempt is still under way";
  } else if (passing.attempts >= keys) {
    why = "is its attempt number " + std::to_string(passing.attempts + 1) + ", and there are " +
          std::to_string(keys) + " keys";
  } else if (of_call > allowed) {
    why = "is attempt number " + std::to_string(of_call) + " of its call, which may have " +
          std::to_string(allowed);
  }
  if (why.empty()) return;
  Report(Invariant::kBoundedAmplification, attempt.at, attempt.request, attempt.key,
         "an attempt with " + NameOf(attempt.key) + " " + why);
}

// False where the request should have ended with its last attempt.
bool SafetyChecker::CheckGoesOn(const Passing& passing, const AttemptSent& attempt) {
  if (!passing.last || IsKeysFault(*passing.last)) return true;
  const bool begun =
      passing.last->how == AttemptEnded::How::kResponse && passing.last->status < 400;
  Report(begun ? Invariant::kNoFailoverAfterFirstByte : Invariant::kErrorsPassedOn, attempt.at,
         attempt.request, attempt.key,
         NameOf(attempt.key) + " is tried although the attempt with " + NameOf(passing.last->key) +
             " " + DescribeEnd(*passing.last) + ", which ends the request");
  return false;
}

void SafetyChecker::CheckKey(const Passing& passing, const AttemptSent& attempt) {
  const KeyIndex key = attempt.key;
  if (passing.tried[key]) {
    Report(Invariant::kOneTryPerKey, attempt.at, attempt.request, key,
           NameOf(key) + " is tried a second time");
    return;
  }
  if (MayUse(passing, key, attempt.at)) return;
  const ShadowKey& shadow = keys_.of(attempt.replica)[key];
  const std::string whose = NameOf(key) + ReplicaSuffix(world_, attempt.replica);
  if (shadow.permanent) {
    Report(Invariant::kPermanenceTerminal, attempt.at, attempt.request, key,
           whose + " is used although it was taken out for good");
  } else if (attempt.at >= shadow.last_deadline) {
    Report(Invariant::kDeadlineKept, attempt.at, attempt.request, key,
           whose + " is used as if the last mark's deadline, " + InSeconds(shadow.last_deadline) +
               ", had replaced the later one, " + InSeconds(shadow.deadline));
  } else {
    Report(Invariant::kNoEarlyUse, attempt.at, attempt.request, key,
           whose + " is used, and cools until " + InSeconds(shadow.deadline));
  }
}

void SafetyChecker::CheckOrder(const Passing& passing, const AttemptSent& attempt) {
  if (attempt.key < passing.position) {
    if (passing.tried[attempt.key]) return;  // told
    Report(Invariant::kFirstHealthyKey, attempt.at, attempt.request, attempt.key,
           "the walk goes back to " + NameOf(attempt.key));
    return;
  }
  const ShadowPool& pool = keys_.of(attempt.replica);
  for (KeyIndex key = passing.position; key < attempt.key; ++key) {
    if (!passing.valid_then[key] || !pool[key].valid(attempt.at)) continue;
    Report(Invariant::kFirstHealthyKey, attempt.at, attempt.request, key,
           NameOf(key) + " is healthy and passed over for " + NameOf(attempt.key));
  }
}

void SafetyChecker::CheckExhaustion(const Passing& passing, const Answered& answer) {
  const bool passed_on_last =
      answer.outcome == Outcome::kUpstreamError && passing.last && IsKeysFault(*passing.last);
  if (!SaysThatNoKeyIsLeft(answer.outcome) && !passed_on_last) return;
  const ShadowPool& pool = keys_.of(passing.replica);
  for (KeyIndex key = passing.position; key < pool.size(); ++key) {
    if (!passing.valid_then[key] || !pool[key].valid(answer.at)) continue;
    Report(Invariant::kHealthyKeysTried, answer.at, answer.request->id, key,
           "the request is answered " + std::string(ToString(answer.outcome)) + " although " +
               NameOf(key) + ReplicaSuffix(world_, passing.replica) +
               " is healthy and was not tried");
    return;
  }
}

void SafetyChecker::CheckHonesty(const Passing& passing, const Answered& answer) {
  if (!SaysThatNoKeyIsLeft(answer.outcome)) return;
  const Exhaustion now = keys_.ExhaustionAt(passing.replica, answer.at);
  const auto is_told = [&](const Exhaustion& due) {
    if (OutcomeOfExhaustion(due.kind) != answer.outcome) return false;
    if (answer.outcome != Outcome::kRateLimited || !says_rate_limited_) return true;
    return answer.retry_after.value_or(Duration::zero()) == due.retry_after;
  };
  if (is_told(passing.exhaustion_then) || is_told(now)) return;
  std::string told(ToString(answer.outcome));
  if (answer.retry_after) told += ", back in " + InSeconds(*answer.retry_after);
  Report(Invariant::kHonestExhaustion, answer.at, answer.request->id, std::nullopt,
         "the request is told: " + told + "; the keys say: " + Describe(now));
}

void SafetyChecker::CheckPool(std::uint32_t replica, Instant at) {
  if (host_ == nullptr) return;
  for (KeyIndex key = 0; key < world_.keys.size(); ++key) ComparePoolKey(replica, key, at);
}

void SafetyChecker::ComparePoolKey(std::uint32_t replica, KeyIndex key, Instant at) {
  const KeyPool& pool = *host_->pool(replica);
  const ShadowKey& shadow = keys_.of(replica)[key];
  const KeyState state = pool.state(key, at);
  const KeyState due = shadow.permanent   ? KeyState::kPermanent
                       : shadow.valid(at) ? KeyState::kValid
                                          : KeyState::kTemporary;
  const Instant deadline = at + pool.cooldown_left(key, at);
  if (state == due && (state != KeyState::kTemporary || deadline == shadow.deadline)) return;
  if (!disagreed_.emplace(replica, key).second) return;
  Invariant invariant = Invariant::kStateAgrees;
  if (shadow.permanent) {
    invariant = Invariant::kPermanenceTerminal;
  } else if (state == KeyState::kTemporary && deadline < shadow.deadline &&
             deadline == shadow.last_deadline) {
    invariant = Invariant::kDeadlineKept;
  }
  std::string message = NameOf(key) + ReplicaSuffix(world_, replica) + " is " +
                        std::string(ToString(state)) + " in its pool";
  if (state == KeyState::kTemporary) message += " until " + InSeconds(deadline);
  message += ", and ought to be " + std::string(ToString(due));
  if (due == KeyState::kTemporary) message += " until " + InSeconds(shadow.deadline);
  Report(invariant, at, std::nullopt, key, std::move(message));
}

void SafetyChecker::Report(Invariant invariant, Instant at, std::optional<RequestId> request,
                           std::optional<KeyIndex> key, std::string message) {
  log_.Add(Violation{invariant, at, request, key, std::move(message)});
}

}  // namespace keywalk::sim
