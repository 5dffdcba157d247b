// The lanes at run time: who is next in each. Steps are popped atomically, so that every step is
// served exactly once whatever the concurrency.
#ifndef KEYWALK_MOCKUPSTREAM_LANES_LANE_TABLE_H_
#define KEYWALK_MOCKUPSTREAM_LANES_LANE_TABLE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keywalk/secret.h"
#include "mockupstream/lanes/request_facts.h"
#include "mockupstream/model/model_gate.h"
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

// A lane and how far it has got, in one scope. All methods are safe for concurrent use.
class LaneState {
 public:
  // `gate` is that of the lane's model; null if it has none.
  explicit LaneState(std::shared_ptr<const LanePlan> plan,
                     std::unique_ptr<ModelGate> gate = nullptr)
      : plan_(std::move(plan)), gate_(std::move(gate)), taken_(plan_->sequences().size()) {}
  explicit LaneState(Lane lane) : LaneState(std::make_shared<const LanePlan>(std::move(lane))) {}
  LaneState(const LaneState&) = delete;
  LaneState& operator=(const LaneState&) = delete;

  // What one request is given.
  struct Turn {
    const ScriptStep* step = nullptr;   // null: past the end of a lane that fails loudly
    std::optional<std::size_t> number;  // counted over repeats; nullopt with a null step
    const Route* route = nullptr;       // null: the lane's own steps
    std::optional<std::size_t> draw;    // of the lane's chaos, whose step this is
  };
  // Pops the next step for that request. The step lives as long as the lane.
  Turn Take(const RequestFacts& request);
  // Pops the next of the lane's own steps, whatever the request.
  Turn Take();

  const Lane& lane() const { return plan_->lane(); }
  const std::shared_ptr<const LanePlan>& plan() const { return plan_; }
  // Null for a lane without a model. What it refuses takes no turn.
  ModelGate* gate() const { return gate_.get(); }
  // How many turns had a step; of the sequence at that place of the plan, or of all.
  std::size_t served(std::size_t sequence) const;
  std::size_t served() const;

 private:
  Turn TakeFrom(std::size_t sequence);

  const std::shared_ptr<const LanePlan> plan_;
  const std::unique_ptr<ModelGate> gate_;
  std::vector<std::atomic<std::uint64_t>> taken_;  // turns, by sequence
};

// Lanes by key. All methods are safe for concurrent use; a lane that a request holds outlives its
// removal here.
class LaneTable {
 public:
  // `wall_at_zero`: the clock's zero in Unix time, for models.
  explicit LaneTable(Script script, Milliseconds wall_at_zero = {});
  LaneTable(const LaneTable&) = delete;
  LaneTable& operator=(const LaneTable&) = delete;

  // The key's lane, else the default lane, else null.
  std::shared_ptr<LaneState> Find(std::string_view key) const;

  // Replaces all lanes; steps start over.
  void Replace(Script script);
  // Adds lanes, or replaces those of the same key; the others go on where they are.
  void Add(Script script);
  // Every lane starts over.
  void Reset();
  // The same lanes, each at its start: what a new scope gets.
  std::unique_ptr<LaneTable> StartOver() const;

  // Keys and lanes in the order of the keys; the default lane last, with an empty key.
  std::vector<std::pair<std::string, std::shared_ptr<const LaneState>>> Lanes() const;
  // For texts that may hold a scripted key. Made when it is first asked for after a change.
  std::shared_ptr<const SecretMasker> masker() const;
  void AddKeysTo(std::set<std::string>& keys) const;

 private:
  void Insert(Script script);

  const Milliseconds wall_at_zero_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<LaneState>, std::less<>> lanes_;
  std::shared_ptr<LaneState> default_lane_;
  mutable std::shared_ptr<const SecretMasker> masker_;  // null: not made yet
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_LANES_LANE_TABLE_H_
