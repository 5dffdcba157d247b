#include "mockupstream/model/model_gate.h"

#include <algorithm>
#include <utility>

namespace keywalk::mock {
namespace {

bool CountTokens(const std::vector<LimitSpec>& limits) {
  return std::any_of(limits.begin(), limits.end(),
                     [](const LimitSpec& limit) { return limit.counted != Counted::kRequests; });
}

}  // namespace

ModelGate::ModelGate(const LaneModel& model, std::shared_ptr<Organisation> organisation,
                     Milliseconds wall_at_zero)
    : provider_(model.provider),
      wall_at_zero_(model.wall_at_zero.value_or(wall_at_zero)),
      key_(model.key, std::move(organisation), wall_at_zero_) {}

LimitReport ModelGate::Admit(Milliseconds now, RequestCost cost) {
  LimitReport report;
  report.admission = key_.Admit(now, cost, report.limits);
  report.cost = cost;
  report.wall_now = wall_at_zero_ + now;
  return report;
}

std::unique_ptr<ModelGate> ModelGates::Make(const LaneModel& model) {
  std::shared_ptr<Organisation> organisation;
  if (model.organisation) {
    std::shared_ptr<Organisation>& shared = organisations_[model.organisation];
    if (!shared) {
      shared = std::make_shared<Organisation>(*model.organisation,
                                              model.wall_at_zero.value_or(wall_at_zero_));
    }
    organisation = shared;
  }
  return std::make_unique<ModelGate>(model, std::move(organisation), wall_at_zero_);
}

void ModelGates::ForgetUnused() {
  std::erase_if(organisations_, [](const auto& entry) { return entry.first.use_count() == 1; });
}

bool DependsOnCost(const LaneModel& model) {
  if (model.provider == ModelProvider::kMistral) return true;  // its answers tell the cost
  return CountTokens(model.key.limits) || (model.organisation && CountTokens(*model.organisation));
}

}  // namespace keywalk::mock
