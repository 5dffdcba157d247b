// The failover step machine: the one place that knows when to try the next key.
//
// It does no I/O and reads no clock. A driver (sockets, simulator, decision cases) tells it what
// happened and does what the returned Step says:
//
//   Failover failover(pool.get(), policy_classifier);
//   Step step = failover.Start(now);
//   while (step.kind == Step::Kind::kAttempt) {
//     ... one upstream call with pool->key(*step.key) ...
//     step = got_response ? failover.OnResponse(facts, now) : failover.OnTransportError();
//   }
//   // kForward: pass on what the last attempt gave. kExhausted: answer with step.exhaustion.
//   // kAbandon: nobody is listening any more.
#ifndef KEYWALK_FAILOVER_H_
#define KEYWALK_FAILOVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "keywalk/clock.h"
#include "keywalk/key_pool.h"
#include "keywalk/policy.h"

namespace keywalk {

// The verdict on a response; usually Policy::Classify. (The seed's MarkKey.)
using MarkKey = std::function<Classification(const ResponseFacts&)>;

// What the driver does next.
struct Step {
  enum class Kind : std::uint8_t {
    kAttempt,    // call the upstream with `key`, or with the client's own key if it is nullopt
    kForward,    // pass on the last attempt's response or transport error
    kExhausted,  // no key is left: answer `exhaustion`
    kAbandon,    // the client went away: stop, answer nothing
  };
  Kind kind = Kind::kForward;
  std::optional<KeyIndex> key;
  Exhaustion exhaustion{};
};

// What the last OnResponse did to the key it concerned.
struct Mark {
  KeyIndex key = 0;
  Classification classification;
  bool transition = false;  // the state changed (SPEC state/4, 6)
};

// One request. Not safe for concurrent use; any number of them may share a pool.
class Failover {
 public:
  // `pool` is null for a BYOK request: one attempt with the client's own key, nothing marked (SPEC
  // transport/2). `pool` and `mark_key` must outlive the machine.
  Failover(KeyPool* pool, const MarkKey& mark_key) noexcept;
  // A temporary (a lambda, too) would be gone before the first response.
  Failover(KeyPool* pool, MarkKey&& mark_key) = delete;

  // Begins the walk: the first attempt, or exhaustion. REQUIRES: called once, first.
  Step Start(Instant now) noexcept;

  // The head of the current attempt's response (and its error body, where the policy needs it) has
  // arrived. Marks the key if the verdict says so. REQUIRES: the last step was kAttempt.
  Step OnResponse(const ResponseFacts& response, Instant now);

  // The attempt failed without a response: surfaced, never failed over (SPEC transport/6).
  Step OnTransportError() noexcept;

  // The client went away: nothing is marked, no further attempt (SPEC transport/12). At any moment,
  // whether or not an attempt is under way; no other event may follow.
  Step OnClientGone() noexcept;

  // Upstream calls handed out so far, a BYOK request's one included.
  std::size_t attempts() const noexcept { return attempts_; }

  // The key of the last attempt; nullopt for BYOK and before the first.
  std::optional<KeyIndex> current_key() const noexcept { return current_; }

  // The mark made by the last OnResponse, if it made one.
  const std::optional<Mark>& last_mark() const noexcept { return last_mark_; }

 private:
  Step NextAttempt(Instant now) noexcept;
  Step Attempt(std::optional<KeyIndex> key) noexcept;
  Step Finish(Step::Kind kind) noexcept;

  KeyPool* pool_;
  const MarkKey* mark_key_;
  std::optional<Walk> walk_;
  std::optional<KeyIndex> current_;
  std::optional<Mark> last_mark_;
  std::size_t attempts_ = 0;
  bool started_ = false;
  bool in_attempt_ = false;
};

}  // namespace keywalk

#endif  // KEYWALK_FAILOVER_H_
