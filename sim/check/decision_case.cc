#include "sim/check/decision_case.h"

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "conformance/case_reader.h"
#include "conformance/comparison.h"
#include "conformance/decision_driver.h"
#include "conformance/outcome_json.h"
#include "sim/check/invariant.h"
#include "sim/run/observer.h"

namespace keywalk::sim {
namespace {

using conformance::Case;
using conformance::Trace;
using conformance::TracedRequest;
using nlohmann::json;
using nlohmann::ordered_json;

std::string AliasOf(KeyIndex key) { return "k" + std::to_string(key); }
std::string NameOfRequest(RequestId id) { return "r" + std::to_string(id); }

// Why the world is more than decisions; nullopt: it is not.
std::optional<std::string> WhyInexpressible(const World& world) {
  if (world.gateways.replicas > 1) return "it has several replicas";
  if (!world.gateways.restarts.empty()) return "it has a restart";
  for (const ClientGroup& group : world.clients) {
    const auto* const listed = std::get_if<ListedArrivals>(&group.arrivals);
    if (listed == nullptr || listed->at.size() != 1)
      return "its requests are not listed one by one";
    if (group.deadline) return "a client of it leaves";
    if (group.retries.max > 0) return "a client of it tries again by itself";
  }
  for (const KeySpec& key : world.keys) {
    if (key.answers.empty() && !key.model.key.limits.empty()) return "its keys are modelled";
    for (const ListedAnswer& answer : key.answers) {
      if (answer.fault == ListedAnswer::Fault::kResetInBody) return "an answer of it is cut off";
    }
  }
  return std::nullopt;
}

ordered_json StepOf(const ListedAnswer& answer, Milliseconds head_timeout) {
  ordered_json step = ordered_json::object();
  const bool silent = answer.fault == ListedAnswer::Fault::kNoAnswer;
  if (silent || answer.fault == ListedAnswer::Fault::kResetBeforeHead) {
    step["fault"] = {{"at", "before_head"}, {"kind", "reset"}};
  } else {
    step["status"] = answer.status;
    if (answer.retry_after) {
      step["headers"] = {{"retry-after-ms", std::to_string(answer.retry_after->count())}};
    }
    step["json"] = answer.status < 400 ? json{{"ok", true}}
                                       : json{{"error", {{"message", "as the simulator said"}}}};
  }
  const Milliseconds takes = silent ? head_timeout : answer.takes;
  if (takes > Milliseconds(0)) step["delay_ms"] = takes.count();
  return step;
}

ordered_json LanesOf(const World& world) {
  ordered_json lanes = ordered_json::object();
  for (KeyIndex key = 0; key < world.keys.size(); ++key) {
    const KeySpec& spec = world.keys[key];
    ordered_json steps = ordered_json::array();
    for (const ListedAnswer& answer : spec.answers) {
      steps.push_back(StepOf(answer, world.gateways.head_timeout));
    }
    ListedAnswer last;
    if (spec.revoked) last.status = 401;
    steps.push_back(StepOf(last, world.gateways.head_timeout));
    lanes[AliasOf(key)] = {{"steps", std::move(steps)}, {"at_end", "repeat_last"}};
  }
  return lanes;
}

// Without expectations, but in the form that is read.
ordered_json BareCase(const Finding& finding, const World& world) {
  ordered_json keys = ordered_json::array();
  for (KeyIndex key = 0; key < world.keys.size(); ++key) keys.push_back(AliasOf(key));
  ordered_json requests = ordered_json::array();
  for (const ClientGroup& group : world.clients) {
    const Milliseconds at = std::get<ListedArrivals>(group.arrivals).at.front();
    requests.push_back(
        {{"at_ms", at.count()},
         {"expect", {{"attempts", json::array()}, {"outcome", {{"forward", 200}}}}}});
  }
  const std::optional<Invariant> broken = ParseInvariant(finding.invariant);
  const InvariantInfo& info = InfoOf(broken.value_or(Invariant::kNoEarlyUse));
  std::string title(info.rule);
  title.front() = static_cast<char>(title.front() - 'a' + 'A');
  return {{"id", "sim-" + std::string(info.name) + "-seed-" + std::to_string(finding.seed)},
          {"title", title},
          {"clauses", {info.clause}},
          {"policies", {finding.policy}},
          {"kills_none", "found by keywalk-sim --check, in what it simulated"},
          {"provider", world.provider},
          {"keys", std::move(keys)},
          {"lanes", LanesOf(world)},
          {"requests", std::move(requests)}};
}

ordered_json InFile(ordered_json test_case) {
  return {{"$schema", "../schema/cases.schema.json"},
          {"schema_version", "1.0"},
          {"area", "simulated"},
          {"cases", {std::move(test_case)}}};
}

Result<Case> ReadBack(const ordered_json& file) {
  config::JsonProblems problems("the case");
  std::vector<Case> cases = conformance::ReadCases(file.dump(), false, problems);
  if (problems.any()) return problems.error();
  return std::move(cases.front());
}

// What an exhausted request is answered with, as far as implementations agree.
ordered_json ResponseOf(const conformance::ReceivedResponse& answer) {
  return {{"status", answer.status}, {"json_includes", json::parse(answer.body)}};
}

void Expect(const Trace& trace, ordered_json& test_case) {
  for (std::size_t i = 0; i < test_case["requests"].size(); ++i) {
    const TracedRequest* const traced = trace.FindRequest(NameOfRequest(i));
    if (traced == nullptr) continue;
    ordered_json& expect = test_case["requests"][i]["expect"];
    expect["attempts"] = traced->attempts;
    expect["outcome"] = conformance::ToJson(traced->outcome);
    if (traced->answer) expect["response"] = ResponseOf(*traced->answer);
  }
}

// Writes a run down in the words of a case's trace.
class CaseTraceWriter final : public RunObserver {
 public:
  Trace Take() && { return std::move(trace_); }

