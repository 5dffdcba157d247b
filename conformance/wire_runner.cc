#include "conformance/wire_runner.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "conformance/wire_case.h"
#include "conformance/wire_pool.h"
#include "conformance/wire_upstream.h"
#include "mockupstream/mock_server.h"

namespace keywalk::conformance {
namespace {

// Of each request, for comparison by value.
constexpr std::size_t kKeptBodyBytes = 1 << 20;

void Refuse(const Refusal& refusal, CaseResult& result) {
  result.verdict = refusal.kind() == Refusal::Kind::kSkipped ? Verdict::kSkipped : Verdict::kError;
  result.reason = refusal.reason();
  result.reason_url = refusal.url();
}

// The jobs of one run with their pools, and the mock behind them.
class WireRun {
 public:
  WireRun(Adapter& adapter, const Identity& identity, const std::vector<WireJob>& jobs,
          const WireRunnerOptions& options, const std::function<void(CaseResult)>& on_result)
      : adapter_(adapter),
        identity_(identity),
        jobs_(jobs),
        options_(options),
        on_result_(on_result) {}

  void Run() {
    if (const auto refusal = SetUp()) {
      for (const WireJob& job : jobs_) {
        CaseResult result = BlankResult(*job.test_case, job.policy->policy->name, Way::kSockets);
        Refuse(*refusal, result);
        on_result_(std::move(result));
      }
      return;
    }
    // Moving the clock must not overlap another case, and connections are counted while no other
    // case takes or leaves any, so such cases come first and alone.
    std::vector<std::size_t> counting, alone, together;
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      const WirePlan& plan = jobs_[i].plan;
      (plan.counts_connections ? counting : plan.runs_alone() ? alone : together).push_back(i);
    }
    RunAll(counting, 1);
    RunAll(alone, 1);
    RunAll(together, options_.jobs);
    for (const auto& upstream : upstreams_) upstream->mock().Stop();
  }

 private:
  std::optional<Refusal> SetUp() {
    Result<std::shared_ptr<WireUpstream>> shared = StartUpstream(false);
    if (!shared) return Refusal::Error(shared.error().message());
    mock::Script script;
    std::vector<PoolSetup> setups;
    for (const WireJob& job : jobs_) {
      const CaseConnections& connections = job.test_case->connections;
      auto upstream = connections.any() ? StartUpstream(connections.refused) : shared;
      if (!upstream) return Refusal::Error(upstream.error().message());
      upstreams_.push_back(*upstream);
      pools_.push_back(std::make_unique<WirePool>(*job.test_case, job.policy->policy->name,
                                                  (*upstream)->url(), job.repetition));
      setups.push_back(pools_.back()->Setup());
      if (!connections.any()) {
        pools_.back()->AddLanes(script);
        continue;
      }
      mock::Script own;
      pools_.back()->AddLanes(own);
      own.connections = connections.script;
      (*upstream)->mock().SetScript(std::move(own));
    }
    (*shared)->mock().SetScript(std::move(script));
    Reply<PoolEndpoints> endpoints = adapter_.Setup(setups);
    if (!endpoints) return endpoints.error();
    endpoints_ = *std::move(endpoints);
    return std::nullopt;
  }

  Result<std::shared_ptr<WireUpstream>> StartUpstream(bool refused) const {
    mock::MockServerOptions options;
    if (!identity_.Has("body.verbatim")) options.journal_body_bytes = kKeptBodyBytes;
    auto upstream = WireUpstream::Start(std::move(options), refused);
    if (!upstream) return Error("mock upstream: " + upstream.error().message());
    return std::shared_ptr<WireUpstream>(*std::move(upstream));
  }

  void RunAll(const std::vector<std::size_t>& indexes, std::size_t threads) {
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
      for (std::size_t i; (i = next.fetch_add(1)) < indexes.size();) {
        CaseResult result = RunOne(indexes[i]);
        const std::lock_guard lock(result_mutex_);
        on_result_(std::move(result));
      }
    };
    std::vector<std::thread> workers;
    for (std::size_t i = 1; i < std::min(threads, indexes.size()); ++i) workers.emplace_back(work);
    work();
    for (std::thread& worker : workers) worker.join();
  }

  CaseResult RunOne(std::size_t index) {
    const WireJob& job = jobs_[index];
    const WirePool& pool = *pools_[index];
    CaseResult result = BlankResult(*job.test_case, job.policy->policy->name, Way::kSockets);
    const auto endpoint = endpoints_.find(pool.id());
    if (endpoint == endpoints_.end()) {
      result.verdict = Verdict::kError;
      result.reason = "the adapter's setup did not answer for this pool";
      return result;
    }
    const auto start = std::chrono::steady_clock::now();
    WireCaseContext context{adapter_,
                            adapter_mutex_,
                            identity_,
                            upstreams_[index]->mock(),
                            pool,
                            endpoint->second,
                            *job.policy->policy,
                            job.plan,
                            options_.request_limit,
                            upstreams_[index]->started()};
    RunWireCase(context, result);
    result.duration = std::chrono::steady_clock::now() - start;
    for (Mismatch& mismatch : result.mismatches) {
      mismatch.expected = pool.Masked(std::move(mismatch.expected));
      mismatch.actual = pool.Masked(std::move(mismatch.actual));
    }
    result.reason = pool.Masked(std::move(result.reason));
    for (TimelineEvent& event : result.timeline)
      event.detail = pool.Masked(std::move(event.detail));
    return result;
  }

  Adapter& adapter_;
  const Identity& identity_;
  const std::vector<WireJob>& jobs_;
  const WireRunnerOptions& options_;
  const std::function<void(CaseResult)>& on_result_;
  std::mutex adapter_mutex_;  // it takes one call at a time
  std::mutex result_mutex_;
  std::vector<std::shared_ptr<WireUpstream>> upstreams_;  // one a job: most share one
  std::vector<std::unique_ptr<WirePool>> pools_;          // one a job
  PoolEndpoints endpoints_;
};

}  // namespace

void RunOverSockets(Adapter& adapter, const Identity& identity, const std::vector<WireJob>& jobs,
                    const WireRunnerOptions& options,
                    const std::function<void(CaseResult)>& on_result) {
  if (!jobs.empty()) WireRun(adapter, identity, jobs, options, on_result).Run();
}

}  // namespace keywalk::conformance
