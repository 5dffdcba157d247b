// The lanes at run time: who is next in each. Steps are popped atomically, so that every step is
// served exactly once whatever the concurrency.
#ifndef KEYWALK_MOCKUPSTREAM_LANE_TABLE_H_
#define KEYWALK_MOCKUPSTREAM_LANE_TABLE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keywalk/secret.h"
#include "mockupstream/script.h"

namespace keywalk::mock {

// A lane and how far it has got. All methods are safe for concurrent use.
class LaneState {
 public:
  explicit LaneState(Lane lane);
  LaneState(const LaneState&) = delete;
  LaneState& operator=(const LaneState&) = delete;

  // What one request is given.
  struct Turn {
    const ScriptStep* step = nullptr;   // null: past the end of a lane that fails loudly
    std::optional<std::size_t> number;  // counted over repeats; nullopt with a null step
  };
  // Pops the next step. The step lives as long as the lane.
  Turn Take();

  const Lane& lane() const { return lane_; }
  // How many turns had a step.
  std::size_t served() const;

 private:
  const Lane lane_;
  std::vector<std::uint64_t> ends_;  // ends_[i]: how many turns steps 0 to i take together
  std::atomic<std::uint64_t> taken_{0};
};

// Lanes by key. All methods are safe for concurrent use; a lane that a request holds outlives its
// removal here.
class LaneTable {
 public:
  explicit LaneTable(Script script);

  // The key's lane, else the default lane, else null.
  std::shared_ptr<LaneState> Find(std::string_view key) const;

  // Replaces all lanes; steps start over.
  void Replace(Script script);
  // Adds lanes, or replaces those of the same key; the others go on where they are.
  void Add(Script script);
  // Every lane starts over.
  void Reset();

  // Keys and lanes in the order of the keys; the default lane last, with an empty key.
  std::vector<std::pair<std::string, std::shared_ptr<const LaneState>>> Lanes() const;
  // For texts that may hold a scripted key.
  SecretMasker masker() const;

 private:
  void Insert(Script script);

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<LaneState>, std::less<>> lanes_;
  std::shared_ptr<LaneState> default_lane_;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_LANE_TABLE_H_
