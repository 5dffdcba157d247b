#include "mockupstream/lanes/lane_table.h"

namespace keywalk::mock {
namespace {

std::shared_ptr<LaneState> NewState(std::shared_ptr<const LanePlan> plan, ModelGates& gates) {
  std::unique_ptr<ModelGate> gate;
  if (plan->lane().model) gate = gates.Make(*plan->lane().model);
  return std::make_shared<LaneState>(std::move(plan), std::move(gate));
}

}  // namespace

LaneState::Turn LaneState::Take(const RequestFacts& request) {
  return TakeFrom(plan_->SequenceFor(request));
}

LaneState::Turn LaneState::Take() { return TakeFrom(0); }

LaneState::Turn LaneState::TakeFrom(std::size_t sequence) {
  const StepPlan& plan = plan_->sequences()[sequence];
  // Counting up is the whole of the atomic pop: what a number means never changes.
  const std::uint64_t number = taken_[sequence].fetch_add(1, std::memory_order_relaxed);
  Turn turn;
  turn.route = plan.route();
  turn.step = plan.At(number);
  if (turn.step == nullptr) return turn;
  turn.number = number;
  turn.draw = plan.Draw(number);
  if (turn.draw) turn.step = &lane().chaos->draws[*turn.draw].step;
  return turn;
}

std::size_t LaneState::served(std::size_t sequence) const {
  return plan_->sequences()[sequence].Served(taken_[sequence].load(std::memory_order_relaxed));
}

std::size_t LaneState::served() const {
  std::size_t all = 0;
  for (std::size_t i = 0; i < taken_.size(); ++i) all += served(i);
  return all;
}

LaneTable::LaneTable(Script script, Milliseconds wall_at_zero)
    : lanes_(std::make_shared<LaneSet>()), gates_(wall_at_zero) {
  lanes_->Insert(std::move(script));
}

std::shared_ptr<LaneState> LaneTable::Find(std::string_view key) const {
  const MutexLock lock(mutex_);
  const auto used = used_.find(key);
  if (used != used_.end()) return used->second;
  const auto lane = lanes_->by_key.find(key);
  if (lane != lanes_->by_key.end()) {
    return used_.emplace(key, NewState(lane->second, gates_)).first->second;
  }
  if (!default_used_ && lanes_->default_lane) {
    default_used_ = NewState(lanes_->default_lane, gates_);
  }
  return default_used_;
}

void LaneTable::Replace(Script script) {
  auto lanes = std::make_shared<LaneSet>();
  lanes->Insert(std::move(script));
  const MutexLock lock(mutex_);
  lanes_ = std::move(lanes);
  lanes_shared_ = false;
  masker_ = nullptr;
  ForgetStates();
}

void LaneTable::Add(Script script) {
  const MutexLock lock(mutex_);
  for (const auto& [key, lane] : script.lanes) used_.erase(key);
  if (script.default_lane) default_used_ = nullptr;
  if (lanes_shared_) lanes_ = std::make_shared<LaneSet>(*lanes_);
  lanes_shared_ = false;
  masker_ = nullptr;
  lanes_->Insert(std::move(script));
  gates_.ForgetUnused();
}

void LaneTable::Reset() {
  const MutexLock lock(mutex_);
  ForgetStates();
}

// New ones are made then, none is set to zero: a request in flight keeps the number it was given.
void LaneTable::ForgetStates() {
  used_.clear();
  default_used_ = nullptr;
  gates_.Clear();
}

std::unique_ptr<LaneTable> LaneTable::StartOver() const {
  const MutexLock lock(mutex_);
  auto copy = std::make_unique<LaneTable>(Script(), gates_.wall_at_zero());
  const MutexLock copy_lock(copy->mutex_);
  lanes_shared_ = true;
  copy->lanes_ = lanes_;
  copy->lanes_shared_ = true;
  copy->masker_ = Masker();  // not made again by each
  return copy;
}

std::vector<LaneTable::Progress> LaneTable::Lanes() const {
  const MutexLock lock(mutex_);
  std::vector<Progress> lanes;
  lanes.reserve(lanes_->by_key.size() + 1);
  for (const auto& [key, plan] : lanes_->by_key) {
    const auto used = used_.find(key);
    lanes.push_back({key, plan, used == used_.end() ? nullptr : used->second});
  }
  if (lanes_->default_lane) {
    lanes.push_back({std::string(), lanes_->default_lane, default_used_});
  }
  return lanes;
}

std::size_t LaneTable::served() const {
  const MutexLock lock(mutex_);
  std::size_t all = default_used_ ? default_used_->served() : 0;
  for (const auto& [key, state] : used_) all += state->served();
  return all;
}

const std::shared_ptr<const SecretMasker>& LaneTable::Masker() const {
  if (!masker_) {
    std::vector<std::string> keys;
    for (const auto& [key, plan] : lanes_->by_key) keys.push_back(key);
    masker_ = std::make_shared<const SecretMasker>(std::move(keys));
  }
  return masker_;
}

std::shared_ptr<const SecretMasker> LaneTable::masker() const {
  const MutexLock lock(mutex_);
  return Masker();
}

void LaneTable::AddKeysTo(KeyCollection& collection) const {
  const MutexLock lock(mutex_);
  if (!collection.seen.insert(lanes_).second) return;
  for (const auto& [key, plan] : lanes_->by_key) collection.keys.insert(key);
}

}  // namespace keywalk::mock
