// What the body of a simulated request is known by.
#ifndef KEYWALK_SIM_GATEWAY_REQUEST_BODY_H_
#define KEYWALK_SIM_GATEWAY_REQUEST_BODY_H_

#include <cstdint>

#include "sim/engine/random.h"
#include "sim/run/observer.h"

namespace keywalk::sim {

// The digest of a request's body, whose bytes follow from the request's id and the body's length
// (transport_gateway/wire_body.h writes them and works the digest out again from what arrives).
constexpr std::uint64_t BodyDigest(RequestId request, std::uint64_t bytes) noexcept {
  return RandomEngine::Mix(RandomEngine::Mix(request + 0x9e3779b97f4a7c15u) + bytes);
}

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_GATEWAY_REQUEST_BODY_H_
