// Stands between a gateway and the simulation, and perturbs what passes.
#ifndef KEYWALK_SIM_CHECK_FLAWED_GATEWAY_H_
#define KEYWALK_SIM_CHECK_FLAWED_GATEWAY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/check/flawed_failover.h"
#include "sim/check/planted_bug.h"
#include "sim/gateway/gateway.h"

namespace keywalk::sim {

// Not safe for concurrent use.
class FlawedGateway final : public Gateway, private GatewayHost {
 public:
  // `host` outlives it.
  FlawedGateway(GatewayHost& host, Flaw flaw);

  void Begin(Slot slot, const SimRequest& request) override;
  std::uint32_t Abandon(Slot slot) override;
  void OnEvent(const GatewayEvent& event) override;
  void OnRestart(std::uint32_t replica) override;

 private:
  // A request that is carried by the gateway inside, perhaps several times.
  struct Carried {
    const SimRequest* request = nullptr;
    std::uint32_t token = 0;
    std::uint32_t times = 0;     // begun inside
    std::uint32_t attempts = 0;  // of the times before
    bool inside = false;
  };

  // GatewayHost, to the gateway inside.
  void Schedule(Instant at, const GatewayEvent& event) override { host_.Schedule(at, event); }
  bool interleaves() const override { return host_.interleaves(); }
  const World& world() const override { return host_.world(); }
  const Policy& policy() const override { return host_.policy(); }
  const Provider& provider() const override { return host_.provider(); }
  const MarkKey& mark_key() const override { return host_.mark_key(); }
  VirtualClock& clock() override { return host_.clock(); }
  Upstream& upstream() override { return host_.upstream(); }
  const std::shared_ptr<KeyPool>& pool(std::uint32_t replica) const override {
    return host_.pool(replica);
  }
  void AttemptIsSent(const AttemptSent& attempt) override;
  void AttemptHasEnded(const AttemptEnded& attempt) override;
  void Answer(Slot slot, const ClientAnswer& answer) override;

  void BeginInside(Slot slot);
  // When the request is to be carried once more, although it is over.
  std::optional<Instant> AgainAt(const Carried& carried, const ClientAnswer& answer);
  bool LosesIt();
  void CountForBreaker(const ClientAnswer& answer);
  void Wake(Slot slot, Instant at);

  GatewayHost& host_;
  const Flaw flaw_;
  FlawedMemory memory_;
  std::unique_ptr<Gateway> inside_;
  std::vector<Carried> carried_;
  std::map<RequestId, std::uint32_t> earlier_attempts_;  // of requests carried more than once
  std::optional<Instant> last_answer_at_;
  std::uint32_t failures_in_a_row_ = 0;
  std::uint64_t runs_before_ = 0;
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_FLAWED_GATEWAY_H_
