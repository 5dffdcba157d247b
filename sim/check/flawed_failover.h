// A step machine with a bug: the interface of keywalk::Failover, over the same pools.
#ifndef KEYWALK_SIM_CHECK_FLAWED_FAILOVER_H_
#define KEYWALK_SIM_CHECK_FLAWED_FAILOVER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "keywalk/failover.h"
#include "sim/check/planted_bug.h"

namespace keywalk::sim {

// What the requests of one flawed gateway have in common.
struct FlawedMemory {
  explicit FlawedMemory(Flaw which) : flaw(which) {}

  const Flaw flaw;
  std::uint64_t walks = 0;
  // Of kShortensDeadlines: which deadline of a pool's key was replaced by which earlier one.
  struct Shortened {
    Instant deadline;
    Instant by;
  };
  std::map<std::pair<const KeyPool*, KeyIndex>, Shortened> shortened;  // looked up, never walked
};

// One request. Not safe for concurrent use.
class FlawedFailover {
 public:
  // All outlive it.
  FlawedFailover(KeyPool* pool, const MarkKey& mark_key, FlawedMemory& memory)
      : pool_(pool), mark_key_(&mark_key), memory_(&memory) {}

  Step Start(Instant now);
  Step OnResponse(const ResponseFacts& response, Instant now);
  Step OnTransportError() { return Step{}; }
  Step OnClientGone() { return Step{Step::Kind::kAbandon, std::nullopt, {}}; }

  std::size_t attempts() const noexcept { return attempts_; }
  const std::optional<Mark>& last_mark() const noexcept { return last_mark_; }

 private:
  void MakeMark(const Classification& verdict, Instant now);
  void MarkTemporary(KeyIndex key, const Classification& verdict, Instant now);
  bool IsUsable(KeyIndex key, Instant now) const;
  std::optional<KeyIndex> SoonestCooling(Instant now) const;
  Step Next(Instant now);
  Step Attempt(KeyIndex key);
  Step Exhausted(Instant now) const;

  KeyPool* pool_;
  const MarkKey* mark_key_;
  FlawedMemory* memory_;
  KeyIndex offset_ = 0;    // the first key, of kRoundRobin
  KeyIndex position_ = 0;  // how far the walk is, from there
  KeyIndex current_ = 0;
  std::size_t attempts_ = 0;
  bool tried_again_ = false;       // of kSameKeyAgain
  std::vector<bool> usable_then_;  // of kReadsStatesOnce
  std::optional<Mark> last_mark_;
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_FLAWED_FAILOVER_H_
