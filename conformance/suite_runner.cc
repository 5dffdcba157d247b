#include "conformance/suite_runner.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "conformance/comparison.h"
#include "conformance/vector_runner.h"
#include "conformance/wire_observation.h"
#include "conformance/wire_runner.h"

namespace keywalk::conformance {
namespace {

constexpr const char* kVectorArea = "vectors";

CaseResult BlankResult(const Vector& vector) {
  CaseResult result;
  result.id = vector.function + "/" + vector.id;
  result.title = vector.title;
  result.area = kVectorArea;
  result.policy = vector.policy;
  result.way = Way::kVector;
  result.file = vector.file;
  result.pointer = vector.pointer;
  result.clauses = vector.clauses;
  result.provenance_issue = vector.provenance_issue;
  result.provenance_note = vector.provenance_note;
  return result;
}

CaseResult Skipped(CaseResult result, std::string reason) {
  result.verdict = Verdict::kSkipped;
  result.reason = std::move(reason);
  return result;
}

// What the runs of one case have in common.
using RunKey = std::tuple<std::string, std::string, Way>;
RunKey KeyOf(const CaseResult& result) { return {result.id, result.policy, result.way}; }

// The result of a case from all its runs: flaky if they differ in the verdict, with what the first
// bad one has shown.
CaseResult MergeRuns(std::vector<CaseResult> runs) {
  if (runs.size() == 1) return std::move(runs.front());
  std::map<Verdict, std::size_t> repeats;
  std::chrono::nanoseconds duration{};
  for (const CaseResult& run : runs) {
    ++repeats[run.verdict];
    duration += run.duration;
  }
  const auto bad = std::find_if(runs.begin(), runs.end(),
                                [](const CaseResult& run) { return IsBad(run.verdict); });
  CaseResult merged = std::move(bad == runs.end() ? runs.front() : *bad);
  if (repeats.size() > 1) {
    std::string counts;
    for (const auto& [verdict, count] : repeats) {
      counts += (counts.empty() ? "" : ", ") + std::string(ToString(verdict)) + " " +
                std::to_string(count) + " times";
    }
    merged.verdict = Verdict::kFlaky;
    merged.reason = counts + (merged.reason.empty() ? "" : "; " + merged.reason);
  }
  merged.repeats = std::move(repeats);
  merged.duration = duration;
  return merged;
}

// One case under one policy by `decide`.
struct DecideJob {
  const Case* test_case;
  const LoadedPolicy* policy;
};

class SuiteRun {
 public:
  SuiteRun(const Suite& suite, Adapter& adapter, const Identity& identity,
           const RunOptions& options, const OnProgress& on_progress)
      : suite_(suite),
        adapter_(adapter),
        identity_(identity),
        options_(options),
        on_progress_(on_progress) {}

  RunReport Run() {
    const auto start = std::chrono::steady_clock::now();
    report_.identity = identity_;
    report_.policies = ChoosePolicies();
    for (const Vector& vector : suite_.vectors) PlanVector(vector);
    for (const Case& test_case : suite_.cases) PlanCase(test_case);
    total_ = planned_.size() + vector_jobs_.size() + decide_jobs_.size() + wire_jobs_.size();
    for (CaseResult& result : planned_) Add(std::move(result));
    for (const Vector* vector : vector_jobs_) {
      for (std::size_t i = 0; i < options_.repeat; ++i) AddRun(Run(*vector));
    }
    // Before setup: an adapter that dies here can be started again.
    for (const DecideJob& job : decide_jobs_) {
      for (std::size_t i = 0; i < options_.repeat; ++i) AddRun(Run(job));
    }
    RepeatWireJobs();
    const WireRunnerOptions wire_options{options_.jobs, options_.request_limit};
    RunOverSockets(adapter_, identity_, wire_jobs_, wire_options,
                   [this](CaseResult result) { AddRun(std::move(result)); });
    SortResults();
    report_.duration = std::chrono::steady_clock::now() - start;
    return std::move(report_);
  }

 private:
  std::vector<std::string> ChoosePolicies() const {
    std::vector<std::string> policies = options_.policies;
    if (policies.empty()) {
      for (const std::string& name : identity_.policies) {
        if (suite_.FindPolicy(name) != nullptr) policies.push_back(name);
      }
    }
    if (options_.short_run && policies.size() > 1) policies.resize(1);
    return policies;
  }

  bool Runs(const std::string& policy) const {
    return std::find(report_.policies.begin(), report_.policies.end(), policy) !=
           report_.policies.end();
  }

