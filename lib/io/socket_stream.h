// Streams over sockets, as accepted or connected.
#ifndef KEYWALK_IO_SOCKET_STREAM_H_
#define KEYWALK_IO_SOCKET_STREAM_H_

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "io/stream.h"
#include "keywalk/transport.h"

namespace keywalk::io {

using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;

std::unique_ptr<Stream> MakeTcpStream(asio::io_context& context, Socket socket);

// How a TLS handshake ended: a stream, or why there is none.
class HandshakeResult {
 public:
  explicit HandshakeResult(std::unique_ptr<Stream> stream) : stream(std::move(stream)) {}
  HandshakeResult(error_code code, std::string message) : code(code), message(std::move(message)) {}

  std::unique_ptr<Stream> stream;  // null if it failed
  error_code code;
  std::string message;
};

// The client's side: sends SNI and verifies the peer's certificate for `host` with what `tls`
// trusts. `tls` outlives the stream. `cancel` ends the handshake.
Awaitable<HandshakeResult> TlsConnect(asio::io_context& context, asio::ssl::context& tls,
                                      Socket socket, std::string host,
                                      std::chrono::milliseconds time, Cancellation& cancel);
// The server's side.
Awaitable<HandshakeResult> TlsAccept(asio::io_context& context, asio::ssl::context& tls,
                                     Socket socket, std::chrono::milliseconds time);

}  // namespace keywalk::io

#endif  // KEYWALK_IO_SOCKET_STREAM_H_
