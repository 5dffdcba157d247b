// The fast driver: the failover step machine of lib/core, driven by events, without a byte of HTTP.
#ifndef KEYWALK_SIM_GATEWAY_CORE_GATEWAY_H_
#define KEYWALK_SIM_GATEWAY_CORE_GATEWAY_H_

#include <memory>

#include "sim/gateway/gateway.h"

namespace keywalk::sim {

// `host` outlives it.
std::unique_ptr<Gateway> NewCoreGateway(GatewayHost& host);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_GATEWAY_CORE_GATEWAY_H_
