#include "sim/check/determinism.h"

#include <deque>
#include <string_view>

#include "sim/run/trace.h"

namespace keywalk::sim {
namespace {

class TracedTwin {
 public:
  explicit TracedTwin(const CheckedWorld& checked)
      : lines_(checked.world, [this](std::string_view line) { pending_.emplace_back(line); }),
        simulation_(checked.world, *checked.policy, checked.options, checked.factory(), {&lines_}) {
  }

  // The next line of its trace; empty at its end.
  std::string Next() {
    while (pending_.empty() && simulation_.RunEvents(1)) {
    }
    if (pending_.empty()) return "";
    std::string line = std::move(pending_.front());
    pending_.pop_front();
    return line;
  }

  const Simulation& simulation() const { return simulation_; }

 private:
  std::deque<std::string> pending_;
  TraceLines lines_;
  Simulation simulation_;
};

}  // namespace

TwiceRun RunTwice(const CheckedWorld& checked) {
  TracedTwin one(checked);
  TracedTwin other(checked);
  TwiceRun run;
  for (std::uint64_t number = 0;; ++number) {
    std::string first = one.Next();
    std::string second = other.Next();
    const bool ended = first.empty();
    if (first != second) {
      run.difference = RunDifference{number, std::move(first), std::move(second)};
    } else if (!ended) {
      continue;
    }
    run.requests = one.simulation().requests();
    run.events = one.simulation().events();
    run.end = one.simulation().now();
    return run;
  }
}

}  // namespace keywalk::sim
