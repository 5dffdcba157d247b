#include "sim/gateway/core_gateway.h"

#include "keywalk/failover.h"
#include "sim/gateway/step_gateway.h"

namespace keywalk::sim {

std::unique_ptr<Gateway> NewCoreGateway(GatewayHost& host) {
  return std::make_unique<StepGateway<Failover>>(host);
}

}  // namespace keywalk::sim
