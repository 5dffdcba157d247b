#include "mockupstream/record/record_command.h"

#include <signal.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <utility>

namespace keywalk::mock {

int RunRecord(RecordOptions options) {
  constexpr int kNotWritten = 1;
  constexpr int kWrongInput = 2;
  // Blocked before the server's thread is made, so that sigwait() below is the one to see them.
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

  options.log = [](bool problem, const std::string& text) {
    spdlog::log(problem ? spdlog::level::warn : spdlog::level::info, "{}", text);
  };
  const auto server = RecordServer::Start(std::move(options));
  if (!server.ok()) {
    std::fprintf(stderr, "keywalk-mock: %s\n", server.error().message().c_str());
    return kWrongInput;
  }
  std::printf("listening on %s\n", (*server)->address().c_str());
  std::fflush(stdout);

  int received = 0;
  sigwait(&stop_signals, &received);
  spdlog::info("stopping");
  if (const std::optional<Error> error = (*server)->Stop()) {
    std::fprintf(stderr, "keywalk-mock: %s\n", error->message().c_str());
    return kNotWritten;
  }
  return 0;
}

}  // namespace keywalk::mock
