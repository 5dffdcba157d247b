// keywalk-soak-clients: many clients of one proxy, each with a thread and a connection of its own.
// Writes what each saw to standard output, a line a request (OutcomeLog), until its time is over or
// it is told to stop (SIGTERM, SIGINT).

#include <pthread.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "tests/soak/clients/client.h"

namespace {

using keywalk::soak::Client;
using keywalk::soak::OutcomeLog;
using keywalk::soak::Workload;
using keywalk::soak::WorkloadOptions;

struct Options {
  WorkloadOptions workload;
  std::uint16_t port = 0;
  unsigned clients = 16;
  double seconds = 10;
};

// Waits for the end of the time, or a signal, while what was written goes out.
void WaitForTheEnd(const sigset_t& signals, double seconds, OutcomeLog& log) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  const timespec a_moment{0, 50'000'000};
  while (std::chrono::steady_clock::now() < until) {
    if (sigtimedwait(&signals, nullptr, &a_moment) > 0) return;
    log.Flush();
  }
}

void Run(const Options& options, const sigset_t& signals) {
  OutcomeLog log(stdout);
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < options.clients; ++i) {
    threads.emplace_back([&options, &log, &stop, i] {
      Workload workload(options.workload, i);
      Client client(options.port, workload, log);
      client.Run(stop);
    });
  }
  WaitForTheEnd(signals, options.seconds, log);
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  WorkloadOptions& workload = options.workload;
  CLI::App app{"Many clients of one proxy: what each request came to, a line of JSON each."};
  app.add_option("--port", options.port)->required();
  app.add_option("--route", workload.routes, "path prefix; can be repeated")->required();
  app.add_option("--kind", workload.kinds, "of requests; can be repeated (all)")
      ->check(CLI::IsMember(keywalk::soak::WorkloadKinds()));
  app.add_option("--id-prefix", workload.prefix, "of every request's id");
  app.add_option("--own-key", workload.own_key, "for clients with a key of their own");
  app.add_option("--max-upload", workload.max_upload, "bytes");
  app.add_option("--seed", workload.seed);
  app.add_option("--clients", options.clients)->check(CLI::Range(1, 4000));
  app.add_option("--seconds", options.seconds);
  CLI11_PARSE(app, argc, argv);

  // Before any thread, which all inherit it: signals are for WaitForTheEnd() alone.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Run(options, signals);
}
