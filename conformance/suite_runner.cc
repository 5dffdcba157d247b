#include "conformance/suite_runner.h"

#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "conformance/comparison.h"
#include "conformance/vector_runner.h"
#include "conformance/wire_runner.h"

namespace keywalk::conformance {
namespace {

constexpr const char* kVectorArea = "vectors";

bool Matches(const std::string& pattern, const std::string& text) {
  return ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

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
    for (const Vector* vector : vector_jobs_) Add(Run(*vector));
    // Before setup: an adapter that dies here can be started again.
    for (const DecideJob& job : decide_jobs_) Add(Run(job));
    const WireRunnerOptions wire_options{options_.jobs, options_.request_limit};
    RunOverSockets(adapter_, identity_, wire_jobs_, wire_options,
                   [this](CaseResult result) { AddWire(std::move(result)); });
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
    if (!IsSelected(options_.select, result.id, result.area, result.clauses)) return;
    if (!vector.policy.empty() && !Runs(vector.policy)) return;
    if (options_.is_reference) {
      vector_jobs_.push_back(&vector);
    } else {
      planned_.push_back(Skipped(std::move(result), "vectors are for the reference's own core"));
    }
  }

  void PlanCase(const Case& test_case) {
    if (!IsSelected(options_.select, test_case.id, test_case.area, test_case.clauses)) return;
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
      if (!declared && !identity_.Has(capability)) return capability;
    }
    const bool acts_on_pool = test_case.kind == Case::Kind::kOperations;
    return acts_on_pool && !identity_.Has("decide.pool") ? "decide.pool" : "";
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
    const bool decides = !is_scenario && identity_.Has("decide");
    const bool acts_on_pool = test_case.kind == Case::Kind::kOperations;
    if (decides || acts_on_pool) decide_jobs_.push_back(DecideJob{&test_case, &policy});
    if (acts_on_pool || (decides && options_.short_run)) return;
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
    if (!trace) {
      const bool skipped = trace.error().kind() == Refusal::Kind::kSkipped;
      result.verdict = skipped ? Verdict::kSkipped : Verdict::kError;
      result.reason = trace.error().reason();
      result.reason_url = trace.error().url();
      return result;
    }
    result.mismatches = CompareTrace(*job.test_case, *trace);
    if (!result.mismatches.empty()) {
      result.verdict = Verdict::kFail;
    } else if (const auto unfired = FindUnfiredFault(*job.test_case, *trace)) {
      result.verdict = Verdict::kInconclusive;
      result.reason = *unfired;
    }
    return result;
  }

  // What `decide` has shown need not be reported again as skipped.
  void AddWire(CaseResult result) {
    if (result.verdict == Verdict::kSkipped && report_.IsRepetition(result)) {
      --total_;
      return;
    }
    Add(std::move(result));
  }

  void Add(CaseResult result) {
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
  return result;
}

bool IsSelected(const std::string& pattern, const std::string& id, const std::string& area,
                const std::vector<std::string>& clauses) {
  if (pattern.empty() || Matches(pattern, id) || Matches(pattern, area + "/" + id)) return true;
  return std::any_of(clauses.begin(), clauses.end(),
                     [&](const std::string& clause) { return Matches(pattern, clause); });
}

RunReport RunSuite(const Suite& suite, Adapter& adapter, const Identity& identity,
                   const RunOptions& options, const OnProgress& on_progress) {
  return SuiteRun(suite, adapter, identity, options, on_progress).Run();
}

}  // namespace keywalk::conformance
