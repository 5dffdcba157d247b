// Runs one case over sockets.
#ifndef KEYWALK_CONFORMANCE_WIRE_CASE_H_
#define KEYWALK_CONFORMANCE_WIRE_CASE_H_

#include <chrono>
#include <mutex>

#include "conformance/adapter.h"
#include "conformance/verdict.h"
#include "conformance/wire_plan.h"
#include "conformance/wire_pool.h"
#include "keywalk/policy.h"
#include "mockupstream/mock_server.h"

namespace keywalk::conformance {

// Everything a case needs; all of it belongs to the caller.
struct WireCaseContext {
  Adapter& adapter;
  std::mutex& adapter_mutex;  // held for each call of the adapter
  const Identity& identity;
  mock::MockServer& mock;
  const WirePool& pool;
  const PoolEndpoint& endpoint;
  const Policy& policy;
  const WirePlan& plan;
  Milliseconds request_limit;
  std::chrono::steady_clock::time_point mock_started;
};

// Sends the requests at their times, looks at key states, and fills in the verdict, what differs,
// what could not be looked at, and what happened when. Secrets may stand in what differs.
void RunWireCase(const WireCaseContext& context, CaseResult& result);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_WIRE_CASE_H_
