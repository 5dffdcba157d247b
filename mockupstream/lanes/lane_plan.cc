#include "mockupstream/lanes/lane_plan.h"

#include <algorithm>
#include <utility>

#include "keywalk/secret.h"

namespace keywalk::mock {

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

void LaneSet::Insert(Script script) {
  for (auto& [key, lane] : script.lanes) {
    if (lane.name.empty()) lane.name = MaskKey(key);
    by_key.insert_or_assign(key, std::make_shared<const LanePlan>(std::move(lane)));
  }
  if (!script.default_lane) return;
  if (script.default_lane->name.empty()) script.default_lane->name = kDefaultLaneName;
  default_lane = std::make_shared<const LanePlan>(std::move(*script.default_lane));
}

}  // namespace keywalk::mock
