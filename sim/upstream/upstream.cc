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

}  // namespace

// One key: its model, and the answers that it has given out of its list.
class Upstream::Key {
 public:
  Key(const KeySpec& spec, std::shared_ptr<mock::Organisation> organisation,
      Milliseconds wall_at_zero)
      : spec_(spec), model_(spec.model.key, std::move(organisation), wall_at_zero) {
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
    if (listed.status >= 400) answer.error = &ErrorFor(NameFor(listed.status), listed.status);
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
    report_.admission = model_.Admit(now_ms, cost, report_.limits);
    if (report_.admission.admitted()) return;
    report_.cost = cost;
    report_.wall_now = wall_at_zero + now_ms;
    Refuse(answer);
  }

 private:
  // The answer of the catalogue that stands for a listed status.
  std::string NameFor(int status) const {
    const std::string provider(mock::ToString(spec_.model.provider));
    if (status == 401) return provider + ".invalid_key";
    if (status == 429) return provider + ".rate_limited";
    return provider + (status == 503 || status == 529 ? ".overloaded" : ".server_error");
  }

  void Refuse(UpstreamAnswer& answer) {
    const mock::Admission& refused = report_.admission;
    const std::string name = mock::RefusalAnswer(spec_.model.provider, refused);
    answer.refusal = refused.refusal;
    const bool outage = refused.refusal == mock::Refusal::kOutage;
    const ErrorBody& error = ErrorFor(name, outage ? refused.outage_status : 0);
    answer.status = outage ? refused.outage_status : error.status;
    answer.error = &error;
    headers_ = mock::RateLimitHeaders(spec_.model.provider, report_);
    answer.retry_after = ApplyRetryHint(spec_.hint, refused, report_.wall_now, headers_);
    answer.headers = &headers_;
  }

  // Rendered once for each name: what differs between two refusals (how many tokens were left) is
  // in the prose, which nobody decides by.
  const ErrorBody& ErrorFor(const std::string& name, int status) {
    const auto found = errors_.find(name);
    if (found != errors_.end()) return found->second;
    ErrorBody body;
    body.status = status;
    if (mock::HasAnswer(name)) {
      mock::AnswerSpec spec;
      spec.name = name;
      const mock::ScriptStep step = mock::RenderAnswer(spec, mock::AnswerRequest{});
      if (status == 0) body.status = step.status;
      if (step.body) body.text = *step.body;
    } else {
      body.text = R"({"error":{"message":"error"}})";
    }
    body.facts = ParseErrorBody(body.text);
    return errors_.emplace(name, std::move(body)).first->second;
  }

  const KeySpec& spec_;
  mock::KeyModel model_;
  bool unlimited_ = false;
  std::size_t next_ = 0;
  mock::LimitReport report_;
  Headers headers_;
  std::map<std::string, ErrorBody> errors_;
};

Upstream::Upstream(const World& world, std::uint64_t seed) : world_(world), seed_(seed) {
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
    keys_.push_back(std::make_unique<Key>(spec, std::move(organisation), world.wall_at_zero));
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
