#include "mockupstream/lanes/lane_table.h"

#include <algorithm>

namespace keywalk::mock {
namespace {

std::shared_ptr<LaneState> NewState(std::shared_ptr<const LanePlan> plan, ModelGates& gates) {
  std::unique_ptr<ModelGate> gate;
  if (plan->lane().model) gate = gates.Make(*plan->lane().model);
  return std::make_shared<LaneState>(std::move(plan), std::move(gate));
}

}  // namespace

StepPlan::StepPlan(const Lane& lane, const Route* route)
    : route_(route), sequence_(route != nullptr ? static_cast<const StepSequence&>(*route) : lane) {
  if (lane.chaos) chaos_.emplace(*lane.chaos, lane.name, route != nullptr ? route->name : "");
  std::uint64_t end = 0;
  ends_.reserve(sequence_.steps.size());
  for (const ScriptStep& step : sequence_.steps) ends_.push_back(end += step.times);
}

const ScriptStep* StepPlan::At(std::uint64_t number) const {
  std::uint64_t place = number;
  if (number >= total()) {
    if (sequence_.at_end == AtEnd::kFailLoud || total() == 0) return nullptr;
    place = sequence_.at_end == AtEnd::kLoop ? number % total() : total() - 1;
  }
  const auto end = std::upper_bound(ends_.begin(), ends_.end(), place);
  return &sequence_.steps[static_cast<std::size_t>(end - ends_.begin())];
}

std::optional<std::size_t> StepPlan::Draw(std::uint64_t number) const {
  return chaos_ ? chaos_->Hit(number) : std::nullopt;
}

std::uint64_t StepPlan::Served(std::uint64_t turns) const {
  const bool ends = sequence_.at_end == AtEnd::kFailLoud || total() == 0;
  return ends ? std::min(turns, total()) : turns;
}

LanePlan::LanePlan(Lane lane) : lane_(std::move(lane)), reads_body_first_(ReadsBodyFirst(lane_)) {
  sequences_.reserve(1 + lane_.routes.size());
  sequences_.emplace_back(lane_);
  for (const Route& route : lane_.routes) sequences_.emplace_back(lane_, &route);
}

std::size_t LanePlan::SequenceFor(const RequestFacts& request) const {
  const auto found =
      std::find_if(lane_.routes.begin(), lane_.routes.end(),
                   [&request](const Route& route) { return route.match.Matches(request); });
  if (found == lane_.routes.end()) return 0;
  return 1 + static_cast<std::size_t>(found - lane_.routes.begin());
}

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

LaneTable::LaneTable(Script script, Milliseconds wall_at_zero) : wall_at_zero_(wall_at_zero) {
  Insert(std::move(script));
}

std::shared_ptr<LaneState> LaneTable::Find(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = lanes_.find(key);
  return found == lanes_.end() ? default_lane_ : found->second;
}

void LaneTable::Replace(Script script) {
  const std::lock_guard lock(mutex_);
  lanes_.clear();
  default_lane_ = nullptr;
  Insert(std::move(script));
}

void LaneTable::Add(Script script) {
  const std::lock_guard lock(mutex_);
  Insert(std::move(script));
}

void LaneTable::Insert(Script script) {
  masker_ = nullptr;
  ModelGates gates(wall_at_zero_);
  for (auto& [key, lane] : script.lanes) {
    if (lane.name.empty()) lane.name = MaskKey(key);
    lanes_.insert_or_assign(key,
                            NewState(std::make_shared<const LanePlan>(std::move(lane)), gates));
  }
  if (!script.default_lane) return;
  if (script.default_lane->name.empty()) script.default_lane->name = kDefaultLaneName;
  default_lane_ =
      NewState(std::make_shared<const LanePlan>(std::move(*script.default_lane)), gates);
}

void LaneTable::Reset() {
  const std::lock_guard lock(mutex_);
  // New states, not zeroed ones: a request in flight keeps the number it was given.
  ModelGates gates(wall_at_zero_);
  for (auto& [key, state] : lanes_) state = NewState(state->plan(), gates);
  if (default_lane_) default_lane_ = NewState(default_lane_->plan(), gates);
}

std::unique_ptr<LaneTable> LaneTable::StartOver() const {
  auto copy = std::make_unique<LaneTable>(Script(), wall_at_zero_);
  ModelGates gates(wall_at_zero_);
  const std::lock_guard lock(mutex_);
  for (const auto& [key, state] : lanes_) {
    copy->lanes_.emplace(key, NewState(state->plan(), gates));
  }
  if (default_lane_) copy->default_lane_ = NewState(default_lane_->plan(), gates);
  return copy;
}

std::vector<std::pair<std::string, std::shared_ptr<const LaneState>>> LaneTable::Lanes() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::shared_ptr<const LaneState>>> lanes(lanes_.begin(),
                                                                              lanes_.end());
  if (default_lane_) lanes.emplace_back(std::string(), default_lane_);
  return lanes;
}

std::shared_ptr<const SecretMasker> LaneTable::masker() const {
  const std::lock_guard lock(mutex_);
  if (!masker_) {
    std::vector<std::string> keys;
    for (const auto& [key, state] : lanes_) keys.push_back(key);
    masker_ = std::make_shared<const SecretMasker>(std::move(keys));
  }
  return masker_;
}

void LaneTable::AddKeysTo(std::set<std::string>& keys) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, state] : lanes_) keys.insert(key);
}

}  // namespace keywalk::mock
