#include "mockupstream/lane_table.h"

#include <algorithm>

namespace keywalk::mock {

LaneState::LaneState(Lane lane) : lane_(std::move(lane)) {
  std::uint64_t end = 0;
  ends_.reserve(lane_.steps.size());
  for (const ScriptStep& step : lane_.steps) ends_.push_back(end += step.times);
}

LaneState::Turn LaneState::Take() {
  // Counting up is the whole of the atomic pop: what a number means never changes.
  const std::uint64_t number = taken_.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t total = ends_.empty() ? 0 : ends_.back();
  std::uint64_t place = number;
  if (number >= total) {
    if (lane_.at_end == AtEnd::kFailLoud || total == 0) return {};
    place = lane_.at_end == AtEnd::kLoop ? number % total : total - 1;
  }
  const auto end = std::upper_bound(ends_.begin(), ends_.end(), place);
  return {&lane_.steps[static_cast<std::size_t>(end - ends_.begin())], number};
}

std::size_t LaneState::served() const {
  const std::uint64_t taken = taken_.load(std::memory_order_relaxed);
  const std::uint64_t total = ends_.empty() ? 0 : ends_.back();
  return lane_.at_end == AtEnd::kFailLoud ? std::min(taken, total) : taken;
}

LaneTable::LaneTable(Script script) { Insert(std::move(script)); }

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
  for (auto& [key, lane] : script.lanes) {
    if (lane.name.empty()) lane.name = MaskKey(key);
    lanes_.insert_or_assign(key, std::make_shared<LaneState>(std::move(lane)));
  }
  if (!script.default_lane) return;
  if (script.default_lane->name.empty()) script.default_lane->name = "default";
  default_lane_ = std::make_shared<LaneState>(std::move(*script.default_lane));
}

void LaneTable::Reset() {
  const std::lock_guard lock(mutex_);
  // New states, not zeroed ones: a request in flight keeps the number it was given.
  for (auto& [key, state] : lanes_) state = std::make_shared<LaneState>(state->lane());
  if (default_lane_) default_lane_ = std::make_shared<LaneState>(default_lane_->lane());
}

std::vector<std::pair<std::string, std::shared_ptr<const LaneState>>> LaneTable::Lanes() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::shared_ptr<const LaneState>>> lanes(lanes_.begin(),
                                                                              lanes_.end());
  if (default_lane_) lanes.emplace_back(std::string(), default_lane_);
  return lanes;
}

SecretMasker LaneTable::masker() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> keys;
  keys.reserve(lanes_.size());
  for (const auto& [key, state] : lanes_) keys.push_back(key);
  return SecretMasker(std::move(keys));
}

}  // namespace keywalk::mock
