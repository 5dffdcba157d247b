#include "proxy/worker.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

namespace keywalk::proxy {

Result<std::unique_ptr<Worker>> Worker::Make(const ProxyShared& shared,
                                             const io::ServerOptions& options) {
  std::unique_ptr<Worker> worker(new Worker(shared));
  Result<std::shared_ptr<const Serving>> serving =
      Serving::Make(worker->context_, shared, shared.generation(), nullptr);
  if (!serving) return serving.error();
  worker->serving_ = *serving;
  worker->handler_ = std::make_unique<ProxyHandler>(shared, std::move(*serving));
  Result<std::unique_ptr<io::HttpServer>> server =
      io::HttpServer::Create(worker->context_, options, *worker->handler_);
  if (!server) return server.error();
  worker->server_ = std::move(*server);
  return worker;
}

Worker::~Worker() { Stop(); }

Result<asio::ip::tcp::endpoint> Worker::Listen(std::string_view address) {
  return server_->Listen(address);
}

Result<asio::ip::tcp::endpoint> Worker::ListenForAdmin(std::string_view address,
                                                       io::HttpHandler& handler) {
  io::ServerOptions options;
  options.max_connections = 100;
  Result<std::unique_ptr<io::HttpServer>> server =
      io::HttpServer::Create(context_, options, handler);
  if (!server) return server.error();
  admin_server_ = std::move(*server);
  return admin_server_->Listen(address);
}

Result<std::shared_ptr<const Serving>> Worker::Prepare(
    std::shared_ptr<const Generation> generation) {
  return Serving::Make(context_, shared_, std::move(generation), serving_.get());
}

std::future<void> Worker::Use(std::shared_ptr<const Serving> serving,
                              std::shared_ptr<io::ServerSettings> settings) {
  auto promise = std::make_shared<std::promise<void>>();
  std::future<void> done = promise->get_future();
  // The one that is replaced goes along: with its connections it belongs to the thread.
  std::shared_ptr<const Serving> replaced = std::exchange(serving_, std::move(serving));
  asio::post(context_, [this, promise, settings = std::move(settings), next = serving_,
                        replaced = std::move(replaced)]() mutable {
    handler_->Use(std::move(next));
    server_->Use(std::move(settings));
    replaced.reset();
    promise->set_value();
  });
  return done;
}

void Worker::Run() {
  thread_ = std::thread([this] { context_.run(); });
}

std::future<void> Worker::DrainServer(io::HttpServer& server, std::chrono::milliseconds limit) {
  auto promise = std::make_shared<std::promise<void>>();
  std::future<void> done = promise->get_future();
  asio::co_spawn(context_.get_executor(), server.Drain(limit),
                 [promise](const std::exception_ptr& error) {
                   if (error) {
                     promise->set_exception(error);
                   } else {
                     promise->set_value();
                   }
                 });
  return done;
}

std::future<void> Worker::Drain(std::chrono::milliseconds limit) {
  return DrainServer(*server_, limit);
}

void Worker::Stop() {
  if (thread_.joinable()) {
    // Requests end by themselves when their connections do, so that every coroutine is gone before
    // what it refers to.
    constexpr std::chrono::milliseconds kAtOnce{0};
    DrainServer(*server_, kAtOnce).wait();
    if (admin_server_ != nullptr) DrainServer(*admin_server_, kAtOnce).wait();
    work_.reset();
    context_.stop();
    thread_.join();
  }
}

}  // namespace keywalk::proxy
