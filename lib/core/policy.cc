#include "keywalk/policy.h"

#include <algorithm>
#include <cassert>

namespace keywalk {
namespace {

bool CoversStatus(const PolicyRule& rule, int status) noexcept {
  return std::any_of(rule.statuses.begin(), rule.statuses.end(), [status](const auto& range) {
    return range.first <= status && status <= range.last;
  });
}

// An absent fact is empty and matches nothing, whatever the policy lists.
bool Lists(const std::vector<std::string>& wanted, const std::string& fact) noexcept {
  return !fact.empty() && std::find(wanted.begin(), wanted.end(), fact) != wanted.end();
}

bool HasAnyOf(const std::string& message, const std::vector<std::string>& parts) noexcept {
  return !message.empty() && std::any_of(parts.begin(), parts.end(), [&](const std::string& part) {
    return message.find(part) != std::string::npos;
  });
}

bool MeetsBodyConditions(const PolicyRule& rule, const ErrorFacts* error) noexcept {
  if (!rule.has_body_conditions()) return true;
  return error != nullptr &&
         (Lists(rule.error_codes, error->code) || Lists(rule.error_types, error->type) ||
          Lists(rule.error_reasons, error->reason) ||
          HasAnyOf(error->message, rule.message_contains));
}

bool ReadsCooldownFromBody(const Policy& policy, const PolicyRule& rule) noexcept {
  const auto& sources = policy.cooldown_sources;
  return rule.action == Action::kTemporary && rule.cooldown_from_response &&
         std::find(sources.begin(), sources.end(), CooldownSource::kGoogleRetryInfo) !=
             sources.end();
}

// The rule's cooldown for this response; zero means the pool's default.
Duration CooldownOf(const Policy& policy, const PolicyRule& rule,
                    const ResponseFacts& response) noexcept {
  Duration cooldown = rule.cooldown;
  if (rule.cooldown_from_response) {
    cooldown = FindCooldown(policy.cooldown_sources, response).value_or(cooldown);
  }
  if (!policy.max_cooldown) return cooldown;
  // The default is no exception to a maximum.
  const bool is_default = cooldown <= Duration::zero();
  const Duration effective = is_default ? policy.default_cooldown : cooldown;
  return effective > *policy.max_cooldown ? *policy.max_cooldown : cooldown;
}

}  // namespace

std::string_view ToString(Action action) noexcept {
  switch (action) {
    case Action::kSurface:
      return "surface";
    case Action::kTemporary:
      return "temporary";
    case Action::kPermanent:
      return "permanent";
    case Action::kNext:
      return "next";
  }
  return "";
}

bool Policy::NeedsBody(int status) const noexcept {
  for (const PolicyRule& rule : rules) {
    if (!CoversStatus(rule, status)) continue;
    if (rule.has_body_conditions()) return true;
    // This rule decides whatever the body says; only its cooldown may stand there.
    return ReadsCooldownFromBody(*this, rule);
  }
  return false;
}

bool Policy::NeedsBodies() const noexcept {
  return std::any_of(rules.begin(), rules.end(), [this](const PolicyRule& rule) {
    return rule.has_body_conditions() || ReadsCooldownFromBody(*this, rule);
  });
}

Classification Policy::Classify(const ResponseFacts& response) const noexcept {
  assert(response.headers != nullptr);
  for (const PolicyRule& rule : rules) {
    if (!CoversStatus(rule, response.status)) continue;
    if (!MeetsBodyConditions(rule, response.error)) continue;
    Classification verdict{rule.action, rule.reason, Duration::zero(), pass_on_last_response};
    if (rule.action == Action::kTemporary) verdict.cooldown = CooldownOf(*this, rule, response);
    return verdict;
  }
  return {};
}

ExhaustedAnswerKind Policy::AnswerFor(Exhaustion::Kind kind) const noexcept {
  switch (kind) {
    case Exhaustion::Kind::kRateLimited:
      return answer_rate_limited;
    case Exhaustion::Kind::kUnauthorized:
      return answer_unauthorized;
    case Exhaustion::Kind::kPermanent:
      return answer_permanent;
  }
  return answer_permanent;
}

}  // namespace keywalk
