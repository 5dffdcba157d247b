// keywalk-proxy: runs a ProxyServer until it is told to stop.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "keywalk/http_transport.h"
#include "proxy/command_line.h"
#include "proxy/proxy_server.h"

namespace {

using keywalk::proxy::LogLevel;
using keywalk::proxy::ProxyServer;

constexpr int kCannotStart = 2;
constexpr int kCutShort = 1;

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return spdlog::level::trace;
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::shared_ptr<spdlog::logger> MakeLogger(LogLevel lowest) {
  auto logger = std::make_shared<spdlog::logger>("keywalk-proxy",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(ToSpdlog(lowest));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->flush_on(spdlog::level::trace);
  return logger;
}

// Catches SIGTERM and SIGINT from its construction on: before anybody is told that the program
// runs.
class StopSignals {
 public:
  // Returns after a first signal, once the requests in flight have ended; a second one ends the
  // program at once.
  void Serve(ProxyServer& server, spdlog::logger& logger) {
    std::thread drain;
    signals_.async_wait([&](boost::system::error_code error, int) {
      if (error) return;
      logger.info("stopping: waiting for the requests in flight");
      drain = std::thread([&] {
        server.Drain();
        context_.stop();
      });
      signals_.async_wait([&](boost::system::error_code second_error, int) {
        if (second_error) return;
        logger.warn("stopped at once: requests in flight were cut off");
        std::_Exit(kCutShort);
      });
    });
    context_.run();
    if (drain.joinable()) drain.join();
    logger.info("stopped");
  }

 private:
  boost::asio::io_context context_{1};
  boost::asio::signal_set signals_{context_, SIGTERM, SIGINT};
};

}  // namespace

int main(int argc, char** argv) {
  keywalk::proxy::CommandLine command_line = keywalk::proxy::ParseCommandLine(argc, argv);
  if (command_line.exit_code) return *command_line.exit_code;
  const std::shared_ptr<spdlog::logger> logger = MakeLogger(command_line.config.log_level);
  StopSignals signals;
  auto server = ProxyServer::Start(std::move(command_line.config), keywalk::MakeSystemClock(),
                                   [logger](LogLevel level, std::string_view line) {
                                     logger->log(ToSpdlog(level),
                                                 spdlog::string_view_t(line.data(), line.size()));
                                   });
  if (!server) {
    std::fprintf(stderr, "keywalk-proxy: %s\n", server.error().message().c_str());
    return kCannotStart;
  }
  std::printf("listening on %s\n", (*server)->listen_address().c_str());
  if (const std::string admin = (*server)->admin_address(); !admin.empty()) {
    std::printf("admin on %s\n", admin.c_str());
  }
  std::fflush(stdout);
  signals.Serve(**server, *logger);
  return 0;
}
