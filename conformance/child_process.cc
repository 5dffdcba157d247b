#include "conformance/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <utility>

extern char** environ;

namespace keywalk::conformance {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Children by process id, for the signal handler; 0 is a free slot. More children than slots are
// refused.
constexpr std::size_t kMaxChildren = 64;
std::array<std::atomic<pid_t>, kMaxChildren> g_children{};

bool Register(pid_t pid) {
  for (std::atomic<pid_t>& slot : g_children) {
    pid_t free_slot = 0;
    if (slot.compare_exchange_strong(free_slot, pid)) return true;
  }
  return false;
}

void Unregister(pid_t pid) {
  for (std::atomic<pid_t>& slot : g_children) {
    pid_t held = pid;
    if (slot.compare_exchange_strong(held, 0)) return;
  }
}

void Close(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  bool Open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read_end = ends[0];
    write_end = ends[1];
    return true;
  }
  void CloseBoth() {
    Close(read_end);
    Close(write_end);
  }
};

// The child's three streams, and the one that ends the reader of its standard error.
struct Pipes {
  Pipe in, out, err, stop;
  bool Open() { return in.Open() && out.Open() && err.Open() && stop.Open(); }
  void Close() {
    for (Pipe* pipe : {&in, &out, &err, &stop}) pipe->CloseBoth();
  }
};

// How long until `deadline`, for poll; 0 once it has passed.
int PollTimeout(SteadyClock::time_point deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
  return left <= 0 ? 0 : static_cast<int>(std::min<std::int64_t>(left, 3'600'000));
}

// Runs `sh -c command` as leader of its own process group; the errno of a failure.
int Spawn(const std::string& command, const Pipes& pipes, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, pipes.in.read_end, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, pipes.out.write_end, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, pipes.err.write_end, STDERR_FILENO);
  sigset_t defaults;
  ::sigemptyset(&defaults);
  ::sigaddset(&defaults, SIGPIPE);
  ::sigaddset(&defaults, SIGINT);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  sigset_t blocked;  // none: whoever waits for signals has blocked them in this process
  ::sigemptyset(&blocked);
  ::posix_spawnattr_setsigmask(&attributes, &blocked);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  std::array<std::string, 3> words = {"sh", "-c", command};
  std::array<char*, 4> argv = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  const int error = ::posix_spawn(&pid, "/bin/sh", &actions, &attributes, argv.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return error;
}

// Hands on complete lines until the stream ends, or `stop` is closed at its other end: a process
// that left the group may hold the stream for longer.
class StderrReader {
 public:
  StderrReader(int descriptor, int stop, ChildProcess::LineSink sink)
      : descriptor_(descriptor), stop_(stop), sink_(std::move(sink)) {
    ::fcntl(descriptor_, F_SETFL, O_NONBLOCK);
  }

  void Run() {
    for (bool stopping = false; ReadAvailable() && !stopping;) {
      std::array<pollfd, 2> fds = {pollfd{descriptor_, POLLIN, 0}, pollfd{stop_, POLLIN, 0}};
      ::poll(fds.data(), fds.size(), -1);
      stopping = fds[1].revents != 0;
      if (stopping) ReadAvailable();
    }
    if (!pending_.empty()) sink_(pending_);
    Close(descriptor_);
    Close(stop_);
  }

