#include "sim/check/hunt.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/check/hunt_worker.h"

namespace keywalk::sim {
namespace {

using Steady = HuntWorker::Steady;

constexpr int kPollMs = 100;

class HuntRun {
 public:
  HuntRun(const SeedCheck& check, const HuntLimits& limits) : check_(check), limits_(limits) {
    const std::uint64_t seeds = limits.seeds.last - limits.seeds.first;  // less one
    const auto jobs = static_cast<std::uint64_t>(limits.jobs);
    step_ = seeds < jobs ? seeds + 1 : jobs;
    workers_ = std::vector<Worker>(step_);
    if (limits.time) until_ = began_ + *limits.time;
    result_.policy = check.spec().policy;
    if (check.spec().bug != nullptr) result_.bug = check.spec().bug->name;
  }

  Result<HuntResult> Run(const std::function<void(const HuntProgress&)>& on_progress) {
    if (!boards_.Make(workers_.size())) return Failure("memory for the workers");
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      if (!Start(i, limits_.seeds.first + i)) return Failure("a process");
    }
    while (AnyRuns() && result_.findings.size() < limits_.max_findings) {
      if (!Wait()) return Failure("word of the workers");
      for (std::size_t i = 0; i < workers_.size(); ++i) {
        if (!Attend(i)) return Failure("a process");
      }
      on_progress(Sum());
    }
    return Finish();
  }

 private:
  struct Worker {
    std::unique_ptr<HuntWorker> process = std::make_unique<HuntWorker>();
    std::uint64_t at = 0;  // the seed it was seen at ...
    Steady::time_point since{};
    bool stuck = false;
  };

  static Error Failure(const std::string& what) {
    return Error("cannot have " + what + ": " + std::strerror(errno));
  }

  bool Start(std::size_t index, std::uint64_t first) {
    Worker& worker = workers_[index];
    worker.at = first;
    worker.since = Steady::now();
    worker.stuck = false;
    boards_[index].seed = first;
    return worker.process->Start(check_, WorkerSeeds{first, limits_.seeds.last, step_}, until_,
                                 boards_[index]);
  }

  bool AnyRuns() const {
    return std::any_of(workers_.begin(), workers_.end(),
                       [](const Worker& worker) { return worker.process->descriptor() >= 0; });
  }

  bool Wait() {
    std::vector<pollfd> polled;
    for (const Worker& worker : workers_) {
      polled.push_back(pollfd{worker.process->descriptor(), POLLIN, 0});
    }
    return ::poll(polled.data(), polled.size(), kPollMs) >= 0 || errno == EINTR;
  }

  // False if a worker that has to go on cannot be started.
  bool Attend(std::size_t index) {
    Worker& worker = workers_[index];
    if (worker.process->descriptor() < 0) return true;
    const bool runs = worker.process->Read();
    for (Finding& finding : worker.process->TakeFindings()) {
      result_.findings.push_back(std::move(finding));
    }
    const std::uint64_t seed = boards_[index].seed;
    if (runs) {
      WatchForStandstill(worker, seed);
      return true;
    }
    std::optional<std::string> ending = worker.process->Reap();
    if (!ending) return true;
    if (worker.stuck)
      ending = "no end after " + std::to_string(limits_.longest_seed.count()) + " ms";
    result_.findings.push_back(check_.Crash(seed, "the worker ended: " + *ending));
    const bool goes_on = limits_.seeds.last - seed >= step_ && (!until_ || Steady::now() < *until_);
    return !goes_on || Start(index, seed + step_);
  }

  void WatchForStandstill(Worker& worker, std::uint64_t seed) const {
    const Steady::time_point now = Steady::now();
    if (seed != worker.at) {
      worker.at = seed;
      worker.since = now;
    } else if (now - worker.since > limits_.longest_seed && !worker.stuck) {
      worker.stuck = true;
      worker.process->Kill();
    }
  }

  HuntProgress Sum() {
    HuntProgress sum;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      sum.seeds_done += boards_[i].done;
      sum.simulated_ms += boards_[i].simulated_ms;
    }
    return sum;
  }

  HuntResult Finish() {
    SeedRange seeds = limits_.seeds;
    seeds.last = seeds.first;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      workers_[i].process->Stop();
      const WorkerBoard& board = boards_[i];
      seeds.last = std::max<std::uint64_t>(seeds.last, board.seed);
      result_.seeds_done += board.done;
      result_.requests += board.requests;
      result_.requests_held += board.requests_held;
      result_.events += board.events;
      result_.simulated_ms += board.simulated_ms;
    }
    result_.seeds.push_back(seeds);
    result_.real_ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - began_).count());
    std::stable_sort(result_.findings.begin(), result_.findings.end(),
                     [](const Finding& a, const Finding& b) { return a.seed < b.seed; });
    return std::move(result_);
  }

  const SeedCheck& check_;
  const HuntLimits& limits_;
  const Steady::time_point began_ = Steady::now();
  std::optional<Steady::time_point> until_;
  std::uint64_t step_ = 1;
  WorkerBoards boards_;
  std::vector<Worker> workers_;  // ended before the boards go
  HuntResult result_;
};

}  // namespace

Result<HuntResult> Hunt(const SeedCheck& check, const HuntLimits& limits,
                        const std::function<void(const HuntProgress&)>& on_progress) {
  return HuntRun(check, limits).Run(on_progress);
}

}  // namespace keywalk::sim
