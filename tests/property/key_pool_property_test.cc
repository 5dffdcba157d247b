// Goal: the pool with its packed state words behaves as the plain words of SPEC 2 and 3 say.
// Method: RapidCheck interleaves marks, time and walks; after every command all that the pool tells
// is compared with a naive model that keeps every mark ever made.
#include <gtest/gtest.h>
// GoogleTest must come before RapidCheck's glue to it.
#include <rapidcheck/gtest.h>
#include <rapidcheck/state.h>

#include <algorithm>
#include <ostream>

#include "keywalk/key_pool.h"

namespace keywalk {
namespace {

constexpr std::size_t kMaxKeys = 5;
constexpr Duration kDefaultCooldown = std::chrono::seconds(4);

// Whole seconds, small: equal deadlines and deadlines reached exactly must be common.
Duration Seconds(int count) { return std::chrono::seconds(count); }

struct ModelMark {
  Instant deadline;
  MarkReason reason;
};

struct ModelKey {
  std::vector<ModelMark> marks;  // in the order they were made
  std::optional<MarkReason> permanent;
};

struct ModelWalk {
  std::vector<KeyIndex> handed_out;
  KeyIndex seen = 0;  // keys before this one are behind
};

struct Model {
  Instant now{};
  std::vector<ModelKey> keys;
  std::vector<ModelWalk> walks;
};

// The mark in force: the latest deadline, of equal ones the later mark.
std::optional<ModelMark> MarkInForce(const ModelKey& key) {
  std::optional<ModelMark> in_force;
  for (const ModelMark& mark : key.marks) {
    if (!in_force || mark.deadline >= in_force->deadline) in_force = mark;
  }
  return in_force;
}

KeyState StateOf(const ModelKey& key, Instant now) {
  if (key.permanent) return KeyState::kPermanent;
  const std::optional<ModelMark> mark = MarkInForce(key);
  return mark && now < mark->deadline ? KeyState::kTemporary : KeyState::kValid;
}

std::optional<MarkReason> ReasonOf(const ModelKey& key, Instant now) {
  if (key.permanent) return key.permanent;
  if (StateOf(key, now) == KeyState::kValid) return std::nullopt;
  return MarkInForce(key)->reason;
}

Exhaustion ExhaustionOf(const Model& model) {
  std::vector<ModelMark> cooling;
  for (const ModelKey& key : model.keys) {
    const KeyState state = StateOf(key, model.now);
    if (state == KeyState::kValid) return {Exhaustion::Kind::kRateLimited, Duration::zero()};
    if (state == KeyState::kTemporary) cooling.push_back(*MarkInForce(key));
  }
  if (cooling.empty()) return {Exhaustion::Kind::kPermanent, Duration::zero()};
  const auto soonest =
      std::min_element(cooling.begin(), cooling.end(),
                       [](const auto& a, const auto& b) { return a.deadline < b.deadline; });
  const bool all_unauthorized = std::all_of(cooling.begin(), cooling.end(), [](const auto& mark) {
    return mark.reason == MarkReason::kUnauthorized;
  });
  return {all_unauthorized ? Exhaustion::Kind::kUnauthorized : Exhaustion::Kind::kRateLimited,
          soonest->deadline - model.now};
}

struct Sut {
  std::shared_ptr<KeyPool> pool;
  std::vector<Walk> walks;
};

using PoolCommand = rc::state::Command<Model, Sut>;

// Everything the pool tells at the model's time.
void CheckAll(const Model& model, const Sut& sut) {
  KeyCounts counts;
  for (KeyIndex index = 0; index < model.keys.size(); ++index) {
    const ModelKey& key = model.keys[index];
    const KeyState state = StateOf(key, model.now);
    RC_ASSERT(sut.pool->state(index, model.now) == state);
    RC_ASSERT(sut.pool->reason(index, model.now) == ReasonOf(key, model.now));
    const bool cooling = state == KeyState::kTemporary;
    const Duration left = cooling ? MarkInForce(key)->deadline - model.now : Duration::zero();
    RC_ASSERT(sut.pool->cooldown_left(index, model.now) == left);
    counts.valid += state == KeyState::kValid;
    counts.temporary += state == KeyState::kTemporary;
    counts.permanent += state == KeyState::kPermanent;
  }
  RC_ASSERT(sut.pool->counts(model.now).valid == counts.valid);
  RC_ASSERT(sut.pool->counts(model.now).temporary == counts.temporary);
  RC_ASSERT(sut.pool->counts(model.now).permanent == counts.permanent);
  RC_ASSERT(sut.pool->exhaustion(model.now).kind == ExhaustionOf(model).kind);
  RC_ASSERT(sut.pool->exhaustion(model.now).retry_after == ExhaustionOf(model).retry_after);
  for (std::size_t i = 0; i < model.walks.size(); ++i) {
    RC_ASSERT(sut.walks[i].attempts() == model.walks[i].handed_out.size());
  }
}

KeyIndex AnyKey(const Model& model) { return *rc::gen::inRange<KeyIndex>(0, model.keys.size()); }

MarkReason AnyReason() {
  return *rc::gen::element(MarkReason::kRateLimited, MarkReason::kUnauthorized);
}

class MarkTemporary : public PoolCommand {
 public:
  explicit MarkTemporary(const Model& model)
      : key_(AnyKey(model)), cooldown_(Seconds(*rc::gen::inRange(-1, 9))), reason_(AnyReason()) {}

