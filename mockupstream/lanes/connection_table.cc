#include "mockupstream/lanes/connection_table.h"

#include <algorithm>
#include <atomic>

namespace keywalk::mock {

struct ConnectionTable::Turn::State {
  explicit State(ConnectionScript script)
      : script(std::move(script)), fired(this->script.steps.size()) {
    std::uint64_t end = 0;
    for (const ConnectionStep& step : this->script.steps) ends.push_back(end += step.times);
  }

  const ConnectionScript script;
  std::vector<std::uint64_t> ends;  // ends[i]: how many turns steps 0 to i take together
  std::atomic<std::uint64_t> taken{0};
  std::vector<std::atomic<std::uint64_t>> fired;
};

ConnectionTable::ConnectionTable(ConnectionScript script)
    : state_(std::make_shared<Turn::State>(std::move(script))) {}

const Fault* ConnectionTable::Turn::fault() const {
  if (state_ == nullptr) return nullptr;
  const std::optional<Fault>& fault = state_->script.steps[step_].fault;
  return fault ? &*fault : nullptr;
}

void ConnectionTable::Turn::Fire() const { ++state_->fired[step_]; }

ConnectionTable::Turn ConnectionTable::Take() {
  std::shared_ptr<Turn::State> current = state();
  if (current->ends.empty()) return {};
  std::uint64_t number = current->taken++;
  const std::uint64_t total = current->ends.back();
  if (number >= total) {
    switch (current->script.at_end) {
      case ConnectionScript::AtEnd::kServe:
        return {};
      case ConnectionScript::AtEnd::kRepeatLast:
        number = total - 1;
        break;
      case ConnectionScript::AtEnd::kLoop:
        number %= total;
    }
  }
  const auto found = std::upper_bound(current->ends.begin(), current->ends.end(), number);
  const auto step = static_cast<std::size_t>(found - current->ends.begin());
  return Turn(std::move(current), step);
}

void ConnectionTable::Replace(ConnectionScript script) {
  auto fresh = std::make_shared<Turn::State>(std::move(script));
  const MutexLock lock(mutex_);
  state_.swap(fresh);
}

void ConnectionTable::Reset() { Replace(state()->script); }

std::vector<AcceptFaultReport> ConnectionTable::Report() const {
  const std::shared_ptr<Turn::State> current = state();
  std::vector<AcceptFaultReport> report;
  for (std::size_t i = 0; i < current->script.steps.size(); ++i) {
    const std::optional<Fault>& fault = current->script.steps[i].fault;
    if (fault) report.push_back({i, *fault, current->fired[i].load()});
  }
  return report;
}

std::shared_ptr<ConnectionTable::Turn::State> ConnectionTable::state() const {
  const MutexLock lock(mutex_);
  return state_;
}

}  // namespace keywalk::mock
