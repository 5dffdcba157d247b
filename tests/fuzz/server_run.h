// One connection of a server in memory: a client's raw bytes in, what it answered out.
#ifndef KEYWALK_TESTS_FUZZ_SERVER_RUN_H_
#define KEYWALK_TESTS_FUZZ_SERVER_RUN_H_

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/http_server.h"
#include "io/server_connection.h"
#include "tests/fuzz/strict_reader.h"
#include "tests/support/memory_stream.h"

namespace keywalk::fuzz {

// Confined to its io_context. `context` and `handler` outlive it.
class ServerRun {
 public:
  ServerRun(asio::io_context& context, io::HttpHandler& handler,
            testing::MemoryStreamOptions options);
  ServerRun(const ServerRun&) = delete;
  ServerRun& operator=(const ServerRun&) = delete;
  // Ends the program if anything is left running.
  ~ServerRun();

  // Sends the bytes, lets `wait` happen for what is then waited for, ends the client's side, and
  // closes the connection as a server does that stops.
  void Serve(std::string_view bytes, const std::function<void()>& wait);

  // The methods of the requests that the handler was given.
  const std::vector<std::string>& methods() const { return recorder_.methods; }
  // All that was sent to the client.
  const std::string& output() const { return client_->received(); }
  // The connection ended with a reset.
  bool was_reset() const { return client_->was_reset(); }

  // The final answers in it. Ends the program if they are not well-formed, or more than there were
  // requests, and one that the server refuses by itself.
  std::vector<StrictMessage> Answers() const;

 private:
  // Hands requests on.
  class Recorder final : public io::HttpHandler {
   public:
    explicit Recorder(io::HttpHandler& handler) : handler_(handler) {}
    Awaitable<void> Handle(io::ServerExchange& exchange) override {
      methods.push_back(exchange.head().method);
      return handler_.Handle(exchange);
    }
    std::vector<std::string> methods;

   private:
    io::HttpHandler& handler_;
  };

  asio::io_context& context_;
  Recorder recorder_;
  const io::ServerOptions options_;
  const std::shared_ptr<testing::MemoryConnection> client_;
  io::ServerConnection connection_;
  bool ended_ = false;
};

}  // namespace keywalk::fuzz

#endif  // KEYWALK_TESTS_FUZZ_SERVER_RUN_H_
