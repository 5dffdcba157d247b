// A lane's model at run time: admits its requests or says how they are refused.
#ifndef KEYWALK_MOCKUPSTREAM_MODEL_MODEL_GATE_H_
#define KEYWALK_MOCKUPSTREAM_MODEL_MODEL_GATE_H_

#include <map>
#include <memory>

#include "mockupstream/model/key_model.h"
#include "mockupstream/model/key_model_json.h"
#include "mockupstream/model/rate_limit_headers.h"

namespace keywalk::mock {

// Safe for concurrent use.
class ModelGate {
 public:
  // `wall_at_zero`: the clock's zero in Unix time, unless the model says it. `organisation` may be
  // null.
  ModelGate(const LaneModel& model, std::shared_ptr<Organisation> organisation,
            Milliseconds wall_at_zero);

  // `now` is the scope's clock.
  LimitReport Admit(Milliseconds now, RequestCost cost);
  ModelProvider provider() const { return provider_; }

 private:
  const ModelProvider provider_;
  const Milliseconds wall_at_zero_;
  KeyModel key_;
};

// Makes the gates of one scope: models of one organisation share its quota. Not safe for concurrent
// use.
class ModelGates {
 public:
  explicit ModelGates(Milliseconds wall_at_zero) : wall_at_zero_(wall_at_zero) {}

  Milliseconds wall_at_zero() const { return wall_at_zero_; }
  std::unique_ptr<ModelGate> Make(const LaneModel& model);
  // All quotas are fresh from then on.
  void Clear() { organisations_.clear(); }
  // Forgets the quotas of organisations that no script has any more.
  void ForgetUnused();

 private:
  const Milliseconds wall_at_zero_;
  std::map<std::shared_ptr<const OrganisationSpec>, std::shared_ptr<Organisation>> organisations_;
};

// True if the cost of a request matters, for which its body has to be known first.
bool DependsOnCost(const LaneModel& model);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_MODEL_MODEL_GATE_H_
