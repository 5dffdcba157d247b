#include "sim/upstream/upstream.h"

#include <algorithm>
#include <array>
#include <boost/random/uniform_01.hpp>
#include <utility>

#include "keywalk/provider.h"
#include "mockupstream/answers/answer_catalogue.h"
#include "mockupstream/model/key_model.h"
#include "mockupstream/model/model_answer.h"
#include "mockupstream/model/rate_limit_headers.h"
#include "sim/upstream/retry_hint.h"

namespace keywalk::sim {
namespace {

Milliseconds ToMilliseconds(Instant at) {
  return std::chrono::floor<Milliseconds>(at.time_since_epoch());
}

const Headers& NoHeaders() {
  static const Headers none;
  return none;
}

const NetworkFaults* FaultsAt(const NetworkSpec& network, Milliseconds now) {
  for (const NetworkFaults& faults : network.faults) {
    if (faults.from <= now && now < faults.to) return &faults;
  }
  return nullptr;
}

ListedAnswer::Fault DrawFault(const NetworkFaults& faults, RandomEngine& engine) {
  const double drawn = boost::random::uniform_01<double>()(engine);
  double below = faults.reset_before_head;
  if (drawn < below) return ListedAnswer::Fault::kResetBeforeHead;
  below += faults.reset_in_body;
  if (drawn < below) return ListedAnswer::Fault::kResetInBody;
  below += faults.no_answer;
  if (drawn < below) return ListedAnswer::Fault::kNoAnswer;
  return ListedAnswer::Fault::kNone;
}

bool LooksAtLimits(const Policy& policy) {
  return std::ranges::any_of(policy.cooldown_sources, [](CooldownSource source) {
    return source == CooldownSource::kOpenAiReset || source == CooldownSource::kAnthropicReset;
  });
}

}  // namespace

// One key: its model, and the answers that it has given out of its list.
class Upstream::Key {
 public:
  Key(const KeySpec& spec, std::shared_ptr<mock::Organisation> organisation,
      Milliseconds wall_at_zero, bool tells_limits)
      : spec_(spec),
        tells_limits_(tells_limits),
        model_(spec.model.key, std::move(organisation), wall_at_zero) {
    unlimited_ = spec.model.key.limits.empty() && !spec.model.key.revoked_at &&
                 spec.model.key.outages.empty() && spec.model.organisation == nullptr;
  }

  bool is_listed() const { return !spec_.answers.empty() || spec_.revoked; }
  // After the list's end, a plain success; or a revoked key's answer.
  const ListedAnswer& NextListed() {
    static const ListedAnswer success;
    static const ListedAnswer refusal{401, std::nullopt, Milliseconds(0), {}};
    if (next_ < spec_.answers.size()) return spec_.answers[next_++];
    return spec_.revoked ? refusal : success;
  }

  void AnswerListed(const ListedAnswer& listed, UpstreamAnswer& answer) {
    answer.status = listed.status;
    if (listed.status >= 400) answer.error = &ErrorFor(RefusalWithStatus(listed.status));
    if (!listed.retry_after) return;
    headers_.Clear();
    AddRetryHint(RetryHint::Form::kMilliseconds, *listed.retry_after, {}, headers_);
    answer.headers = &headers_;
    answer.retry_after = *listed.retry_after;
  }

  void AnswerModelled(mock::RequestCost cost, Instant now, Milliseconds wall_at_zero,
                      UpstreamAnswer& answer) {
    if (unlimited_) return;
    const Milliseconds now_ms = ToMilliseconds(now);
    report_.admission =
        tells_limits_ ? model_.Admit(now_ms, cost, report_.limits) : model_.Admit(now_ms, cost);
    if (report_.admission.admitted()) return;
    report_.cost = cost;
    report_.wall_now = wall_at_zero + now_ms;
    Refuse(answer);
  }

 private:
  // A refusal as the model says it, of which the catalogue has the answer.
  static mock::Admission RefusalWithStatus(int status) {
    mock::Admission refused;
    refused.refusal = mock::Refusal::kOutage;
    if (status == 429) refused.refusal = mock::Refusal::kRequests;
    if (status == 401 || status == 403) refused.refusal = mock::Refusal::kRevoked;
    refused.outage_status = status;
    return refused;
  }

