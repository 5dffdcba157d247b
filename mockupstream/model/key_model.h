// A modelled key: what an upstream would do with it, from its limits, revocation and outages.
//
// Pure: no clock, no I/O, no JSON. The mock asks it on the clock of a scope, the simulator on
// virtual time; the same calls give the same answers.
#ifndef KEYWALK_MOCKUPSTREAM_MODEL_KEY_MODEL_H_
#define KEYWALK_MOCKUPSTREAM_MODEL_KEY_MODEL_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "mockupstream/model/limit_meter.h"

namespace keywalk::mock {

// From `from` on and before `to`, every request is answered `status`: 401 or a 5xx.
struct Outage {
  Milliseconds from{0};
  Milliseconds to{0};
  int status = 503;
};

struct KeyModelSpec {
  std::vector<LimitSpec> limits;
  std::optional<Milliseconds> revoked_at;  // from then on the key is invalid, for good
  std::vector<Outage> outages;             // each ends after it begins; they may overlap
};

enum class Refusal : std::uint8_t {
  kRequests,  // rate limited, on requests
  kTokens,    // rate limited, on tokens
  kQuota,     // a daily quota is used up
  kRevoked,
  kOutage,
};
// "rate_limited_requests", "rate_limited_tokens", "quota_exhausted", "revoked", "outage".
std::string_view ToString(Refusal refusal);

// What becomes of a request.
struct Admission {
  bool admitted() const { return !refusal.has_value(); }

  std::optional<Refusal> refusal;
  int outage_status = 0;  // with kOutage
  // Refused by limits: the time from now on after which the same request would be admitted, exact
  // to a millisecond if nobody else asks; nullopt: never, since it costs more than a limit holds.
  // In an outage: until that is over. Revoked: nullopt.
  std::optional<Milliseconds> retry_after;
};

// The limits that the keys of an organisation share. Safe for concurrent use.
class Organisation {
 public:
  // `wall_at_zero`: the clock's zero in Unix time, where days begin.
  explicit Organisation(std::vector<LimitSpec> limits, Milliseconds wall_at_zero = {});
  Organisation(const Organisation&) = delete;
  Organisation& operator=(const Organisation&) = delete;

 private:
  friend class KeyModel;
  std::mutex mutex_;
  std::vector<LimitMeter> meters_;
};

// Safe for concurrent use. All keys of an organisation, and the organisation, are asked on the same
// clock.
class KeyModel {
 public:
  // `organisation` may be null.
  KeyModel(KeyModelSpec spec, std::shared_ptr<Organisation> organisation,
           Milliseconds wall_at_zero = {});
  KeyModel(const KeyModel&) = delete;
  KeyModel& operator=(const KeyModel&) = delete;

  // Charges the request to every limit of key and organisation, or refuses it and charges none.
  // A time before one seen earlier counts as that one for the limits.
  Admission Admit(Milliseconds now, RequestCost cost);
  // The same, and how the limits stand thereafter, seen at the same moment: the key's, in the order
  // of its specification, then the organisation's. `states` is overwritten.
  Admission Admit(Milliseconds now, RequestCost cost, std::vector<LimitState>& states);

  const KeyModelSpec& spec() const { return spec_; }

 private:
  Admission Decide(Milliseconds now, RequestCost cost, std::vector<LimitState>* states);
  // Revocation and outages: what does not depend on earlier requests.
  Admission Fate(Milliseconds now) const;
  const Outage* OutageAt(Milliseconds now) const;
  // Both mutexes are held.
  template <typename Visitor>
  void ForEachMeter(Visitor visit);
  Admission Charge(RequestCost cost);

  const KeyModelSpec spec_;
  const std::shared_ptr<Organisation> organisation_;
  // Locked in this order: own, then the organisation's, which locks no other.
  std::mutex mutex_;
  std::vector<LimitMeter> meters_;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_MODEL_KEY_MODEL_H_
