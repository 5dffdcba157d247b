// A command run by `sh -c` with its three streams on pipes: lines in, lines out, everything with a
// time limit. It leads a process group of its own, so that nothing it started outlives it.
//
// Used by one thread; its standard error is read on a thread of its own.
#ifndef KEYWALK_CONFORMANCE_CHILD_PROCESS_H_
#define KEYWALK_CONFORMANCE_CHILD_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "keywalk/result.h"

namespace keywalk::conformance {

class ChildProcess {
 public:
  using LineSink = std::function<void(std::string_view)>;

  // A longer line from the child is an error.
  static constexpr std::size_t kMaxLineBytes = 64u * 1024 * 1024;

  // Starts the command. `on_stderr` gets each line of its standard error, on another thread.
  // Ignores SIGPIPE for the whole program: a child that closes its input is an error, not a death.
  static Result<std::unique_ptr<ChildProcess>> Start(const std::string& command,
                                                     LineSink on_stderr);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  // Kills what still runs.
  ~ChildProcess();

  // Sends a line and returns the next line the child prints, both without their newline. Fails if
  // that takes longer than `limit`, the child ends, or the line is too long. A child that failed is
  // of no further use.
  Result<std::string> Ask(std::string_view line, std::chrono::milliseconds limit);

  // The next line that the child prints, within the same bounds.
  Result<std::string> ReadLine(std::chrono::milliseconds limit);

  // True once the child itself, not what it started, has ended; waits up to `limit` for that.
  bool WaitForExit(std::chrono::milliseconds limit) const;

  // Sends it a signal, if it still runs.
  void Signal(int number) const;

  // Closes the child's input, waits up to `limit` for it to end, then kills what is left of its
  // process group. Idempotent.
  void Stop(std::chrono::milliseconds limit);

  // How it ended, such as "exit status 3" or "signal 9"; "running" before that.
  const std::string& ending() const { return ending_; }

 private:
  struct Descriptors {
    int input;
    int output;
    int errors;
    int stop_reader;
    int stop_writer;
  };
  ChildProcess(pid_t pid, Descriptors descriptors, LineSink on_stderr);

  Result<std::string> ReadLineUntil(std::chrono::steady_clock::time_point deadline);
  bool WaitForOutput(std::chrono::steady_clock::time_point deadline);
  Result<std::string> TakeLine();
  Error Failure(std::string what);
  void Kill();
  void Reap();

  pid_t pid_;
  int input_;   // we write; -1 when closed
  int output_;  // we read, non-blocking
  std::string received_;
  std::size_t searched_ = 0;  // no newline before this
  std::string ending_ = "running";
  int stop_stderr_;  // closing it ends the reader
  std::thread stderr_reader_;
};

// Kills the process groups of all children that run. Async-signal-safe.
void KillAllChildren() noexcept;

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_CHILD_PROCESS_H_
