// What a client makes of how its request ended: one mapping for both drivers.
#ifndef KEYWALK_SIM_GATEWAY_OUTCOME_H_
#define KEYWALK_SIM_GATEWAY_OUTCOME_H_

#include "keywalk/key_pool.h"
#include "sim/run/observer.h"

namespace keywalk::sim {

// An upstream's answer that was passed on whole.
constexpr Outcome OutcomeOfForwarded(int status) noexcept {
  return status < 400 ? Outcome::kSuccess : Outcome::kUpstreamError;
}

// An answer of the gateway's own.
constexpr Outcome OutcomeOfExhaustion(Exhaustion::Kind kind) noexcept {
  switch (kind) {
    case Exhaustion::Kind::kRateLimited:
      return Outcome::kRateLimited;
    case Exhaustion::Kind::kUnauthorized:
      return Outcome::kUnauthorized;
    case Exhaustion::Kind::kPermanent:
      break;
  }
  return Outcome::kPermanent;
}

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_GATEWAY_OUTCOME_H_
