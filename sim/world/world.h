// A world: who asks, through which gateways, with which keys, over what network. Data that is read
// from JSON (world_json.h), drawn from a seed (check/), or recorded and made smaller.
#ifndef KEYWALK_SIM_WORLD_WORLD_H_
#define KEYWALK_SIM_WORLD_WORLD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "mockupstream/model/key_model_json.h"
#include "sim/world/distribution.h"

namespace keywalk::sim {

using mock::Milliseconds;

// --- clients -------------------------------------------------------------------------------------

// Independent callers: exponential gaps between calls.
struct PoissonArrivals {
  double per_second = 1;
};
// `size` calls within `spread`, every `every`.
struct BurstArrivals {
  Milliseconds every{60'000};
  std::int64_t size = 10;
  Milliseconds spread{0};
};
// A Poisson process whose rate swings around `per_second` once in `period`, as a day does:
// between (1 - swing) and (1 + swing) times, lowest at time zero.
struct DiurnalArrivals {
  double per_second = 1;
  double swing = 0.8;
  Milliseconds period{24 * 3600 * 1000};
};
// `users` who each wait for the answer, think, and call again.
struct ClosedArrivals {
  std::int64_t users = 1;
  Distribution think_ms = Distribution::Fixed(1000);
};
// Calls at given times: a recorded run, or one that was made by hand.
struct ListedArrivals {
  std::vector<Milliseconds> at;  // in order
};
using Arrivals =
    std::variant<PoissonArrivals, BurstArrivals, DiurnalArrivals, ClosedArrivals, ListedArrivals>;

// What an SDK does on its own with an answer it takes for passing: 408, 409, 429, 5xx and
// connections that end. It waits Retry-After if that is at most `max_retry_after`, else an
// exponential backoff, less a jitter.
struct ClientRetries {
  std::int64_t max = 0;
  Milliseconds initial{500};
  Milliseconds longest{8000};
  double jitter = 0.25;
  Milliseconds max_retry_after{60'000};
};

struct ClientGroup {
  std::string name;
  Arrivals arrivals;
  ClientRetries retries;
  std::optional<Milliseconds> deadline;  // of a request: then the client leaves
  Distribution body_bytes = Distribution::Fixed(256);
  Distribution input_tokens = Distribution::Fixed(64);
  Distribution output_tokens = Distribution::Fixed(64);
  double streamed = 0;                  // share of requests answered as a stream
  std::optional<std::int64_t> replica;  // all go there; nullopt: to any
};

// --- gateways ------------------------------------------------------------------------------------

struct Restart {
  Milliseconds at{0};
  std::int64_t replica = 0;
};

struct GatewaySpec {
  std::int64_t replicas = 1;      // clients choose one at random for each request
  bool shared_key_state = false;  // one store for all, which outlives restarts
  std::vector<Restart> restarts;
  Milliseconds head_timeout{600'000};  // an upstream that takes longer is given up
  Milliseconds wall_skew{0};           // of the gateways' civil clock
};

// --- keys ----------------------------------------------------------------------------------------

// How a refusal tells when to come back.
struct RetryHint {
  enum class Form : std::uint8_t { kProvider, kSeconds, kMilliseconds, kHttpDate, kNone };
  Form form = Form::kProvider;  // as the provider writes it
  Milliseconds skew{0};         // added to the true wait; what is told is never negative
};

// One answer of a key whose answers are listed.
struct ListedAnswer {
  enum class Fault : std::uint8_t {
    kNone,
    kResetBeforeHead,
    kResetInBody,  // after the head and half of the body
    kNoAnswer,     // the connection stays open and silent
  };
  int status = 200;
  std::optional<Milliseconds> retry_after;
  Milliseconds takes{0};  // until the head; a listed key ignores the network's times
  Fault fault = Fault::kNone;
};

struct KeySpec {
  std::string name;
  mock::LaneModel model;
  RetryHint hint;
  // If there are any, they are given one by one instead of the model's, then 200.
  std::vector<ListedAnswer> answers;
  // Of a listed key: it is revoked at the end of its list, and answers 401 from then on.
  bool revoked = false;
};

// --- network -------------------------------------------------------------------------------------

// From `from` on and before `to`, each attempt that begins fails with these probabilities.
struct NetworkFaults {
  Milliseconds from{0};
  Milliseconds to{0};
  double reset_before_head = 0;
  double reset_in_body = 0;
  double no_answer = 0;
};

struct NetworkSpec {
  Distribution to_upstream_ms;  // until the upstream has the request
  Distribution service_ms;      // until it has begun to answer
  Distribution to_gateway_ms;   // until the head has arrived
  Distribution stream_ms;       // from the head to the end of a streamed body
  std::vector<NetworkFaults> faults;
};

struct World {
  std::string name;
  std::string description;
  std::string provider = "openai";  // which of the library's providers the gateways use
  Milliseconds duration{60'000};
  Milliseconds wall_at_zero{1'767'225'600'000};  // 2026-01-01T00:00:00Z
  std::vector<ClientGroup> clients;
  GatewaySpec gateways;
  std::vector<KeySpec> keys;
  NetworkSpec network;
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_WORLD_WORLD_H_