  void Refuse(UpstreamAnswer& answer) {
    const mock::Admission& refused = report_.admission;
    const bool outage = refused.refusal == mock::Refusal::kOutage;
    const ErrorBody& error = ErrorFor(refused);
    answer.status = outage ? refused.outage_status : error.status;
    answer.error = &error;
    if (tells_limits_) {
      headers_ = mock::RateLimitHeaders(spec_.model.provider, report_);
    } else {
      headers_.Clear();
      mock::AddRetryAfter(headers_, spec_.model.provider, refused);
    }
    answer.retry_after = ApplyRetryHint(spec_.hint, refused, report_.wall_now, headers_);
    answer.headers = &headers_;
  }

  // Rendered once for each kind of refusal: what differs between two of a kind (how many tokens
  // were left) is in the prose, which nobody decides by.
  const ErrorBody& ErrorFor(const mock::Admission& refused) {
    const int kind = static_cast<int>(*refused.refusal) * 1000 + refused.outage_status;
    const auto found = errors_.find(kind);
    if (found != errors_.end()) return found->second;
    mock::AnswerSpec spec;
    spec.name = mock::RefusalAnswer(spec_.model.provider, refused);
    const mock::ScriptStep step = mock::RenderAnswer(spec, mock::AnswerRequest{});
    ErrorBody body;
    body.status = step.status;
    if (step.body) body.text = *step.body;
    body.facts = ParseErrorBody(body.text);
    return errors_.emplace(kind, std::move(body)).first->second;
  }

  const KeySpec& spec_;
  const bool tells_limits_;
  mock::KeyModel model_;
  bool unlimited_ = false;
  std::size_t next_ = 0;
  mock::LimitReport report_;
  Headers headers_;
  std::map<int, ErrorBody> errors_;  // by kind of refusal, and its status
};

Upstream::Upstream(const World& world, const Policy& policy, std::uint64_t seed)
    : world_(world), seed_(seed), tells_limits_(LooksAtLimits(policy)) {
  // Organisations are shared by the keys that name the same one.
  std::map<std::string, std::shared_ptr<mock::Organisation>> organisations;
  for (const KeySpec& spec : world.keys) {
    std::shared_ptr<mock::Organisation> organisation;
    if (spec.model.organisation) {
      auto& shared = organisations[spec.model.organisation_name];
      if (!shared) {
        shared = std::make_shared<mock::Organisation>(*spec.model.organisation, world.wall_at_zero);
      }
      organisation = shared;
    }
    keys_.push_back(
        std::make_unique<Key>(spec, std::move(organisation), world.wall_at_zero, tells_limits_));
  }
}

Upstream::~Upstream() = default;

Passage Upstream::Send(const SimRequest& request, std::uint32_t attempt, KeyIndex key,
                       Instant now) {
  Passage passage;
  if (keys_[key]->is_listed()) {
    passage.listed = &keys_[key]->NextListed();
    passage.to_head = passage.listed->takes;
    passage.fault = passage.listed->fault;
    return passage;
  }
  const NetworkSpec& network = world_.network;
  RandomEngine engine = EngineFor(seed_, Stream::kAttempt, request.id, attempt);
  passage.to_upstream = network.to_upstream_ms.DrawMilliseconds(engine);
  passage.to_head = network.service_ms.DrawMilliseconds(engine);
  passage.to_head += network.to_gateway_ms.DrawMilliseconds(engine);
  if (request.streamed) passage.to_end = network.stream_ms.DrawMilliseconds(engine);
  if (const NetworkFaults* const faults = FaultsAt(network, ToMilliseconds(now))) {
    passage.fault = DrawFault(*faults, engine);
  }
  return passage;
}

const UpstreamAnswer& Upstream::Answer(const SimRequest& request, KeyIndex key,
                                       const Passage& passage, Instant now) {
  answer_ = UpstreamAnswer{};
  answer_.headers = &NoHeaders();
  if (passage.listed != nullptr) {
    keys_[key]->AnswerListed(*passage.listed, answer_);
  } else {
    keys_[key]->AnswerModelled(request.cost, now, world_.wall_at_zero, answer_);
  }
  return answer_;
}

}  // namespace keywalk::sim