  void apply(Model& model) const override {
    const Duration cooldown = cooldown_ > Duration::zero() ? cooldown_ : kDefaultCooldown;
    ModelKey& key = model.keys[key_];
    if (!key.permanent) key.marks.push_back({model.now + cooldown, reason_});
  }

  void run(const Model& before, Sut& sut) const override {
    const bool transition = sut.pool->MarkTemporary(key_, cooldown_, reason_, before.now);
    RC_ASSERT(transition == (StateOf(before.keys[key_], before.now) == KeyState::kValid));
    CheckAll(nextState(before), sut);
  }

  void show(std::ostream& os) const override {
    os << "MarkTemporary(k" << key_ << ", " << cooldown_ / Seconds(1) << " s, " << ToString(reason_)
       << ")";
  }

 private:
  KeyIndex key_;
  Duration cooldown_;
  MarkReason reason_;
};

class MarkPermanent : public PoolCommand {
 public:
  explicit MarkPermanent(const Model& model) : key_(AnyKey(model)), reason_(AnyReason()) {}

  void apply(Model& model) const override {
    if (!model.keys[key_].permanent) model.keys[key_].permanent = reason_;
  }

  void run(const Model& before, Sut& sut) const override {
    const bool transition = sut.pool->MarkPermanent(key_, reason_);
    RC_ASSERT(transition == !before.keys[key_].permanent.has_value());
    CheckAll(nextState(before), sut);
  }

  void show(std::ostream& os) const override {
    os << "MarkPermanent(k" << key_ << ", " << ToString(reason_) << ")";
  }

 private:
  KeyIndex key_;
  MarkReason reason_;
};

class Advance : public PoolCommand {
 public:
  Advance() : step_(Seconds(*rc::gen::inRange(0, 6))) {}

  void apply(Model& model) const override { model.now += step_; }
  void run(const Model& before, Sut& sut) const override { CheckAll(nextState(before), sut); }
  void show(std::ostream& os) const override { os << "Advance(" << step_ / Seconds(1) << " s)"; }

 private:
  Duration step_;
};

class StartWalk : public PoolCommand {
 public:
  void apply(Model& model) const override { model.walks.emplace_back(); }
  void run(const Model& before, Sut& sut) const override {
    sut.walks.emplace_back(*sut.pool);
    CheckAll(nextState(before), sut);
  }
  void show(std::ostream& os) const override { os << "StartWalk"; }
};

class AskNext : public PoolCommand {
 public:
  explicit AskNext(const Model& model) {
    RC_PRE(!model.walks.empty());
    walk_ = *rc::gen::inRange<std::size_t>(0, model.walks.size());
  }

  void checkPreconditions(const Model& model) const override { RC_PRE(walk_ < model.walks.size()); }

  void apply(Model& model) const override {
    ModelWalk& walk = model.walks[walk_];
    const std::optional<KeyIndex> next = Expected(model);
    if (next) walk.handed_out.push_back(*next);
    walk.seen = next ? *next + 1 : model.keys.size();
  }

  void run(const Model& before, Sut& sut) const override {
    RC_ASSERT(sut.walks[walk_].Next(before.now) == Expected(before));
    CheckAll(nextState(before), sut);
  }

  void show(std::ostream& os) const override { os << "AskNext(walk " << walk_ << ")"; }

 private:
  // The first key ahead of the walk that is valid now.
  std::optional<KeyIndex> Expected(const Model& model) const {
    for (KeyIndex key = model.walks[walk_].seen; key < model.keys.size(); ++key) {
      if (StateOf(model.keys[key], model.now) == KeyState::kValid) return key;
    }
    return std::nullopt;
  }

  std::size_t walk_ = 0;
};

RC_GTEST_PROP(KeyPoolProperty, MarksTimeAndWalksInterleavedFollowTheModel, ()) {
  const std::size_t count = *rc::gen::inRange<std::size_t>(1, kMaxKeys + 1);
  Model model;
  model.keys.resize(count);
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < count; ++i) keys.push_back("k" + std::to_string(i));
  Sut sut{KeyPool::Create(keys, kDefaultCooldown).value(), {}};
  rc::state::check(model, sut,
                   rc::state::gen::execOneOfWithArgs<MarkTemporary, MarkPermanent, Advance,
                                                     StartWalk, AskNext, AskNext>());
}

// Whatever the numbers, a deadline is not shortened, nothing wraps, and permanence is terminal.
RC_GTEST_PROP(KeyPoolProperty, AnyDurationAndInstantKeepTheInvariants,
              (std::vector<std::pair<std::int64_t, std::int64_t>> marks)) {
  const auto pool = KeyPool::Create({"k0"}, kDefaultCooldown).value();
  Instant now{};
  for (const auto& [step, cooldown] : marks) {
    now = Instant(Duration(std::max(now.time_since_epoch().count(), step)));
    const Duration before = pool->cooldown_left(0, now);
    const bool was_valid = pool->state(0, now) == KeyState::kValid;
    const bool transition =
        pool->MarkTemporary(0, Duration(cooldown), MarkReason::kRateLimited, now);
    const bool is_temporary = pool->state(0, now) == KeyState::kTemporary;
    RC_ASSERT(pool->cooldown_left(0, now) >= before);
    RC_ASSERT(transition == (was_valid && is_temporary));
  }
  RC_ASSERT(pool->MarkPermanent(0));
  RC_ASSERT(pool->state(0, Instant::max()) == KeyState::kPermanent);
}

}  // namespace
}  // namespace keywalk
