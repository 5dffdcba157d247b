// keywalk-proxy: runs a ProxyServer until it is told to stop.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "io/descriptor_limit.h"
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

// A client's connection takes a descriptor, and two more while its request is served: the
// upstream's connection, and a file for its body.
void RaiseDescriptorLimitFor(const keywalk::proxy::ProxyConfig& config, spdlog::logger& logger) {
  constexpr std::size_t kEach = 3;
  constexpr std::size_t kOthers = 64;
  const std::size_t clients = config.limits.max_connections;
  const std::size_t limit = keywalk::io::RaiseDescriptorLimit(kEach * clients + kOthers);
  if (limit >= clients + kOthers) return;
  logger.warn("open files are limited to " + std::to_string(limit) +
              " (ulimit -n): that is not enough for " + std::to_string(clients) +
              " client connections");
}

// Catches its signals from its construction on: before anybody is told that the program runs.
class Signals {
 public:
  using ReadConfig = std::function<keywalk::Result<keywalk::proxy::ProxyConfig>()>;

  explicit Signals(spdlog::logger& logger) : logger_(logger) {}

  // Each SIGHUP puts in force what `read_config` gives. Returns after a SIGTERM or SIGINT, once the
  // requests in flight have ended; a second one ends the program at once.
  void Serve(ProxyServer& server, const ReadConfig& read_config) {
    AwaitHangUp(server, read_config);
    std::thread drain;
    stop_signals_.async_wait([&](boost::system::error_code error, int) {
      if (error) return;
      logger_.info("stopping: waiting for the requests in flight");
      drain = std::thread([&] {
        server.Drain();
        boost::asio::post(context_, [&] {
          drained_ = true;
          if (!reloading_) context_.stop();
        });
      });
      stop_signals_.async_wait([&](boost::system::error_code second_error, int) {
        if (second_error) return;
        logger_.warn("stopped at once: requests in flight were cut off");
        std::_Exit(kCutShort);
      });
    });
    context_.run();
    if (drain.joinable()) drain.join();
    if (reload_.joinable()) reload_.join();
    logger_.info("stopped");
  }

 private:
  // On a thread of its own: a file system that does not answer must not keep the program from being
  // stopped at once. Signals that come meanwhile wait.
  void AwaitHangUp(ProxyServer& server, const ReadConfig& read_config) {
    hang_up_.async_wait([&](boost::system::error_code error, int) {
      if (error) return;
      if (reload_.joinable()) reload_.join();
      reloading_ = true;
      reload_ = std::thread([&] {
        keywalk::Result<keywalk::proxy::ProxyConfig> config = read_config();
        const LogLevel level = config ? config->log_level : LogLevel::kError;
        if (config) RaiseDescriptorLimitFor(*config, logger_);
        if (server.Reload(std::move(config))) logger_.set_level(ToSpdlog(level));
        boost::asio::post(context_, [&] {
          reloading_ = false;
          if (drained_) return context_.stop();
          AwaitHangUp(server, read_config);
        });
      });
    });
  }

  spdlog::logger& logger_;
  boost::asio::io_context context_{1};
  boost::asio::signal_set stop_signals_{context_, SIGTERM, SIGINT};
  boost::asio::signal_set hang_up_{context_, SIGHUP};
  std::thread reload_;
  bool reloading_ = false;
  bool drained_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  keywalk::proxy::CommandLine command_line = keywalk::proxy::ParseCommandLine(argc, argv);
  if (command_line.exit_code) return *command_line.exit_code;
  const std::shared_ptr<spdlog::logger> logger = MakeLogger(command_line.config.log_level);
  Signals signals(*logger);
  RaiseDescriptorLimitFor(command_line.config, *logger);
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
  signals.Serve(**server, command_line.read_again);
  return 0;
}
