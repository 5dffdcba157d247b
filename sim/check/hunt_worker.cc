#include "sim/check/hunt_worker.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <nlohmann/json.hpp>
#include <utility>

namespace keywalk::sim {
namespace {

// False if the parent no longer reads.
bool WriteAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void AddTo(WorkerBoard& board, const SeedReport& report) {
  board.requests += report.requests;
  board.requests_held += report.requests_held;
  board.events += report.events;
  board.simulated_ms += report.simulated_ms;
  ++board.done;
}

// In the worker: a line of JSON for each finding.
void HuntSeeds(const SeedCheck& check, const WorkerSeeds& seeds,
               std::optional<HuntWorker::Steady::time_point> until, WorkerBoard& board, int out) {
  for (std::uint64_t seed = seeds.first;; seed += seeds.step) {
    if (until && HuntWorker::Steady::now() >= *until) return;
    board.seed = seed;
    const SeedReport report = check.Check(seed);
    AddTo(board, report);
    if (report.finding && !WriteAll(out, ToJson(*report.finding).dump() + "\n")) return;
    if (seeds.last - seed < seeds.step) return;
  }
}

}  // namespace

bool WorkerBoards::Make(std::size_t count) {
  void* const memory = ::mmap(nullptr, count * sizeof(WorkerBoard), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  boards_ = static_cast<WorkerBoard*>(memory);
  count_ = count;
  for (std::size_t i = 0; i < count; ++i) new (&boards_[i]) WorkerBoard;
  return true;
}

WorkerBoards::~WorkerBoards() {
  if (boards_ != nullptr) ::munmap(boards_, count_ * sizeof(WorkerBoard));
}

bool HuntWorker::Start(const SeedCheck& check, const WorkerSeeds& seeds,
                       std::optional<Steady::time_point> until, WorkerBoard& board) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  std::fflush(nullptr);  // or both would write it
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) {
    ::close(ends[0]);
    ::close(ends[1]);
    return false;
  }
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);  // it ended in between
    ::signal(SIGPIPE, SIG_IGN);
    ::close(ends[0]);
    HuntSeeds(check, seeds, until, board, ends[1]);
    ::_exit(0);
  }
  ::close(ends[1]);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  pipe_ = ends[0];
  return true;
}

bool HuntWorker::Read() {
  std::array<char, 65'536> buffer;
  while (true) {
    const ssize_t count = ::read(pipe_, buffer.data(), buffer.size());
    if (count > 0) {
      received_.append(buffer.data(), static_cast<std::size_t>(count));
    } else if (count == 0) {
      return false;
    } else if (errno != EINTR) {
      return true;  // nothing more for now
    }
  }
}

std::vector<Finding> HuntWorker::TakeFindings() {
  std::vector<Finding> findings;
  for (std::size_t end = received_.find('\n'); end != std::string::npos;
       end = received_.find('\n')) {
    config::JsonProblems problems("a worker's finding");
    const nlohmann::json value =
        config::ParseJson(std::string_view(received_).substr(0, end), problems);
    Finding finding = ReadFinding(value, "", problems);
    if (problems.any()) finding.message += " [" + problems.error().message() + "]";
    findings.push_back(std::move(finding));
    received_.erase(0, end + 1);
  }
  return findings;
}

std::optional<std::string> HuntWorker::Reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  ::close(pipe_);
  pid_ = -1;
  pipe_ = -1;
  received_.clear();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
  if (WIFEXITED(status)) return "exit status " + std::to_string(WEXITSTATUS(status));
  const int number = WTERMSIG(status);
  return "signal " + std::to_string(number) + " (" + ::strsignal(number) + ")";
}

void HuntWorker::Kill() const { ::kill(pid_, SIGKILL); }

void HuntWorker::Stop() {
  if (pid_ < 0) return;
  Kill();
  Reap();
}

}  // namespace keywalk::sim