  void OnAttemptSent(const AttemptSent& attempt) override {
    attempts_[attempt.request].push_back(AliasOf(attempt.key));
  }

  void OnAnswered(const Answered& answer) override {
    TracedRequest traced;
    traced.id = NameOfRequest(answer.request->id);
    traced.attempts = attempts_[answer.request->id];
    traced.outcome = OutcomeOf(answer);
    if (traced.outcome.kind == conformance::Outcome::Kind::kExhausted) {
      traced.answer.emplace();
      traced.answer->status = answer.status;
      traced.answer->body = std::string(answer.own_body);
    }
    trace_.requests.push_back(std::move(traced));
  }

 private:
  static conformance::Outcome OutcomeOf(const Answered& answer) {
    conformance::Outcome outcome;
    outcome.status = answer.status;
    outcome.exhaustion.retry_after = answer.retry_after.value_or(Duration::zero());
    switch (answer.outcome) {
      case Outcome::kRateLimited:
        return Exhausted(Exhaustion::Kind::kRateLimited, outcome);
      case Outcome::kUnauthorized:
        return Exhausted(Exhaustion::Kind::kUnauthorized, outcome);
      case Outcome::kPermanent:
        return Exhausted(Exhaustion::Kind::kPermanent, outcome);
      case Outcome::kReset:
      case Outcome::kTimeout:
        outcome.kind = conformance::Outcome::Kind::kTransportError;
        break;
      case Outcome::kDeadline:
      case Outcome::kRestarted:
        outcome.kind = conformance::Outcome::Kind::kGone;
        break;
      case Outcome::kSuccess:
      case Outcome::kUpstreamError:
      case Outcome::kTruncated:
        return outcome;
    }
    outcome.status = 0;
    return outcome;
  }

  static conformance::Outcome Exhausted(Exhaustion::Kind kind, conformance::Outcome outcome) {
    outcome.kind = conformance::Outcome::Kind::kExhausted;
    outcome.status = 0;
    outcome.exhaustion.kind = kind;
    return outcome;
  }

  Trace trace_;
  std::map<RequestId, std::vector<std::string>> attempts_;
};

// An answer that all keys were refused does not say when one is back, and is taken at its word.
void TakeUntoldWaits(const Trace& stated, Trace& told) {
  for (TracedRequest& request : told.requests) {
    const TracedRequest* const same = stated.FindRequest(request.id);
    if (same != nullptr && same->outcome.kind == request.outcome.kind &&
        same->outcome.exhaustion.kind == Exhaustion::Kind::kUnauthorized) {
      request.outcome.exhaustion.retry_after = same->outcome.exhaustion.retry_after;
    }
  }
}

}  // namespace

Trace SimulatedTrace(const CheckedWorld& checked) {
  CaseTraceWriter writer;
  RunChecked(checked, {&writer});
  return std::move(writer).Take();
}

Result<ordered_json> DecisionCase(const Finding& finding, const CheckedWorld& checked) {
  const auto refuse = [](const std::string& why) {
    return Error("the run cannot be a decision case: " + why);
  };
  if (const auto why = WhyInexpressible(checked.world)) return refuse(*why);
  if (checked.options.interleave) return refuse("it needs a drawn order of simultaneous events");
  ordered_json test_case = BareCase(finding, checked.world);
  const Result<Case> bare = ReadBack(InFile(test_case));
  if (!bare) return bare.error();
  const Result<Trace> trace = conformance::RunDecision(*bare, *checked.policy);
  if (!trace) return trace.error();
  Expect(*trace, test_case);
  ordered_json file = InFile(std::move(test_case));
  const Result<Case> whole = ReadBack(file);
  if (!whole) return whole.error();
  // The core in the simulator has to do the same, or the case is about something else.
  CheckedWorld sound = checked;
  sound.bug = nullptr;
  Trace simulated = SimulatedTrace(sound);
  TakeUntoldWaits(*trace, simulated);
  if (!conformance::CompareTrace(*whole, simulated).empty()) {
    return refuse("what happens at one moment happens in another order there");
  }
  return file;
}

}  // namespace keywalk::sim
