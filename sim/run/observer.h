// What happens in a run, told to those who count, check, record or draw it.
#ifndef KEYWALK_SIM_RUN_OBSERVER_H_
#define KEYWALK_SIM_RUN_OBSERVER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "keywalk/clock.h"
#include "keywalk/failover.h"
#include "keywalk/key_pool.h"
#include "mockupstream/model/key_model.h"
#include "sim/world/world.h"

namespace keywalk::sim {

// Counted from 0 in the order in which requests are sent.
using RequestId = std::uint64_t;

// One request of a client to a gateway.
struct SimRequest {
  RequestId id = 0;
  std::uint64_t call = 0;   // what the client wants; its retries are requests of the same call
  std::uint32_t retry = 0;  // 0: the call's first request
  std::uint32_t group = 0;  // index in World::clients
  std::uint32_t replica = 0;
  bool streamed = false;
  Instant call_at{};  // when the call's first request was sent
  Instant sent_at{};
  std::optional<Instant> deadline;
  mock::RequestCost cost;
  std::uint64_t body_bytes = 0;
  std::uint64_t body_digest = 0;  // of what the client sends
};

// An attempt leaves the gateway.
struct AttemptSent {
  Instant at{};
  RequestId request = 0;
  std::uint32_t number = 0;  // of the request's attempts, from 0
  std::uint32_t replica = 0;
  KeyIndex key = 0;
  std::uint64_t body_digest = 0;  // of what is sent
};

// How an attempt ended, as the gateway sees it.
struct AttemptEnded {
  enum class How : std::uint8_t {
    kResponse,   // a head arrived, and (where the policy reads it) its error body
    kReset,      // the connection ended before the head
    kTimeout,    // no head within the gateway's limit
    kAbandoned,  // the client left, or the gateway was restarted
  };
  Instant at{};
  Instant sent_at{};
  RequestId request = 0;
  std::uint32_t number = 0;
  std::uint32_t replica = 0;
  KeyIndex key = 0;
  How how = How::kResponse;
  int status = 0;  // of kResponse, here and below
  Classification verdict;
  // What the core did to the key; nullopt: nothing.
  std::optional<Mark> mark;
  std::optional<Duration> retry_after;  // as the upstream told it
};

// What the client got.
enum class Outcome : std::uint8_t {
  kSuccess,        // 2xx, whole
  kRateLimited,    // the gateway says: rate limited
  kUnauthorized,   // the gateway says: its keys are refused
  kPermanent,      // the gateway says: no key is left for good
  kUpstreamError,  // the upstream's own error, passed on
  kReset,          // the connection to the upstream ended before an answer
  kTimeout,        // the upstream did not answer in time
  kTruncated,      // the answer began and did not end
  kDeadline,       // the client left
  kRestarted,      // the gateway was restarted
};
inline constexpr std::size_t kOutcomes = 10;
// "success", "rate_limited", "unauthorized", "permanent", "upstream_error", "reset", "timeout",
// "truncated", "deadline", "restarted".
std::string_view ToString(Outcome outcome) noexcept;

struct Answered {
  Instant at{};
  const SimRequest* request = nullptr;  // valid during the call
  Outcome outcome = Outcome::kSuccess;
  int status = 0;  // 0: none reached the client
  std::uint32_t attempts = 0;
  bool forwarded = false;               // a byte of an upstream's answer reached the client
  bool call_ended = true;               // the client does not try again
  std::optional<Duration> retry_after;  // as the answer tells the client
  // The text of an answer that the gateway made itself (no key may be in it); valid during the
  // call.
  std::string_view own_body;
};

// Each is told in the order of virtual time. Called on the simulation's thread.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void OnRequest(const SimRequest& /*request*/) {}
  virtual void OnAttemptSent(const AttemptSent& /*attempt*/) {}
  virtual void OnAttemptEnded(const AttemptEnded& /*attempt*/) {}
  virtual void OnAnswered(const Answered& /*answer*/) {}
  virtual void OnRestart(Instant /*at*/, std::uint32_t /*replica*/) {}
  virtual void OnEnd(Instant /*at*/) {}
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_RUN_OBSERVER_H_
