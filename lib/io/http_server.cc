#include "io/http_server.h"

#include <sys/socket.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cerrno>
#include <exception>
#include <set>
#include <utility>

#include "io/deadline.h"
#include "io/server_connection.h"
#include "io/socket_stream.h"

namespace keywalk::io {

// Connections hold the settings that they were accepted under.
class ServerSettings {
 public:
  explicit ServerSettings(ServerOptions given) : options(std::move(given)) {}

  // What can fail; nullopt if nothing did.
  std::optional<Error> PrepareTls();

  const ServerOptions options;
  std::optional<asio::ssl::context> tls;
};

std::optional<Error> ServerSettings::PrepareTls() {
  if (options.tls_cert_file.empty() && options.tls_key_file.empty()) return std::nullopt;
  tls.emplace(asio::ssl::context::tls_server);
  tls->set_options(asio::ssl::context::no_sslv2 | asio::ssl::context::no_sslv3 |
                   asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
  error_code ec;
  tls->use_certificate_chain_file(options.tls_cert_file, ec);
  if (ec) {
    return Error(options.tls_cert_file + ": not a PEM certificate chain: " + ec.message());
  }
  tls->use_private_key_file(options.tls_key_file, asio::ssl::context::pem, ec);
  if (ec) {
    return Error(options.tls_key_file + ": not the PEM key of that certificate: " + ec.message());
  }
  return std::nullopt;
}

namespace {

using asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;

// After an error such as "too many open files": long enough not to spin, short enough to recover.
constexpr std::chrono::milliseconds kAcceptPause{50};

// Lets several sockets listen on one port, the kernel spreading connections (Linux 3.9).
error_code SetReusePort(Acceptor& acceptor) {
  const int on = 1;
  if (::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0) {
    return {};
  }
  return error_code(errno, boost::system::system_category());
}

// Shared with every coroutine of the server, so that whichever ends last finds it whole.
struct ServerState {
  ServerState(asio::io_context& context, std::shared_ptr<ServerSettings> settings,
              HttpHandler& handler)
      : context(context),
        settings(std::move(settings)),
        handler(handler),
        acceptor(context.get_executor()),
        changed(context.get_executor()) {}

  asio::io_context& context;
  std::shared_ptr<ServerSettings> settings;  // of connections that are accepted from now on
  HttpHandler& handler;
  Acceptor acceptor;
  SteadyTimer changed;  // cancelled when a connection ends or the server does
  std::set<ServerConnection*> connections;
  std::size_t open = 0;  // connections, handshakes too
  std::uint64_t accepted = 0;
  bool closing = false;

  void CloseAll() {
    closing = true;
    error_code ignored;
    acceptor.close(ignored);
    for (ServerConnection* connection : connections) connection->Close();
    changed.cancel();
  }
};

// Counts a connection for as long as its coroutine lives.
class OpenConnection {
 public:
  explicit OpenConnection(std::shared_ptr<ServerState> state) : state_(std::move(state)) {
    ++state_->open;
  }
  ~OpenConnection() {
    --state_->open;
    if (registered_ != nullptr) state_->connections.erase(registered_);
    state_->changed.cancel();
  }
  OpenConnection(const OpenConnection&) = delete;
  OpenConnection& operator=(const OpenConnection&) = delete;

  void Register(ServerConnection& connection) {
    registered_ = &connection;
    state_->connections.insert(registered_);
  }

 private:
  const std::shared_ptr<ServerState> state_;
  ServerConnection* registered_ = nullptr;
};

// `open` outlives it.
Awaitable<void> ServeStream(std::shared_ptr<ServerState> state,
                            std::shared_ptr<ServerSettings> settings, OpenConnection& open,
                            std::unique_ptr<Stream> stream, asio::ip::address peer,
                            std::uint64_t id) {
  if (state->closing) co_return;
  ServerConnection connection(state->context, std::move(stream), peer, settings->tls.has_value(),
                              id, settings->options, state->handler);
  open.Register(connection);
  co_await connection.Serve();
}

Awaitable<void> ServeGiven(std::shared_ptr<ServerState> state, std::unique_ptr<Stream> stream,
                           asio::ip::address peer, std::uint64_t id) {
  OpenConnection open(state);
  Awaitable<void> serving =
      ServeStream(state, state->settings, open, std::move(stream), std::move(peer), id);
  co_await std::move(serving);
}

Awaitable<void> ServeSocket(std::shared_ptr<ServerState> state, Socket socket, tcp::endpoint peer,
                            std::uint64_t id) {
  const std::shared_ptr<ServerSettings> settings = state->settings;
  std::unique_ptr<Stream> stream;
  OpenConnection open(state);
  if (const std::unique_ptr<ConnectionHandler> handler = state->handler.OnAccept(id)) {
    ServerConnection connection(state->context, MakeTcpStream(state->context, std::move(socket)),
                                peer.address(), false, id, settings->options, state->handler);
    open.Register(connection);
    co_await connection.Surrender(*handler);
    co_return;
  }
  if (settings->tls) {
    Awaitable<HandshakeResult> handshake = TlsAccept(
        state->context, *settings->tls, std::move(socket), settings->options.header_timeout);
    HandshakeResult secured = co_await std::move(handshake);
    if (secured.stream == nullptr) co_return;
    stream = std::move(secured.stream);
  } else {
    stream = MakeTcpStream(state->context, std::move(socket));
  }
  Awaitable<void> serving =
      ServeStream(state, settings, open, std::move(stream), peer.address(), id);
  co_await std::move(serving);
}

// Waits until something about the connections changes, or for `time`.
Awaitable<void> WaitForChange(ServerState& state, SteadyTimer::time_point until) {
  state.changed.expires_at(until);
  co_await state.changed.async_wait(kAwaitTuple);
}

Awaitable<void> AcceptLoop(std::shared_ptr<ServerState> state) {
  while (!state->closing) {
    if (state->open >= state->settings->options.max_connections) {
      co_await WaitForChange(*state, SteadyTimer::time_point::max());
      continue;
    }
    Socket socket(state->context.get_executor());
    tcp::endpoint peer;
    auto [ec] = co_await state->acceptor.async_accept(socket, peer, kAwaitTuple);
    if (ec == asio::error::operation_aborted || state->closing) break;
    if (ec) {
      SteadyTimer pause(state->context.get_executor(), kAcceptPause);
      co_await pause.async_wait(kAwaitTuple);
      continue;
    }
    const std::uint64_t id = ++state->accepted;
    // An exception (out of memory) ends its connection only: the frame is gone, the socket closed.
    asio::co_spawn(state->context.get_executor(),
                   ServeSocket(state, std::move(socket), std::move(peer), id),
                   [](std::exception_ptr) {});
  }
}

class HttpServerImpl final : public HttpServer {
 public:
  HttpServerImpl(asio::io_context& context, std::shared_ptr<ServerSettings> settings,
                 HttpHandler& handler)
      : state_(std::make_shared<ServerState>(context, std::move(settings), handler)) {}
  ~HttpServerImpl() override { state_->CloseAll(); }

  void Use(std::shared_ptr<ServerSettings> settings) override {
    state_->settings = std::move(settings);
    state_->changed.cancel();  // there may be room for more connections
  }

  Result<tcp::endpoint> Listen(std::string_view address) override {
    const Result<HostPort> parsed = ParseHostPort(address);
    if (!parsed.ok()) return parsed.error();
    asio::ip::basic_resolver<tcp, Executor> resolver(state_->context.get_executor());
    error_code ec;
    const std::string host = IsLocalhostName(parsed->host) ? "127.0.0.1" : parsed->host;
    const auto found = resolver.resolve(host, parsed->port, tcp::resolver::passive, ec);
    if (ec || found.empty()) {
      return Error("cannot listen on " + std::string(address) + ": " + ec.message());
    }
    const tcp::endpoint endpoint = found.begin()->endpoint();
    ec = Bind(endpoint);
    if (ec) return Error("cannot listen on " + std::string(address) + ": " + ec.message());
    asio::co_spawn(state_->context.get_executor(), AcceptLoop(state_),
                   [](std::exception_ptr exception) {
                     if (exception) std::rethrow_exception(exception);
                   });
    return state_->acceptor.local_endpoint();
  }

  Awaitable<void> Drain(std::chrono::milliseconds limit) override {
    const std::shared_ptr<ServerState> state = state_;
    state->closing = true;
    error_code ignored;
    state->acceptor.close(ignored);
    const std::set<ServerConnection*> connections = state->connections;
    for (ServerConnection* connection : connections) connection->Drain();
    const auto until = std::chrono::steady_clock::now() + limit;
    while (state->open > 0 && std::chrono::steady_clock::now() < until) {
      co_await WaitForChange(*state, until);
    }
    state->CloseAll();
    while (!state->connections.empty()) {
      co_await WaitForChange(*state, SteadyTimer::time_point::max());
    }
  }

  void Serve(std::unique_ptr<Stream> stream, const asio::ip::address& peer) override {
    asio::co_spawn(state_->context.get_executor(),
                   ServeGiven(state_, std::move(stream), peer, ++state_->accepted),
                   [](std::exception_ptr) {});  // as of one that was accepted
  }

  std::size_t open_connections() const override { return state_->open; }

 private:
  error_code Bind(const tcp::endpoint& endpoint) {
    error_code ec;
    Acceptor& acceptor = state_->acceptor;
    acceptor.open(endpoint.protocol(), ec);
    if (!ec) acceptor.set_option(asio::socket_base::reuse_address(true), ec);
    if (!ec && state_->settings->options.reuse_port) ec = SetReusePort(acceptor);
    if (!ec) acceptor.bind(endpoint, ec);
    if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
    return ec;
  }

  const std::shared_ptr<ServerState> state_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Create(asio::io_context& context,
                                                       ServerOptions options,
                                                       HttpHandler& handler) {
  Result<std::shared_ptr<ServerSettings>> settings = Prepare(std::move(options));
  if (!settings) return settings.error();
  return std::unique_ptr<HttpServer>(
      std::make_unique<HttpServerImpl>(context, std::move(*settings), handler));
}

Result<std::shared_ptr<ServerSettings>> HttpServer::Prepare(ServerOptions options) {
  auto settings = std::make_shared<ServerSettings>(std::move(options));
  if (std::optional<Error> error = settings->PrepareTls()) return std::move(*error);
  return settings;
}

}  // namespace keywalk::io
