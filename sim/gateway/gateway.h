// How a request is carried: the seam between the world and the code under simulation.
//
// Two drivers implement it. CoreGateway drives the failover step machine directly, for speed;
// transport_gateway/ runs the shipped coroutines of lib/io over simulated connections. In the same
// world with the same seed both tell the same story, event for event.
#ifndef KEYWALK_SIM_GATEWAY_GATEWAY_H_
#define KEYWALK_SIM_GATEWAY_GATEWAY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "keywalk/failover.h"
#include "keywalk/key_pool.h"
#include "keywalk/policy.h"
#include "keywalk/provider.h"
#include "sim/engine/virtual_clock.h"
#include "sim/run/observer.h"
#include "sim/upstream/upstream.h"
#include "sim/world/world.h"

namespace keywalk::sim {

// A place for a request that is under way; used again after it has ended.
using Slot = std::uint32_t;

// Something a gateway wants to be woken for. `slot`, `token` and `kind` are the gateway's own.
struct GatewayEvent {
  Slot slot = 0;
  std::uint32_t token = 0;
  std::uint8_t kind = 0;
};

// What the client is answered with; see Answered.
struct ClientAnswer {
  Outcome outcome = Outcome::kSuccess;
  int status = 0;
  std::uint32_t attempts = 0;
  bool forwarded = false;
  std::optional<Duration> retry_after;
  std::string_view own_body;
};

// What a gateway sees of the simulation. Its members outlive the gateway.
class GatewayHost {
 public:
  virtual ~GatewayHost() = default;

  // Wakes the gateway by OnEvent(). With interleavings drawn from the seed, events of the same
  // instant come in any order.
  virtual void Schedule(Instant at, const GatewayEvent& event) = 0;
  // True where a gateway shall give up control at each point at which the shipped coroutines may be
  // suspended, even if nothing has to be waited for: by an event at the same instant.
  virtual bool interleaves() const = 0;

  virtual const World& world() const = 0;
  virtual const Policy& policy() const = 0;
  virtual const Provider& provider() const = 0;
  virtual const MarkKey& mark_key() const = 0;
  virtual VirtualClock& clock() = 0;
  virtual Upstream& upstream() = 0;
  // The pool that a replica uses now: its own, or the one that all share.
  virtual const std::shared_ptr<KeyPool>& pool(std::uint32_t replica) const = 0;

  // To be told as it happens, in this order for each attempt.
  virtual void AttemptIsSent(const AttemptSent& attempt) = 0;
  virtual void AttemptHasEnded(const AttemptEnded& attempt) = 0;
  // The request is over. Never begins another at once.
  virtual void Answer(Slot slot, const ClientAnswer& answer) = 0;
};

class Gateway {
 public:
  virtual ~Gateway() = default;

  // A request has arrived. `request` is valid until Answer() is told for the slot.
  virtual void Begin(Slot slot, const SimRequest& request) = 0;
  // Its client has left, or its gateway was restarted: nothing more of it happens, and the host
  // answers for it. An attempt that has not reached the upstream by then never does. Returns how
  // many attempts it had. Told for a slot in use only.
  virtual std::uint32_t Abandon(Slot slot) = 0;
  // An event that it scheduled is due.
  virtual void OnEvent(const GatewayEvent& event) = 0;
  // The replica's connections are gone and its pool is a new one; its requests were abandoned.
  virtual void OnRestart(std::uint32_t /*replica*/) {}
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_GATEWAY_GATEWAY_H_
