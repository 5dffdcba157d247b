// Reads policy files: fixtures/schema/policy.schema.json in C++.
#include "keywalk/policy.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/builtin_policies.h"
#include "config/json_reader.h"
#include "config/policy_text.h"
#include "config/schema_version.h"
#include "keywalk/config.h"

namespace keywalk {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr IntegerRange kStatusRange{100, 999};
constexpr IntegerRange kCooldownRangeMs{
    1, std::chrono::duration_cast<std::chrono::milliseconds>(kMaxRetryAfter).count()};

// What a policy can declare of SPEC's declared clauses; the others are for gateways to declare.
constexpr std::string_view kDeclarable[] = {"retry.http-date", "retry.cap", "retry.provider-hints",
                                            "classify.body"};

// `3DIGIT "-" 3DIGIT`, such as "500-599".
std::optional<PolicyRule::StatusRange> ParseStatusRange(std::string_view text) {
  PolicyRule::StatusRange range;
  if (text.size() != 7 || text[3] != '-') return std::nullopt;
  for (const auto& [begin, number] : {std::pair{0, &range.first}, std::pair{4, &range.last}}) {
    const char* const end = text.data() + begin + 3;
    const auto [stop, error] = std::from_chars(text.data() + begin, end, *number);
    if (error != std::errc() || stop != end || *number < kStatusRange.min) return std::nullopt;
  }
  if (range.first > range.last) return std::nullopt;
  return range;
}

void ReadStatuses(ObjectReader& object, PolicyRule& rule, JsonProblems& problems) {
  const json* array = object.RequiredArray("status");
  if (array == nullptr) return;
  if (array->empty()) object.Problem("status", "must not be empty");
  for (std::size_t i = 0; i < array->size(); ++i) {
    const json& item = (*array)[i];
    std::optional<PolicyRule::StatusRange> range;
    if (item.is_string()) {
      range = ParseStatusRange(item.get<std::string>());
    } else if (item.is_number_unsigned() && item >= kStatusRange.min && item <= kStatusRange.max) {
      range = {item.get<int>(), item.get<int>()};
    }
    if (range) {
      rule.statuses.push_back(*range);
    } else {
      problems.Add(JoinPointer(object.PointerTo("status"), i),
                   "expected a status such as 429 or a range such as \"500-599\"");
    }
  }
}

// "response", "default" or milliseconds.
void ReadCooldown(ObjectReader& object, PolicyRule& rule) {
  const json* value = object.Value("cooldown");
  if (value == nullptr) {
    object.Problem("cooldown", "is required for the action \"temporary\"");
  } else if (value->is_string()) {
    rule.cooldown_from_response =
        object.Choice("cooldown", "default", {"response", "default"}) == "response";
  } else if (value->is_number_integer()) {
    rule.cooldown = std::chrono::milliseconds(object.Integer("cooldown", 1, kCooldownRangeMs));
  } else {
    object.Problem("cooldown", "expected \"response\", \"default\" or milliseconds");
  }
}

void ReadAction(ObjectReader& object, PolicyRule& rule) {
  object.RequiredString("action");
  const std::string action =
      object.Choice("action", "surface", {"surface", "temporary", "permanent", "next"});
  if (action == "next") rule.action = Action::kNext;
  // Nothing is marked: "reason" and "cooldown" are unknown keys there.
  if (action == "surface" || action == "next") return;
  rule.action = action == "temporary" ? Action::kTemporary : Action::kPermanent;
  object.RequiredString("reason");
  rule.reason =
      object.Choice("reason", "rate_limited", {"rate_limited", "unauthorized"}) == "unauthorized"
          ? MarkReason::kUnauthorized
          : MarkReason::kRateLimited;
  if (rule.action == Action::kTemporary) ReadCooldown(object, rule);
}

// A body condition: absent, or at least one text. An empty list or text would match everything.
std::vector<std::string> ReadCondition(ObjectReader& object, std::string_view key,
                                       JsonProblems& problems) {
  std::vector<std::string> texts = object.Strings(key);
  if (object.Has(key) && texts.empty()) object.Problem(key, "must not be empty");
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].empty()) problems.Add(JoinPointer(object.PointerTo(key), i), "must not be empty");
  }
  return texts;
}

PolicyRule ReadRule(const json& value, const std::string& pointer, JsonProblems& problems) {
  PolicyRule rule;
  ObjectReader object(value, pointer, problems);
  ReadStatuses(object, rule, problems);
  rule.error_codes = ReadCondition(object, "error_codes", problems);
  rule.error_types = ReadCondition(object, "error_types", problems);
  rule.error_reasons = ReadCondition(object, "error_reasons", problems);
  rule.message_contains = ReadCondition(object, "message_contains", problems);
  ReadAction(object, rule);
  object.Finish();
  return rule;
}

void ReadRules(ObjectReader& object, Policy& policy, JsonProblems& problems) {
  const json* rules = object.RequiredArray("rules");
  if (rules == nullptr) return;
  for (std::size_t i = 0; i < rules->size(); ++i) {
    policy.rules.push_back(
        ReadRule((*rules)[i], JoinPointer(object.PointerTo("rules"), i), problems));
  }
}

