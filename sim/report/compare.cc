#include "sim/report/compare.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numeric>
#include <ostream>
#include <set>
#include <thread>
#include <utility>

#include "config/policy_text.h"
#include "keywalk/config.h"
#include "sim/report/measurements.h"
#include "sim/report/terminal_table.h"
#include "sim/run/progress.h"
#include "sim/run/run_world.h"
#include "sim/run/trace.h"
#include "sim/world/world_json.h"

namespace keywalk::sim {
namespace {

// A kilobyte or so of results each; more are for several processes, and merge.
constexpr std::uint64_t kMostSeeds = 100'000;

struct ChosenPolicy {
  Policy policy;
  std::shared_ptr<const nlohmann::json> document;
};

Result<std::vector<ChosenPolicy>> LoadPolicies(std::vector<std::string> names) {
  if (names.empty()) names = {"coder-v1", "coder-v2"};
  std::vector<ChosenPolicy> policies;
  std::set<std::string> seen;
  for (const std::string& name : names) {
    const Result<config::PolicyText> text = config::FindPolicyText(name);
    if (!text) return text.error();
    Result<Policy> policy = ParsePolicy(text->json, text->source);
    if (!policy) return policy.error();
    if (!seen.insert(policy->name).second) {
      return Error(text->source + ": a second policy of the name " + policy->name);
    }
    policies.push_back({*std::move(policy),
                        std::make_shared<const nlohmann::json>(nlohmann::json::parse(text->json))});
  }
  return policies;
}

// The progress of runs in several threads on one line. Safe for concurrent use.
class ProgressBoard {
 public:
  ProgressBoard(std::uint64_t runs, std::size_t workers, Duration span)
      : progress_(runs, "runs", span), present_(workers) {}

  void Tell(std::size_t worker, Instant now) {
    const std::lock_guard lock(mutex_);
    present_[worker] = now.time_since_epoch();
    Show(now);
  }
  // The worker's run ended at the time last told.
  void Finish(std::size_t worker) {
    const std::lock_guard lock(mutex_);
    const Duration end = std::exchange(present_[worker], Duration::zero());
    finished_ += end;
    ++done_;
    Show(Instant(end));
  }

 private:
  void Show(Instant now) {
    progress_.Show(done_, now, std::accumulate(present_.begin(), present_.end(), finished_));
  }

  std::mutex mutex_;
  Progress progress_;
  std::vector<Duration> present_;  // of the run of each worker
  Duration finished_{};
  std::uint64_t done_ = 0;
};

// One run a task, the tasks of a policy side by side.
class TaskList {
 public:
  TaskList(const World& world, const std::vector<ChosenPolicy>& policies,
           const CompareOptions& options, const GatewayFactory& gateway)
      : world_(world),
        policies_(policies),
        options_(options),
        gateway_(gateway),
        seeds_(static_cast<std::size_t>(options.seeds.size())),
        results_(policies.size() * seeds_),
        workers_(std::clamp<std::size_t>(options.jobs, 1, results_.size())),
        board_(results_.size(), workers_, world.duration) {}

  void RunAll() {
    std::vector<std::thread> threads;
    for (std::size_t worker = 1; worker < workers_; ++worker) {
      threads.emplace_back([this, worker] { Work(worker); });
    }
    Work(0);
    for (std::thread& thread : threads) thread.join();
  }

  std::vector<RunResult> ResultsOf(std::size_t policy) {
    const auto first = results_.begin() + static_cast<std::ptrdiff_t>(policy * seeds_);
    return {std::make_move_iterator(first),
            std::make_move_iterator(first + static_cast<std::ptrdiff_t>(seeds_))};
  }

 private:
  void Work(std::size_t worker) {
    while (true) {
      const std::size_t task = next_++;
      if (task >= results_.size()) return;
      results_[task] = Run(worker, policies_[task / seeds_].policy, task % seeds_);
    }
  }

  RunResult Run(std::size_t worker, const Policy& policy, std::size_t index) {
    const std::uint64_t seed = options_.seeds.first + index;
    MeasurementOptions measured;
    if (index < options_.timelines) measured.timeline_parts = options_.timeline_parts;
    Measurements measurements(world_, policy, measured);
    RunOptions run;
    run.seed = seed;
    TraceHash trace;
    RunWorld(world_, policy, run, gateway_, {&measurements, &trace},
             [this, worker](Instant now) { board_.Tell(worker, now); });
    board_.Finish(worker);
    RunResult result = measurements.Result(seed);
    result.trace = trace.text();
    return result;
  }

  const World& world_;
  const std::vector<ChosenPolicy>& policies_;
  const CompareOptions& options_;
  const GatewayFactory& gateway_;
  const std::size_t seeds_;
  std::vector<RunResult> results_;
  const std::size_t workers_;
  ProgressBoard board_;
  std::atomic<std::size_t> next_{0};
};

}  // namespace

Result<Report> Compare(const CompareOptions& options, const GatewayFactory& gateway) {
  if (options.seeds.last - options.seeds.first >= kMostSeeds) {
    return Error("more than 100000 seeds at once: run ranges of them, and merge the results");
  }
  Result<World> world = LoadWorld(options.world);
  if (!world) return world.error();
  const Result<std::vector<ChosenPolicy>> policies = LoadPolicies(options.policies);
  if (!policies) return policies.error();
  Report report;
  report.world = *std::move(world);
  report.driver = options.real_transport ? "transport" : "core";
  TaskList tasks(report.world, *policies, options, gateway);
  tasks.RunAll();
  for (std::size_t i = 0; i < policies->size(); ++i) {
    const ChosenPolicy& chosen = (*policies)[i];
    report.policies.push_back({chosen.policy.name, chosen.document, tasks.ResultsOf(i)});
  }
  return report;
}

int RunCompare(const CompareOptions& options, const GatewayFactory& gateway, std::ostream& out,
               std::ostream& err) {
  constexpr int kWrongInput = 2;
  const auto fail = [&err](const Error& error) {
    err << "keywalk-sim: " << error.message() << "\n";
    return kWrongInput;
  };
  const Result<ReportOutput> output = ReportOutput::Claim(options.paths);
  if (!output) return fail(output.error());
  const Result<Report> report = Compare(options, gateway);
  if (!report) return fail(report.error());
  out << FormatTable(*report);
  if (const std::optional<Error> error = output->Write(*report)) return fail(*error);
  return 0;
}

}  // namespace keywalk::sim
