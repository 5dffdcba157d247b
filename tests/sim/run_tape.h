// Events of a run told by hand to whoever observes runs.
#ifndef KEYWALK_TESTS_SIM_RUN_TAPE_H_
#define KEYWALK_TESTS_SIM_RUN_TAPE_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

#include "sim/run/observer.h"
#include "sim/world/world.h"

namespace keywalk::sim {

// A world of so many keys named k0, k1, ..., that lasts `duration`; nothing happens in it.
World QuietWorld(std::size_t keys, mock::Milliseconds duration);

// Times are milliseconds from the run's beginning and must not decrease. Requests are calls of one
// request each, unless told otherwise. Not safe for concurrent use.
class RunTape {
 public:
  explicit RunTape(RunObserver& observer) : observer_(observer) {}

  // Returns the request's id.
  RequestId Request(std::int64_t at_ms, std::uint32_t replica = 0);
  // The call of an earlier request is tried again.
  RequestId Retry(std::int64_t at_ms, RequestId earlier);
  void Send(std::int64_t at_ms, RequestId request, KeyIndex key);
  // The request's last attempt is answered.
  void End(std::int64_t at_ms, RequestId request, int status,
           std::optional<Classification> mark = std::nullopt);
  void Break(std::int64_t at_ms, RequestId request, AttemptEnded::How how);
  // `call_ended`: the client does not try again.
  void Answer(std::int64_t at_ms, RequestId request, Outcome outcome, bool call_ended = true);
  void Restart(std::int64_t at_ms, std::uint32_t replica);
  void Finish(std::int64_t at_ms);

  // A request that one key answers with 200, `takes_ms` later.
  void Serve(std::int64_t at_ms, KeyIndex key, std::int64_t takes_ms = 10);
  // A request that one key refuses with that status and mark, and which is then answered so.
  void Refuse(std::int64_t at_ms, KeyIndex key, int status, std::optional<Classification> mark,
              Outcome outcome, std::int64_t takes_ms = 10);

 private:
  struct Under {
    SimRequest request;
    AttemptSent last;
    std::uint32_t attempts = 0;
  };
  RequestId Begin(std::int64_t at_ms, SimRequest request);

  RunObserver& observer_;
  RequestId next_ = 0;
  std::map<RequestId, Under> under_way_;
};

Classification Cools(std::chrono::milliseconds cooldown);
Classification OutForGood();

}  // namespace keywalk::sim

#endif  // KEYWALK_TESTS_SIM_RUN_TAPE_H_
