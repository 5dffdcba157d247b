// A client, the proxy and an upstream in one io_context without sockets or real time: one run of a
// scenario, in which one step may fail, and what became of it.
#ifndef KEYWALK_TESTS_STEPS_WORLD_H_
#define KEYWALK_TESTS_STEPS_WORLD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "keywalk/clock.h"
#include "keywalk/key_failover.h"
#include "keywalk/key_pool.h"
#include "proxy/proxy_shared.h"
#include "tests/steps/peers.h"
#include "tests/steps/scenario.h"
#include "tests/support/failing_disk.h"
#include "tests/support/failing_stream.h"

namespace keywalk::steps {

// What happens beside the step, which does not fail itself.
enum class Intrusion : std::uint8_t {
  kNone,
  kClientResets,
  kClientCloses,
  kServerStops,   // at once
  kServerDrains,  // lets the request in flight end
};

// The step that fails: the `at`th operation of the proxy on one side. 0: none.
class Failure {
 public:
  enum class Side : std::uint8_t { kClient, kUpstream, kDisk };
  std::string Describe() const;

  std::size_t at = 0;
  Side side = Side::kClient;
  testing::StreamFault fault = testing::StreamFault::kNone;
  testing::DiskFault disk = testing::DiskFault::kNone;
  Intrusion intrusion = Intrusion::kNone;
};

// How the proxy is made; shared by runs.
class ProxySetup {
 public:
  ProxySetup(const Scenario& scenario, BodyMode mode, bool can_try);
  ~ProxySetup();

  const Scenario scenario;
  const BodyMode mode;
  const bool can_try;  // connections take and give what they can without waiting, as without TLS
  std::shared_ptr<ManualClock> clock;
  std::unique_ptr<proxy::ProxyShared> shared;
  std::vector<std::string> log;  // of the run
};

class Outcome {
 public:
  bool fired = false;  // the run had a step to fail
  std::vector<ClientAnswer> answers;
  bool garbled = false;     // the client got bytes that are no answer, or no part of one
  bool unfinished = false;  // something waits for ever
  std::vector<Exchange> exchanges;
  std::vector<std::uint64_t> delivered;  // bytes that the proxy read, by upstream connection
  std::uint64_t client_bytes_read = 0;   // by the proxy
  std::vector<std::string> log;
  std::vector<KeyState> keys;
  // What is left when the client has gone, and after the proxy has.
  std::size_t connections_left = 0;
  std::uint64_t body_bytes_left = 0;
  std::size_t streams_left = 0;
  bool work_left = false;
};

Outcome RunOnce(ProxySetup& setup, const Failure& failure);

}  // namespace keywalk::steps

#endif  // KEYWALK_TESTS_STEPS_WORLD_H_
