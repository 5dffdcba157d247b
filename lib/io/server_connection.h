// One accepted connection: requests in, answers out, one at a time.
#ifndef KEYWALK_IO_SERVER_CONNECTION_H_
#define KEYWALK_IO_SERVER_CONNECTION_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "io/http_server.h"
#include "io/message_reader.h"
#include "io/stream.h"

namespace keywalk::io {

// The framing of a request that was parsed: its faults that only a server can see. An answer's
// status, or 0 if there is nothing wrong.
int CheckRequest(const RequestHead& head);

// Confined to its io_context. Lives on the frame of Serve()'s caller.
class ServerConnection final {
 public:
  ServerConnection(asio::io_context& context, std::unique_ptr<Stream> stream,
                   const asio::ip::address& peer, bool tls, std::uint64_t id,
                   const ServerOptions& options, HttpHandler& handler);
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  // Serves until the peer or a limit ends it.
  Awaitable<void> Serve();
  // Leaves it to that handler instead.
  Awaitable<void> Surrender(ConnectionHandler& handler);

  // Ends the connection: at once if idle, else after the answer under way.
  void Drain();
  // Ends it now, whatever it does: a handler at work is told that its client has gone.
  void Close();

 private:
  friend class Exchange;
  friend class RequestBody;

  Awaitable<bool> ReadHead();
  Awaitable<bool> ServeOne();
  Awaitable<void> Refuse(int status);
  Awaitable<bool> FinishRequestBody();
  Awaitable<void> LingeringClose();
  void StartWatch();
  // One deadline serves both directions: it stays while either is waited for.
  void DirectionEnded(bool& direction);
  void BeginWrite();
  Awaitable<error_code> Write(std::span<const asio::const_buffer> buffers);

  asio::io_context& context_;
  const std::unique_ptr<Stream> stream_;
  const std::string peer_address_;
  const bool tls_;
  const std::uint64_t id_;
  const ServerOptions& options_;
  HttpHandler& handler_;
  MessageReader reader_;
  Cancellation* client_gone_ = nullptr;  // of the request being served; null between requests
  bool reading_body_ = false;
  bool writing_ = false;
  std::size_t requests_ = 0;
  bool in_request_ = false;
  bool draining_ = false;
  bool keep_alive_ = true;
  bool taken_over_ = false;
  bool hung_up_ = false;  // taken over to be ended in order
  RequestHead head_;
  std::string out_;  // the head of an answer being sent
};

}  // namespace keywalk::io

#endif  // KEYWALK_IO_SERVER_CONNECTION_H_
