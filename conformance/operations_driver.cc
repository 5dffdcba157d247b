#include "conformance/operations_driver.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "keywalk/key_pool.h"

namespace keywalk::conformance {
namespace {

using Kind = Operation::Kind;

class OperationsRun {
 public:
  explicit OperationsRun(const Policy& policy) : policy_(policy) {}

  // Replaces the pool; on an error the old one stays. Walks over the old pool end with it.
  std::optional<Error> Create(const std::vector<std::string>& keys) {
    auto created = KeyPool::Create(keys, policy_.default_cooldown);
    if (!created) return created.error();
    walks_.clear();
    pool_ = *created;
    return std::nullopt;
  }

  Result<OperationOutcome> Act(const Operation& operation) {
    if (!pool_ && operation.kind != Kind::kCreate) return Error("there is no pool yet");
    const Instant now{Duration(operation.at)};
    OperationOutcome outcome;
    switch (operation.kind) {
      case Kind::kCreate:
        if (const auto error = Create(operation.keys)) outcome.error = error->message();
        return outcome;
      case Kind::kMarkTemporary:
      case Kind::kMarkPermanent:
      case Kind::kReason:
        return ActOnKey(operation, now);
      case Kind::kWalk:
        walks_.insert_or_assign(operation.walk, Walk(*pool_));
        return outcome;
      case Kind::kNext:
      case Kind::kAttempts:
        return ActOnWalk(operation, now);
      case Kind::kStates:
        outcome.states.emplace();
        for (KeyIndex key = 0; key < pool_->size(); ++key) {
          outcome.states->emplace_back(ToString(pool_->state(key, now)));
        }
        return outcome;
    }
    return Error("unknown operation");
  }

 private:
  std::optional<KeyIndex> FindKey(const std::string& name) const {
    for (KeyIndex key = 0; key < pool_->size(); ++key) {
      if (pool_->key(key) == name) return key;
    }
    return std::nullopt;
  }

  Result<OperationOutcome> ActOnKey(const Operation& operation, Instant now) {
    const std::optional<KeyIndex> key = FindKey(operation.key);
    if (!key) return Error("the pool has no such key as the operation names");
    OperationOutcome outcome;
    if (operation.kind == Kind::kMarkTemporary) {
      outcome.transition = pool_->MarkTemporary(*key, operation.cooldown, operation.reason, now);
    } else if (operation.kind == Kind::kMarkPermanent) {
      outcome.transition = pool_->MarkPermanent(*key);
    } else {
      const std::optional<MarkReason> reason = pool_->reason(*key, now);
      outcome.reason = reason ? std::string(ToString(*reason)) : "none";
    }
    return outcome;
  }

  Result<OperationOutcome> ActOnWalk(const Operation& operation, Instant now) {
    const auto walk = walks_.find(operation.walk);
    if (walk == walks_.end()) return Error("no such walk: " + operation.walk);
    OperationOutcome outcome;
    if (operation.kind == Kind::kAttempts) {
      outcome.attempts = walk->second.attempts();
    } else if (const std::optional<KeyIndex> key = walk->second.Next(now)) {
      outcome.key = pool_->key(*key);
    } else {
      outcome.exhausted.emplace();
      outcome.exhausted->kind = Outcome::Kind::kExhausted;
      outcome.exhausted->exhaustion = pool_->exhaustion(now);
    }
    return outcome;
  }

  const Policy& policy_;
  std::shared_ptr<KeyPool> pool_;
  std::map<std::string, Walk> walks_;
};

}  // namespace

Result<Trace> RunOperations(const Case& test_case, const Policy& policy) {
  assert(test_case.kind == Case::Kind::kOperations);
  OperationsRun run(policy);
  if (const auto error = run.Create(test_case.keys)) {
    // A case about refusals may begin without a pool, if its first act makes one.
    if (test_case.operations.front().kind != Kind::kCreate) return *error;
  }
  Trace trace;
  for (const Operation& operation : test_case.operations) {
    Result<OperationOutcome> outcome = run.Act(operation);
    if (!outcome) return outcome.error();
    trace.operations.push_back(*std::move(outcome));
  }
  return trace;
}

}  // namespace keywalk::conformance