  void PlanVector(const Vector& vector) {
    CaseResult result = BlankResult(vector);
    if (!options_.selection.Takes(result.id, result.area, result.clauses)) return;
    if (!vector.policy.empty() && !Runs(vector.policy)) return;
    if (options_.is_reference) {
      vector_jobs_.push_back(&vector);
    } else {
      planned_.push_back(Skipped(std::move(result), "vectors are for the reference's own core"));
    }
  }

  void PlanCase(const Case& test_case) {
    if (!options_.selection.Takes(test_case.id, test_case.area, test_case.clauses)) return;
    bool applies = false;
    for (const std::string& name : test_case.policies) {
      if (!Runs(name)) continue;
      applies = true;
      PlanUnder(test_case, *suite_.FindPolicy(name));
    }
    if (!applies) {
      planned_.push_back(Skipped(BlankResult(test_case, "", Way::kDecide),
                                 "is for other policies than this run's"));
    }
  }

  // The first capability that the case needs and nobody has; empty: none is missing.
  std::string MissingCapability(const Case& test_case, const Policy& policy) const {
    for (const std::string& capability : test_case.capabilities) {
      const bool declared = std::find(policy.declares.begin(), policy.declares.end(), capability) !=
                            policy.declares.end();
      const bool by_value = capability == "body.verbatim" && ComparesByValue(test_case);
      if (!declared && !by_value && !identity_.Has(capability)) return capability;
    }
    if (test_case.kind == Case::Kind::kOperations) {
      return identity_.Has("decide.pool") ? "" : "decide.pool";
    }
    const bool by_sockets = test_case.kind == Case::Kind::kScenario || !identity_.Has("decide");
    const bool rewrites = by_sockets && !identity_.Has("body.verbatim");
    return rewrites && PassesOtherBodies(test_case) ? "body.verbatim" : "";
  }

  void PlanUnder(const Case& test_case, const LoadedPolicy& policy) {
    const std::string& name = policy.policy->name;
    const bool is_scenario = test_case.kind == Case::Kind::kScenario;
    const std::string missing = MissingCapability(test_case, *policy.policy);
    if (!missing.empty()) {
      const Way way = is_scenario ? Way::kSockets : Way::kDecide;
      planned_.push_back(
          Skipped(BlankResult(test_case, name, way), "needs the capability " + missing));
      return;
    }
    if (!test_case.cannot_run.empty()) {
      const Way way = is_scenario ? Way::kSockets : Way::kDecide;
      planned_.push_back(Skipped(BlankResult(test_case, name, way), test_case.cannot_run));
      return;
    }
    const bool decides = !is_scenario && identity_.Has("decide");
    const bool acts_on_pool = test_case.kind == Case::Kind::kOperations;
    if (decides || acts_on_pool) decide_jobs_.push_back(DecideJob{&test_case, &policy});
    if (acts_on_pool || (decides && (options_.short_run || !options_.sockets))) return;
    if (!options_.sockets) {
      planned_.push_back(Skipped(BlankResult(test_case, name, Way::kSockets), "needs sockets"));
      return;
    }
    WirePlan plan = PlanWire(test_case, *policy.policy);
    if (plan.impossible.empty()) {
      wire_jobs_.push_back(WireJob{&test_case, &policy, std::move(plan)});
    } else if (!decides) {
      planned_.push_back(Skipped(BlankResult(test_case, name, Way::kSockets),
                                 "cannot be run over sockets: " + plan.impossible));
    }
  }

  CaseResult Run(const Vector& vector) {
    CaseResult result = BlankResult(vector);
    const LoadedPolicy* policy = suite_.FindPolicy(vector.policy);
    result.mismatches = RunVector(vector, policy == nullptr ? nullptr : policy->policy.get());
    if (!result.mismatches.empty()) result.verdict = Verdict::kFail;
    return result;
  }

  CaseResult Run(const DecideJob& job) {
    CaseResult result = BlankResult(*job.test_case, job.policy->policy->name, Way::kDecide);
    const auto start = std::chrono::steady_clock::now();
    const Reply<Trace> trace = adapter_.Decide(*job.test_case, *job.policy);
    result.duration = std::chrono::steady_clock::now() - start;
    if (trace) {
      for (const TracedRequest& request : trace->requests) {
        result.attempts[request.id] = request.attempts;
      }
    } else {
      const bool skipped = trace.error().kind() == Refusal::Kind::kSkipped;
      result.verdict = skipped ? Verdict::kSkipped : Verdict::kError;
      result.reason = trace.error().reason();
      result.reason_url = trace.error().url();
      return result;
    }
    result.mismatches = CompareTrace(*job.test_case, *trace);
    result.requests = RecordRequests(*job.test_case, *trace);
    if (!result.mismatches.empty()) {
      result.verdict = Verdict::kFail;
    } else if (const auto unfired = FindUnfiredFault(*job.test_case, *trace)) {
      result.verdict = Verdict::kInconclusive;
      result.reason = *unfired;
    }
    return result;
  }

