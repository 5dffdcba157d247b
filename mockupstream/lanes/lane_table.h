// The lanes at run time: who is next in each. Steps are popped atomically, so that every step is
// served exactly once whatever the concurrency.
#ifndef KEYWALK_MOCKUPSTREAM_LANES_LANE_TABLE_H_
#define KEYWALK_MOCKUPSTREAM_LANES_LANE_TABLE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keywalk/mutex.h"
#include "keywalk/secret.h"
#include "mockupstream/lanes/lane_plan.h"
#include "mockupstream/lanes/request_facts.h"
#include "mockupstream/model/model_gate.h"
#include "mockupstream/script/script.h"

namespace keywalk::mock {

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
//
// What a lane is, and how far it has got, are apart: tables that start from one script share the
// first, and hold the second for the lanes that were asked for. So a scope costs what it uses.
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

  // A lane and how far it has got.
  struct Progress {
    std::string key;  // empty: the default lane
    std::shared_ptr<const LanePlan> plan;
    std::shared_ptr<const LaneState> state;  // null: nobody has asked for it

    // As of the state; at its start without one.
    std::size_t served(std::size_t sequence) const { return state ? state->served(sequence) : 0; }
  };
  // In the order of the keys; the default lane last.
  std::vector<Progress> Lanes() const;
  // How many turns of all lanes had a step.
  std::size_t served() const;
  // For texts that may hold a scripted key. Made when it is first asked for after a change.
  std::shared_ptr<const SecretMasker> masker() const;

  // The keys of several tables, and whose have been added: most have the same.
  struct KeyCollection {
    std::set<std::string> keys;
    std::set<std::shared_ptr<const LaneSet>> seen;
  };
  void AddKeysTo(KeyCollection& collection) const;

 private:
  void ForgetStates() KEYWALK_REQUIRES(mutex_);
  const std::shared_ptr<const SecretMasker>& Masker() const KEYWALK_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::shared_ptr<LaneSet> lanes_ KEYWALK_GUARDED_BY(mutex_);  // not null
  // By another table, perhaps: it must not be changed.
  mutable bool lanes_shared_ KEYWALK_GUARDED_BY(mutex_) = false;
  mutable ModelGates gates_ KEYWALK_GUARDED_BY(mutex_);
  mutable std::map<std::string, std::shared_ptr<LaneState>, std::less<>> used_
      KEYWALK_GUARDED_BY(mutex_);
  mutable std::shared_ptr<LaneState> default_used_ KEYWALK_GUARDED_BY(mutex_);
  // Null: not made yet.
  mutable std::shared_ptr<const SecretMasker> masker_ KEYWALK_GUARDED_BY(mutex_);
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_LANES_LANE_TABLE_H_
