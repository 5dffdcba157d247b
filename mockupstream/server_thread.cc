#include "mockupstream/server_thread.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

namespace keywalk::mock {
namespace {

// How long Stop() lets coroutines unwind after their connections were closed.
constexpr std::chrono::seconds kUnwindTime{5};

}  // namespace

void ServerThread::Start(io::HttpServer& server, std::function<std::size_t()> active) {
  server_ = &server;
  active_ = std::move(active);
  thread_ = std::thread([this] { Run(); });
}

bool ServerThread::Stop(std::chrono::milliseconds drain) {
  const MutexLock lock(stop_mutex_);
  if (!thread_.joinable()) return false;
  asio::post(context_, [this, drain] {
    asio::co_spawn(context_.get_executor(), server_->Drain(drain),
                   [this](std::exception_ptr) { context_.stop(); });
  });
  thread_.join();
  return true;
}

void ServerThread::Run() {
  context_.run();
  // Drained: what is still being served has lost its connection, and ends by itself.
  context_.restart();
  const auto deadline = std::chrono::steady_clock::now() + kUnwindTime;
  while (active_() + server_->open_connections() > 0 &&
         std::chrono::steady_clock::now() < deadline) {
    context_.run_one_for(std::chrono::milliseconds(10));
  }
}

}  // namespace keywalk::mock