 private:
  // False once the stream has ended.
  bool ReadAvailable() {
    std::array<char, 4096> buffer;
    for (;;) {
      const ssize_t count = ::read(descriptor_, buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return errno == EAGAIN;
      if (count == 0) return false;
      pending_.append(buffer.data(), static_cast<std::size_t>(count));
      HandOn();
    }
  }

  void HandOn() {
    for (std::size_t end; (end = pending_.find('\n')) != std::string::npos;) {
      sink_(std::string_view(pending_).substr(0, end));
      pending_.erase(0, end + 1);
    }
    if (pending_.size() > kMaxPendingBytes) {
      sink_(pending_);
      pending_.clear();
    }
  }

  static constexpr std::size_t kMaxPendingBytes = 16 * 1024;

  int descriptor_;
  int stop_;
  const ChildProcess::LineSink sink_;
  std::string pending_;
};

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::Start(const std::string& command,
                                                          LineSink on_stderr) {
  static std::once_flag ignore_sigpipe;
  std::call_once(ignore_sigpipe, [] { ::signal(SIGPIPE, SIG_IGN); });
  Pipes pipes;
  pid_t pid = 0;
  const int error = pipes.Open() ? Spawn(command, pipes, pid) : errno;
  Close(pipes.in.read_end);
  Close(pipes.out.write_end);
  Close(pipes.err.write_end);
  if (error != 0) {
    pipes.Close();
    return Error(std::string("cannot start a process: ") + std::strerror(error));
  }
  if (!Register(pid)) {
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    pipes.Close();
    return Error("too many child processes");
  }
  ::fcntl(pipes.in.write_end, F_SETFL, O_NONBLOCK);
  ::fcntl(pipes.out.read_end, F_SETFL, O_NONBLOCK);
  return std::unique_ptr<ChildProcess>(
      new ChildProcess(pid,
                       Descriptors{pipes.in.write_end, pipes.out.read_end, pipes.err.read_end,
                                   pipes.stop.read_end, pipes.stop.write_end},
                       std::move(on_stderr)));
}

ChildProcess::ChildProcess(pid_t pid, Descriptors descriptors, LineSink on_stderr)
    : pid_(pid),
      input_(descriptors.input),
      output_(descriptors.output),
      stop_stderr_(descriptors.stop_writer),
      stderr_reader_([descriptors, sink = std::move(on_stderr)] {
        StderrReader(descriptors.errors, descriptors.stop_reader, sink).Run();
      }) {}

ChildProcess::~ChildProcess() { Stop(std::chrono::milliseconds(0)); }

Result<std::string> ChildProcess::Ask(std::string_view line, std::chrono::milliseconds limit) {
  const auto deadline = SteadyClock::now() + limit;
  std::string unsent = std::string(line) + "\n";
  while (!unsent.empty()) {
    // Reads too: a child that prints before it listens must not lock both ends.
    std::array<pollfd, 2> fds = {pollfd{input_, POLLOUT, 0}, pollfd{output_, POLLIN, 0}};
    const int ready = ::poll(fds.data(), fds.size(), PollTimeout(deadline));
    if (ready == 0) return Failure("did not read its input within the time limit");
    if (ready < 0 && errno != EINTR) return Failure("poll failed");
    if (fds[1].revents != 0 && !WaitForOutput(deadline)) break;  // ended; what it said may do
    if (fds[0].revents == 0) continue;
    const ssize_t count = ::write(input_, unsent.data(), unsent.size());
    if (count > 0) unsent.erase(0, static_cast<std::size_t>(count));
    if (count < 0 && errno != EAGAIN && errno != EINTR) return Failure("closed its input");
  }
  return ReadLineUntil(deadline);
}

Result<std::string> ChildProcess::ReadLine(std::chrono::milliseconds limit) {
  return ReadLineUntil(SteadyClock::now() + limit);
}

Result<std::string> ChildProcess::ReadLineUntil(SteadyClock::time_point deadline) {
  while (received_.find('\n', searched_) == std::string::npos) {
    searched_ = received_.size();
    if (received_.size() > kMaxLineBytes) return Failure("printed a line without end");
    const bool late = SteadyClock::now() >= deadline;
    if (late || !WaitForOutput(deadline)) {
      return Failure(SteadyClock::now() >= deadline ? "did not answer within the time limit"
                                                    : "ended before it answered");
    }
  }
  return TakeLine();
}

// Appends what comes, or nothing if the time is over. False once the stream has ended.
bool ChildProcess::WaitForOutput(SteadyClock::time_point deadline) {
  pollfd fd{output_, POLLIN, 0};
  const int ready = ::poll(&fd, 1, PollTimeout(deadline));
  if (ready == 0 || (ready < 0 && errno == EINTR)) return true;
  std::array<char, 65536> buffer;
  const ssize_t count = ::read(output_, buffer.data(), buffer.size());
  if (count > 0) received_.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

Result<std::string> ChildProcess::TakeLine() {
  const std::size_t end = received_.find('\n', searched_);
  std::string line = received_.substr(0, end);
  received_.erase(0, end + 1);
  searched_ = 0;
  return line;
}

Error ChildProcess::Failure(std::string what) {
  const bool ended_by_itself = what.starts_with("ended") || what.starts_with("closed");
  Stop(std::chrono::milliseconds(ended_by_itself ? 200 : 0));
  if (ended_by_itself) what += " (" + ending_ + ")";
  return Error(std::move(what));
}

bool ChildProcess::WaitForExit(std::chrono::milliseconds limit) const {
  if (pid_ == 0) return true;
  const auto deadline = SteadyClock::now() + limit;
  // Becomes readable when the process ends, which is left for Reap() to collect.
  int descriptor = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  pollfd fd{descriptor, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&fd, 1, PollTimeout(deadline));
  } while (ready < 0 && errno == EINTR);
  Close(descriptor);
  return ready > 0 && (fd.revents & POLLIN) != 0;
}

void ChildProcess::Signal(int number) const {
  if (pid_ != 0) ::kill(pid_, number);
}

void ChildProcess::Stop(std::chrono::milliseconds limit) {
  if (pid_ == 0) return;
  const auto deadline = SteadyClock::now() + limit;
  Close(input_);
  // Its standard output ends when it, and all that it started, have ended.
  received_.clear();
  while (SteadyClock::now() < deadline && WaitForOutput(deadline)) received_.clear();
  Kill();
}

void ChildProcess::Kill() {
  // The leader is not reaped yet, so the group's number is still ours. A leader that has ended by
  // itself keeps its own exit status.
  ::kill(-pid_, SIGKILL);
  Reap();
  Unregister(pid_);
  pid_ = 0;
  Close(output_);
  Close(stop_stderr_);
  stderr_reader_.join();
}

void ChildProcess::Reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  ending_ = WIFEXITED(status) ? "exit status " + std::to_string(WEXITSTATUS(status))
                              : "signal " + std::to_string(WTERMSIG(status));
}

void KillAllChildren() noexcept {
  for (const std::atomic<pid_t>& slot : g_children) {
    const pid_t pid = slot.load();
    if (pid > 0) ::kill(-pid, SIGKILL);
  }
}

}  // namespace keywalk::conformance
