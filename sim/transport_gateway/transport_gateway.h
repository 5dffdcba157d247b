// The faithful driver: the coroutines of lib/io that the proxy runs, over simulated connections, on
// virtual time.
//
// In the same world with the same seed it tells the same story as core_gateway.h, event for event;
// it also knows bytes: requests are serialised, sent, parsed and answered as HTTP/1.1 over
// keep-alive connections, and the digest that is told of an attempt is that of the bytes that
// arrived.
#ifndef KEYWALK_SIM_TRANSPORT_GATEWAY_TRANSPORT_GATEWAY_H_
#define KEYWALK_SIM_TRANSPORT_GATEWAY_TRANSPORT_GATEWAY_H_

#include <cstdint>
#include <memory>

#include "sim/gateway/gateway.h"

namespace keywalk::sim {

// `host` outlives it.
std::unique_ptr<Gateway> NewTransportGateway(GatewayHost& host);

// What went over the simulated wire.
struct WireCounts {
  std::uint64_t connections = 0;  // opened
  std::uint64_t requests = 0;     // that arrived whole at the far end
};

// The same; `counts` outlives it too.
std::unique_ptr<Gateway> NewCountingTransportGateway(GatewayHost& host, WireCounts& counts);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_TRANSPORT_GATEWAY_TRANSPORT_GATEWAY_H_