// Lower case words with hyphens between them, as in "coder-v1".
void ReadName(ObjectReader& object, Policy& policy) {
  policy.name = object.RequiredString("name");
  bool in_word = false;
  bool ok = true;
  for (const char c : policy.name) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    ok = ok && (word || (c == '-' && in_word));
    in_word = word;
  }
  if (!ok || !in_word) object.Problem("name", "expected lower case words with hyphens");
}

void ReadDeclares(ObjectReader& object, Policy& policy, JsonProblems& problems) {
  object.RequiredArray("declares");
  policy.declares = object.Strings("declares");
  for (std::size_t i = 0; i < policy.declares.size(); ++i) {
    if (std::ranges::find(kDeclarable, policy.declares[i]) == std::ranges::end(kDeclarable)) {
      problems.Add(JoinPointer(object.PointerTo("declares"), i),
                   "not a clause that a policy can declare");
    }
  }
}

void ReadSources(ObjectReader& object, Policy& policy, JsonProblems& problems) {
  object.RequiredArray("sources");
  const std::vector<std::string> names = object.Strings("sources");
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (const std::optional<CooldownSource> source = ParseCooldownSource(names[i])) {
      policy.cooldown_sources.push_back(*source);
    } else {
      problems.Add(JoinPointer(object.PointerTo("sources"), i), "unknown cooldown source");
    }
  }
}

void ReadCooldowns(ObjectReader& parent, Policy& policy, JsonProblems& problems) {
  const json* value = parent.RequiredObject("cooldown");
  if (value == nullptr) return;
  ObjectReader object(*value, parent.PointerTo("cooldown"), problems);
  const std::int64_t default_ms = object.RequiredInteger("default_ms", kCooldownRangeMs);
  policy.default_cooldown = std::chrono::milliseconds(default_ms);
  if (object.Has("max_ms")) {
    const std::int64_t max_ms = object.Integer("max_ms", default_ms, kCooldownRangeMs);
    if (max_ms < default_ms) object.Problem("max_ms", "must not be less than default_ms");
    policy.max_cooldown = std::chrono::milliseconds(max_ms);
  }
  ReadSources(object, policy, problems);
  object.Finish();
}

ExhaustedAnswerKind ReadAnswer(ObjectReader& object, std::string_view kind) {
  object.RequiredString(kind);
  return object.Choice(kind, "permanent", {"rate_limited", "permanent"}) == "rate_limited"
             ? ExhaustedAnswerKind::kRateLimited
             : ExhaustedAnswerKind::kPermanent;
}

void ReadExhausted(ObjectReader& parent, Policy& policy, JsonProblems& problems) {
  const json* value = parent.RequiredObject("exhausted");
  if (value == nullptr) return;
  ObjectReader object(*value, parent.PointerTo("exhausted"), problems);
  policy.answer_rate_limited = ReadAnswer(object, "rate_limited");
  policy.answer_unauthorized = ReadAnswer(object, "unauthorized");
  policy.answer_permanent = ReadAnswer(object, "permanent");
  policy.pass_on_last_response = object.Boolean("pass_on_last", false);
  object.Finish();
}

Policy ReadPolicy(const json& root, JsonProblems& problems) {
  Policy policy;
  ObjectReader object(root, "", problems);
  config::CheckSchemaVersion(object);
  ReadName(object, policy);
  object.RequiredString("title");
  object.RequiredString("source");
  ReadDeclares(object, policy, problems);
  ReadRules(object, policy, problems);
  ReadCooldowns(object, policy, problems);
  ReadExhausted(object, policy, problems);
  object.Finish();
  return policy;
}

bool IsFileName(std::string_view name_or_file) {
  return name_or_file.find('/') != name_or_file.npos || name_or_file.ends_with(".json");
}

Error UnknownPolicy(std::string_view name) {
  std::string message = "unknown policy \"" + std::string(name) + "\"; known are";
  std::string_view separator = " ";
  for (const config::BuiltinPolicy& known : config::BuiltinPolicies()) {
    message.append(separator).append(known.name);
    separator = ", ";
  }
  return Error(std::move(message));
}

}  // namespace

Result<Policy> ParsePolicy(std::string_view text, std::string_view source) {
  JsonProblems problems(source);
  const json root = config::ParseJson(text, problems);
  if (problems.any()) return problems.error();
  Policy policy = ReadPolicy(root, problems);
  if (problems.any()) return problems.error();
  return policy;
}

Result<config::PolicyText> config::FindPolicyText(std::string_view name_or_file) {
  if (IsFileName(name_or_file)) {
    std::string path(name_or_file);
    JsonProblems problems(path);
    std::optional<std::string> text = ReadFile(path, problems);
    if (!text) return problems.error();
    return PolicyText{*std::move(text), std::move(path)};
  }
  for (const BuiltinPolicy& builtin : BuiltinPolicies()) {
    if (builtin.name == name_or_file) {
      return PolicyText{std::string(builtin.json), "policy " + std::string(builtin.name)};
    }
  }
  return UnknownPolicy(name_or_file);
}

Result<Policy> LoadPolicy(std::string_view name_or_file) {
  const Result<config::PolicyText> text = config::FindPolicyText(name_or_file);
  if (!text) return text.error();
  return ParsePolicy(text->json, text->source);
}

std::vector<std::string> BuiltinPolicyNames() {
  std::vector<std::string> names;
  for (const config::BuiltinPolicy& builtin : config::BuiltinPolicies()) {
    names.emplace_back(builtin.name);
  }
  return names;
}

}  // namespace keywalk
