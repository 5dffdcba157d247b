// Whether and when a client sends a request again, as the providers' SDKs do on their own.
#ifndef KEYWALK_SIM_RUN_CLIENT_RETRY_H_
#define KEYWALK_SIM_RUN_CLIENT_RETRY_H_

#include <cstdint>
#include <optional>

#include "keywalk/clock.h"
#include "sim/gateway/gateway.h"
#include "sim/run/observer.h"
#include "sim/world/world.h"

namespace keywalk::sim {

// How long the client waits before it tries again; nullopt: it does not. Drawn from the seed, the
// call and the retry's number.
std::optional<Duration> WaitBeforeRetry(const ClientRetries& retries, const SimRequest& request,
                                        const ClientAnswer& answer, std::uint64_t seed);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_RUN_CLIENT_RETRY_H_
