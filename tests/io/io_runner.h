// Runs coroutines of the I/O layer in a test, and a server beside a blocking client.
#ifndef KEYWALK_TESTS_IO_IO_RUNNER_H_
#define KEYWALK_TESTS_IO_IO_RUNNER_H_

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "io/deadline.h"
#include "io/http_server.h"
#include "keywalk/awaitable.h"
#include "keywalk/transport.h"

namespace keywalk::testing {

inline constexpr std::chrono::seconds kTestLimit{20};

// An io_context on the test's own thread.
class IoRunner {
 public:
  asio::io_context& context() { return context_; }

  // Runs until the coroutine has ended; rethrows what it threw. Fails the test after kTestLimit.
  void Run(Awaitable<void> body) {
    bool done = false;
    std::exception_ptr thrown;
    asio::co_spawn(context_.get_executor(), std::move(body), [&](std::exception_ptr exception) {
      done = true;
      thrown = exception;
      context_.stop();
    });
    context_.restart();
    context_.run_for(kTestLimit);
    if (thrown) std::rethrow_exception(thrown);
    if (!done) throw std::runtime_error("the coroutine did not end in time");
  }

 private:
  asio::io_context context_;
};

// A handler made of a function.
class FunctionHandler final : public io::HttpHandler {
 public:
  using Function = std::function<Awaitable<void>(io::ServerExchange&)>;
  explicit FunctionHandler(Function function) : function_(std::move(function)) {}
  Awaitable<void> Handle(io::ServerExchange& exchange) override { return function_(exchange); }

 private:
  const Function function_;
};

// An HTTP server on a thread of its own, on a free port of 127.0.0.1.
class ServerThread {
 public:
  explicit ServerThread(FunctionHandler::Function function, io::ServerOptions options = {})
      : handler_(std::move(function)) {
    auto server = io::HttpServer::Create(context_, std::move(options), handler_);
    if (!server.ok()) throw std::runtime_error(server.error().message());
    server_ = std::move(*server);
    auto endpoint = server_->Listen("127.0.0.1:0");
    if (!endpoint.ok()) throw std::runtime_error(endpoint.error().message());
    port_ = endpoint->port();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~ServerThread() {
    context_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return port_; }
  asio::io_context& context() { return context_; }
  io::HttpServer& server() { return *server_; }

  // Runs a function on the server's thread and waits for its result.
  template <typename Function>
  auto Ask(Function function) {
    std::packaged_task<decltype(function())()> task(std::move(function));
    auto result = task.get_future();
    asio::post(context_, [&task] { task(); });
    return result.get();
  }

 private:
  asio::io_context context_;
  FunctionHandler handler_;
  std::unique_ptr<io::HttpServer> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

// Reads a body to its end; throws its error.
inline Awaitable<std::string> ReadAll(BodySource& body) {
  std::string all;
  while (true) {
    const BodyChunk chunk = co_await body.Read();
    if (chunk.failed()) throw std::runtime_error(chunk.error().message);
    if (chunk.at_end()) break;
    all.append(chunk.bytes());
  }
  co_return all;
}

// A body of given pieces, of known or unknown length, that may end in an error.
class PiecesBody final : public BodySource {
 public:
  explicit PiecesBody(std::vector<std::string> pieces, bool known_size = true, bool fails = false)
      : pieces_(std::move(pieces)), known_size_(known_size), fails_(fails) {}

  std::optional<std::uint64_t> size() const override {
    if (!known_size_) return std::nullopt;
    std::uint64_t total = 0;
    for (const std::string& piece : pieces_) total += piece.size();
    return total;
  }
  Awaitable<BodyChunk> Read() override {
    ++reads_;
    if (next_ < pieces_.size()) co_return BodyChunk(pieces_[next_++]);
    if (fails_) {
      co_return BodyChunk(TransportError(TransportError::Kind::kReset,
                                         asio::error::connection_reset, "the client has gone"));
    }
    co_return BodyChunk();
  }
  void Cancel() override {}
  const Headers& trailers() const override { return trailers_; }
  std::size_t reads() const { return reads_; }

 private:
  const std::vector<std::string> pieces_;
  const bool known_size_;
  const bool fails_;
  const Headers trailers_;
  std::size_t next_ = 0;
  std::size_t reads_ = 0;
};

}  // namespace keywalk::testing

#endif  // KEYWALK_TESTS_IO_IO_RUNNER_H_
