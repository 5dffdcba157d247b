#include "mockupstream/model/key_model.h"

#include <utility>

namespace keywalk::mock {
namespace {

std::vector<LimitMeter> MakeMeters(const std::vector<LimitSpec>& limits,
                                   Milliseconds wall_at_zero) {
  std::vector<LimitMeter> meters;
  meters.reserve(limits.size());
  for (const LimitSpec& limit : limits) meters.emplace_back(limit, wall_at_zero);
  return meters;
}

Refusal RefusalOf(const LimitSpec& limit) {
  if (limit.kind == LimitKind::kDailyQuota) return Refusal::kQuota;
  return limit.counted == Counted::kRequests ? Refusal::kRequests : Refusal::kTokens;
}

// True if `wait` is longer than the one that is refused for already; never is the longest.
bool Outlasts(std::optional<Milliseconds> wait, const Admission& refused) {
  if (refused.admitted()) return true;
  return refused.retry_after && (!wait || *wait > *refused.retry_after);
}

}  // namespace

std::string_view ToString(Refusal refusal) {
  switch (refusal) {
    case Refusal::kRequests:
      return "rate_limited_requests";
    case Refusal::kTokens:
      return "rate_limited_tokens";
    case Refusal::kQuota:
      return "quota_exhausted";
    case Refusal::kRevoked:
      return "revoked";
    case Refusal::kOutage:
      return "outage";
  }
  return "?";
}

Organisation::Organisation(std::vector<LimitSpec> limits, Milliseconds wall_at_zero)
    : meters_(MakeMeters(limits, wall_at_zero)) {}

KeyModel::KeyModel(KeyModelSpec spec, std::shared_ptr<Organisation> organisation,
                   Milliseconds wall_at_zero)
    : spec_(std::move(spec)),
      organisation_(std::move(organisation)),
      meters_(MakeMeters(spec_.limits, wall_at_zero)) {}

Admission KeyModel::Admit(Milliseconds now, RequestCost cost) { return Decide(now, cost, nullptr); }

Admission KeyModel::Admit(Milliseconds now, RequestCost cost, std::vector<LimitState>& states) {
  return Decide(now, cost, &states);
}

template <typename Visitor>
void KeyModel::ForEachMeter(Visitor visit) {
  for (LimitMeter& meter : meters_) visit(meter);
  if (!organisation_) return;
  for (LimitMeter& meter : organisation_->meters_) visit(meter);
}

Admission KeyModel::Decide(Milliseconds now, RequestCost cost, std::vector<LimitState>* states) {
  const std::lock_guard own(mutex_);
  std::unique_lock<std::mutex> shared;
  if (organisation_) shared = std::unique_lock(organisation_->mutex_);

  ForEachMeter([now](LimitMeter& meter) { meter.AdvanceTo(now); });
  Admission admission = Fate(now);
  if (admission.admitted()) admission = Charge(cost);
  if (states != nullptr) {
    states->clear();
    ForEachMeter([states](LimitMeter& meter) { states->push_back(meter.state()); });
  }
  return admission;
}

const Outage* KeyModel::OutageAt(Milliseconds now) const {
  for (const Outage& outage : spec_.outages) {
    if (outage.from <= now && now < outage.to) return &outage;
  }
  return nullptr;
}

Admission KeyModel::Fate(Milliseconds now) const {
  Admission admission;
  if (spec_.revoked_at && now >= *spec_.revoked_at) {
    admission.refusal = Refusal::kRevoked;
  } else if (const Outage* outage = OutageAt(now)) {
    admission.refusal = Refusal::kOutage;
    admission.outage_status = outage->status;
    Milliseconds over = outage->to;
    while (const Outage* next = OutageAt(over)) over = next->to;  // one may follow on another
    const bool revoked_then = spec_.revoked_at && over >= *spec_.revoked_at;
    if (!revoked_then) admission.retry_after = over - now;
  }
  return admission;
}

Admission KeyModel::Charge(RequestCost cost) {
  Admission admission;
  ForEachMeter([&admission, cost](LimitMeter& meter) {
    const std::optional<Milliseconds> wait = meter.WaitFor(UnitsOf(meter.spec().counted, cost));
    if (wait == Milliseconds(0) || !Outlasts(wait, admission)) return;
    admission.refusal = RefusalOf(meter.spec());
    admission.retry_after = wait;
  });
  if (admission.admitted()) {
    ForEachMeter([cost](LimitMeter& meter) { meter.Take(UnitsOf(meter.spec().counted, cost)); });
  }
  return admission;
}

}  // namespace keywalk::mock