  // Their own pools keep the repetitions of a case apart, so they may run at once.
  void RepeatWireJobs() {
    const std::size_t count = wire_jobs_.size();
    for (std::size_t repetition = 1; repetition < options_.repeat; ++repetition) {
      for (std::size_t i = 0; i < count; ++i) {
        wire_jobs_.push_back(wire_jobs_[i]);
        wire_jobs_.back().repetition = repetition;
      }
    }
  }

  // What `decide` has shown need not be reported again as skipped.
  void AddWire(CaseResult result) {
    if (result.verdict == Verdict::kSkipped && report_.IsRepetition(result)) {
      --total_;
      return;
    }
    Add(std::move(result));
  }

  // One run of a case, of which the last makes its result.
  void AddRun(CaseResult result) {
    std::vector<CaseResult>& runs = pending_[KeyOf(result)];
    runs.push_back(std::move(result));
    if (runs.size() < options_.repeat) return;
    CaseResult merged = MergeRuns(std::move(runs));
    pending_.erase(KeyOf(merged));
    if (merged.way == Way::kSockets) return AddWire(std::move(merged));
    Add(std::move(merged));
  }

  void Add(CaseResult result) {
    const LoadedPolicy* policy = suite_.FindPolicy(result.policy);
    if (policy != nullptr) result.policy_file = policy->file;
    if (on_progress_) on_progress_(result, total_);
    report_.results.push_back(std::move(result));
  }

  // In the order of the suite, whichever ended first.
  void SortResults() {
    std::map<std::string, std::size_t> order;
    for (const Vector& vector : suite_.vectors) {
      order.emplace(vector.function + "/" + vector.id, order.size());
    }
    for (const Case& test_case : suite_.cases) order.emplace(test_case.id, order.size());
    std::stable_sort(report_.results.begin(), report_.results.end(),
                     [&](const CaseResult& a, const CaseResult& b) {
                       return std::make_tuple(order[a.id], a.policy, a.way) <
                              std::make_tuple(order[b.id], b.policy, b.way);
                     });
  }

  const Suite& suite_;
  Adapter& adapter_;
  const Identity& identity_;
  const RunOptions& options_;
  const OnProgress& on_progress_;
  RunReport report_;
  std::vector<CaseResult> planned_;  // known without running: skipped
  std::vector<const Vector*> vector_jobs_;
  std::vector<DecideJob> decide_jobs_;
  std::vector<WireJob> wire_jobs_;
  std::map<RunKey, std::vector<CaseResult>> pending_;  // runs of a case that is not done yet
  std::size_t total_ = 0;
};

}  // namespace

std::size_t RunReport::Count(Verdict verdict) const {
  return static_cast<std::size_t>(
      std::count_if(results.begin(), results.end(),
                    [&](const CaseResult& result) { return result.verdict == verdict; }));
}

bool RunReport::IsRepetition(const CaseResult& result) const {
  if (result.way != Way::kSockets) return false;
  return std::any_of(results.begin(), results.end(), [&](const CaseResult& other) {
    return other.way == Way::kDecide && other.id == result.id && other.policy == result.policy;
  });
}

CaseResult BlankResult(const Case& test_case, const std::string& policy, Way way) {
  CaseResult result;
  result.id = test_case.id;
  result.title = test_case.title;
  result.area = test_case.area;
  result.policy = policy;
  result.way = way;
  result.level = ToString(test_case.level);
  result.file = test_case.file;
  result.pointer = test_case.pointer;
  result.clauses = test_case.clauses;
  result.provenance_issue = test_case.provenance_issue;
  result.provenance_note = test_case.provenance_note;
  result.differs = test_case.differs;
  return result;
}

RunReport RunSuite(const Suite& suite, Adapter& adapter, const Identity& identity,
                   const RunOptions& options, const OnProgress& on_progress) {
  return SuiteRun(suite, adapter, identity, options, on_progress).Run();
}

}  // namespace keywalk::conformance
