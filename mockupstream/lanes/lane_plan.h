// What a script says of its lanes, ready to be served: without any state.
#ifndef KEYWALK_MOCKUPSTREAM_LANES_LANE_PLAN_H_
#define KEYWALK_MOCKUPSTREAM_LANES_LANE_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mockupstream/lanes/request_facts.h"
#include "mockupstream/script/chaos.h"
#include "mockupstream/script/script.h"

namespace keywalk::mock {

// Which step of a sequence the n-th request gets. Immutable.
class StepPlan {
 public:
  // Of the lane's own steps, or of those of a route. Both outlive it.
  explicit StepPlan(const Lane& lane, const Route* route = nullptr);

  const Route* route() const { return route_; }
  // The draw of the lane's chaos that hits that step; nullopt: none.
  std::optional<std::size_t> Draw(std::uint64_t number) const;

  // Null past the end of a sequence that fails loudly.
  const ScriptStep* At(std::uint64_t number) const;
  // How many of so many turns had a step.
  std::uint64_t Served(std::uint64_t turns) const;

 private:
  std::uint64_t total() const { return ends_.empty() ? 0 : ends_.back(); }

  const Route* const route_;
  const StepSequence& sequence_;
  std::optional<ChaosTable> chaos_;
  std::vector<std::uint64_t> ends_;  // ends_[i]: how many turns steps 0 to i take together
};

// A lane as the script has it, and what serving it needs. Immutable, shared by all scopes.
class LanePlan {
 public:
  explicit LanePlan(Lane lane);
  LanePlan(const LanePlan&) = delete;
  LanePlan& operator=(const LanePlan&) = delete;

  const Lane& lane() const { return lane_; }
  // The lane's own steps, then those of each route.
  const std::vector<StepPlan>& sequences() const { return sequences_; }
  // The index in sequences() of the one that serves the request.
  std::size_t SequenceFor(const RequestFacts& request) const;
  // True if the step depends on the request's body, which is then read (and kept) first.
  bool reads_body_first() const { return reads_body_first_; }

 private:
  const Lane lane_;
  std::vector<StepPlan> sequences_;
  const bool reads_body_first_;
};

// The lanes of a script. A plain value; concurrent reads are safe.
struct LaneSet {
  std::map<std::string, std::shared_ptr<const LanePlan>, std::less<>> by_key;
  std::shared_ptr<const LanePlan> default_lane;  // null: there is none

  // The key's lane or its replacement. Lanes without a name get one.
  void Insert(Script script);
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_LANES_LANE_PLAN_H_
