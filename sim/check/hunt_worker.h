// One worker process of a hunt: every so-manieth seed, its findings through a pipe.
#ifndef KEYWALK_SIM_CHECK_HUNT_WORKER_H_
#define KEYWALK_SIM_CHECK_HUNT_WORKER_H_

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/check/finding.h"
#include "sim/check/seed_check.h"

namespace keywalk::sim {

// What a worker writes where its parent reads it, in memory that both share: it costs a run
// nothing, and is still there when the worker is not.
struct alignas(64) WorkerBoard {
  std::atomic<std::uint64_t> seed{0};  // the one that it is at
  std::atomic<std::uint64_t> done{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> requests_held{0};
  std::atomic<std::uint64_t> events{0};
  std::atomic<std::uint64_t> simulated_ms{0};
};

// Boards in shared memory, one a worker.
class WorkerBoards {
 public:
  // False, with errno, if there is no memory. Called once.
  bool Make(std::size_t count);
  WorkerBoards() = default;
  WorkerBoards(const WorkerBoards&) = delete;
  WorkerBoards& operator=(const WorkerBoards&) = delete;
  ~WorkerBoards();

  WorkerBoard& operator[](std::size_t index) { return boards_[index]; }

 private:
  WorkerBoard* boards_ = nullptr;
  std::size_t count_ = 0;
};

// Which seeds a worker takes: `first`, and every `step`th up to `last`.
struct WorkerSeeds {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t step = 1;
};

// A worker process, as its parent sees it.
class HuntWorker {
 public:
  using Steady = std::chrono::steady_clock;

  HuntWorker() = default;
  HuntWorker(const HuntWorker&) = delete;
  HuntWorker& operator=(const HuntWorker&) = delete;
  // Ends it if it still runs.
  ~HuntWorker() { Stop(); }

  // Forks. False, with errno, if that fails. `until`: no seed is begun later.
  bool Start(const SeedCheck& check, const WorkerSeeds& seeds,
             std::optional<Steady::time_point> until, WorkerBoard& board);

  // The pipe's end to be polled; -1: it does not run.
  int descriptor() const { return pipe_; }
  // Takes what has come. False once it has ended.
  bool Read();
  // Findings that have come whole.
  std::vector<Finding> TakeFindings();
  // After its end: nullopt if it did all its seeds, else how it ended ("signal 6 (Aborted)").
  std::optional<std::string> Reap();
  // Kills it, and leaves the rest to Reap(). REQUIRES: it runs
  void Kill() const;
  // Kills and reaps it, if it still runs.
  void Stop();

 private:
  pid_t pid_ = -1;
  int pipe_ = -1;
  std::string received_;
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_CHECK_HUNT_WORKER_H_
