// An HTTP/1.1 server for one io_context: what the proxy, the admin pages and the mock upstream
// stand on. It parses, frames, keeps connections alive, pipelines (one request at a time, in
// order), and holds every limit; a handler answers.
//
// Confined to its io_context. Servers of several threads may share a port
// (ServerOptions::reuse_port).
#ifndef KEYWALK_IO_HTTP_SERVER_H_
#define KEYWALK_IO_HTTP_SERVER_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "io/stream.h"
#include "keywalk/awaitable.h"
#include "keywalk/headers.h"
#include "keywalk/result.h"
#include "keywalk/transport.h"

namespace keywalk::io {

struct ServerOptions {
  std::string tls_cert_file;  // PEM chain; with tls_key_file: serve TLS
  std::string tls_key_file;
  bool reuse_port = false;

  std::size_t max_header_bytes = 64 * 1024;
  std::size_t max_connections = 10'000;              // further ones wait in the listen queue
  std::chrono::milliseconds header_timeout{30'000};  // first byte of a request to its blank line
  std::chrono::milliseconds keep_alive{75'000};      // between requests
  std::chrono::milliseconds idle_timeout{600'000};   // between two pieces of a body, either way
};

// The head of a request, as received.
class RequestHead {
 public:
  std::string method;
  std::string target;
  int version = 11;  // 10 or 11
  Headers headers;   // all of them, framing and hop-by-hop too
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

// One request and its answer. Valid while the handler runs.
class ServerExchange {
 public:
  virtual ~ServerExchange() = default;

  virtual const RequestHead& head() const = 0;

  // The request's body. The first Read() answers `Expect: 100-continue`. What the handler leaves
  // unread is drained up to a bound, or the connection is closed after the answer. The source may
  // be held longer than the handler runs (by an upload that goes on); its reads fail then.
  virtual std::shared_ptr<BodySource> body() = 0;

  // The client's IP address, IPv4 under its own name also on an IPv6 listener. For the length of
  // the connection.
  virtual std::string_view peer_address() const = 0;
  virtual bool is_tls() const = 0;
  // Counts connections from 1; the same for all requests of one connection.
  virtual std::uint64_t connection_id() const = 0;

  // From this call until the answer is complete, the client's closing its connection requests
  // `client_gone()`. May be called before the body is read: the watch begins at the body's end.
  // Pipelined bytes are kept (bounded).
  virtual void WatchClient() = 0;
  virtual Cancellation& client_gone() = 0;
  // The same from now on, with the body unread: a bounded part of it is kept for who reads it. A
  // client that leaves with more than that unread is not seen to go.
  virtual void WatchUnread() = 0;

  // Sends a whole answer. Content-Length, Date and Connection are the server's to set; `reason`
  // empty: the standard phrase. `headers` and `body` are there until it has been sent.
  virtual Awaitable<error_code> Respond(int status, const Headers& headers, std::string_view body,
                                        std::string_view reason = {}) = 0;

  // Sends an answer piece by piece. With a length: Content-Length; without: chunked, or until close
  // for an HTTP/1.0 client, whose connection is reset if the handler returns without
  // FinishResponse. A HEAD request, 204 and 304 get no body whatever is written; `length` is then
  // what Content-Length says. With a length, the head is held back until the first WriteBody, Flush
  // or FinishResponse, to go out in one packet with it.
  virtual Awaitable<error_code> StartResponse(int status, std::string_view reason,
                                              const Headers& headers,
                                              std::optional<std::uint64_t> length) = 0;
  virtual Awaitable<error_code> WriteBody(std::string_view bytes) = 0;
  // Sends a head that is held back.
  virtual Awaitable<error_code> Flush() = 0;
  virtual Awaitable<error_code> FinishResponse(const Headers& trailers) = 0;

  // True once a byte of an answer may have been sent.
  virtual bool response_started() const = 0;
  // Makes the connection end after this answer.
  virtual void CloseAfterResponse() = 0;

  // What follows is for a handler that misbehaves on purpose.

  // The head that StartResponse would send: the handler sends it, or what it likes of it, by
  // WriteRaw(), and goes on as after StartResponse.
  virtual std::string RenderHead(int status, std::string_view reason, const Headers& headers,
                                 std::optional<std::uint64_t> length) = 0;
  // Sends bytes as they are, past all framing, before an answer or in it.
  virtual Awaitable<error_code> WriteRaw(std::string_view bytes) = 0;
  // The connection itself. After TakeOver() the server sends nothing more on it and closes it when
  // the handler returns.
  virtual Stream& TakeOver() = 0;
  // Takes it over to end it in order. Where the client may still be sending its request, that is
  // dropped for a bounded time first: a close at once would be a reset. Idempotent.
  virtual void HangUp() = 0;
};

// Has a connection to itself, to misbehave on.
class ConnectionHandler {
 public:
  virtual ~ConnectionHandler() = default;
  // `gone` is requested when the client leaves and when the server stops. The connection is ended
  // in order afterwards, if it has not been reset. Both outlive the call.
  virtual Awaitable<void> Handle(Stream& stream, Cancellation& gone) = 0;
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Answers one request. If it returns without an answer, or throws, the server answers 500 (or
  // closes, if an answer had begun).
  virtual Awaitable<void> Handle(ServerExchange& exchange) = 0;
  // Asked for each connection that was accepted, before a TLS handshake and before anything is
  // read. Null: it is served.
  virtual std::unique_ptr<ConnectionHandler> OnAccept(std::uint64_t /*connection_id*/) {
    return nullptr;
  }
};

// ServerOptions with the TLS files read.
class ServerSettings;

class HttpServer {
 public:
  // `context` and `handler` outlive the server. Fails if the TLS files cannot be used.
  static Result<std::unique_ptr<HttpServer>> Create(asio::io_context& context,
                                                    ServerOptions options, HttpHandler& handler);
  virtual ~HttpServer() = default;

  // Other options for connections that are accepted from Use() on; those there are keep theirs, and
  // `reuse_port` stays what it was. Prepare() may run on any thread, and fails like Create(); Use()
  // belongs to the server's io_context.
  static Result<std::shared_ptr<ServerSettings>> Prepare(ServerOptions options);
  virtual void Use(std::shared_ptr<ServerSettings> settings) = 0;

  // Binds and starts to accept. "HOST:PORT", "[::1]:PORT"; port 0 binds a free one.
  virtual Result<asio::ip::tcp::endpoint> Listen(std::string_view address) = 0;

  // Serves a connection that was opened elsewhere, and has had its TLS handshake, like an accepted
  // one; the limit on connections and OnAccept() concern those alone.
  virtual void Serve(std::unique_ptr<Stream> stream, const asio::ip::address& peer) = 0;

  // Stops accepting, closes idle connections, lets requests in flight finish (with `Connection:
  // close`), and returns when all have ended or `limit` has passed; then the rest is closed.
  virtual Awaitable<void> Drain(std::chrono::milliseconds limit) = 0;

  virtual std::size_t open_connections() const = 0;
};

// "HOST:PORT" taken apart; fails with what was expected.
struct HostPort {
  std::string host;
  std::string port;
};
Result<HostPort> ParseHostPort(std::string_view address);

// The value of a Host field, such as "example.com:8080" or "[::1]" (RFC 9110 section 7.2):
//   Host = uri-host [ ":" port ]
// Empty is valid too (RFC 9112 section 3.2).
bool IsHostField(std::string_view value);

// True for names that always mean this host: "localhost" and what ends in ".localhost" (RFC 6761
// section 6.3). They are not looked up: a small container has no /etc/hosts that would know them.
bool IsLocalhostName(std::string_view host);

// True if the address is of the loopback range (127.0.0.0/8, ::1) or a name of it.
bool IsLoopback(std::string_view host);

}  // namespace keywalk::io

#endif  // KEYWALK_IO_HTTP_SERVER_H_
