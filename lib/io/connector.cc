#include "io/connector.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "io/deadline.h"
#include "io/http1_parser.h"
#include "io/http1_writer.h"
#include "io/http_server.h"
#include "io/socket_stream.h"

namespace keywalk::io {
namespace {

using asio::ip::tcp;
using Resolver = asio::ip::basic_resolver<tcp, Executor>;
using ConnectResult = Result<std::unique_ptr<Stream>, TransportError>;
using Kind = TransportError::Kind;

constexpr std::size_t kMaxProxyHeadBytes = 16 * 1024;

// The steps of one connection, all under one deadline and one cancellation.
class Attempt final : private DeadlineService::Entry {
 public:
  Attempt(asio::io_context& context, const HttpTransportOptions& options, asio::ssl::context* tls,
          const BaseUrl* forward_proxy)
      : DeadlineService::Entry(context),
        context_(context),
        options_(options),
        tls_(tls),
        forward_proxy_(forward_proxy),
        socket_(context.get_executor()) {}

  Awaitable<ConnectResult> Run(Cancellation& cancel) {
    const auto started = std::chrono::steady_clock::now();
    ExpiresAfter(options_.connect_timeout);
    {
      const Cancellation::Scope scope(cancel, [this] { Abort(); });
      const BaseUrl& next_hop = forward_proxy_ != nullptr ? *forward_proxy_ : options_.base;
      const error_code ec = co_await ConnectTcp(next_hop);
      if (ec) co_return Fail(cancel, Kind::kConnect, ec, Where(next_hop) + ": " + ec.message());
      if (forward_proxy_ != nullptr) {
        const std::string refusal = co_await OpenTunnel();
        if (!refusal.empty()) {
          co_return Fail(cancel, Kind::kConnect, asio::error::connection_refused,
                         "forward proxy " + Where(next_hop) + ": " + refusal);
        }
      }
    }
    ExpiresNever();
    if (tls_ == nullptr) co_return MakeTcpStream(context_, std::move(socket_));
    const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - started);
    Awaitable<HandshakeResult> handshake = TlsConnect(
        context_, *tls_, std::move(socket_), options_.base.host,
        std::max(options_.connect_timeout - spent, std::chrono::milliseconds(1)), cancel);
    HandshakeResult secured = co_await std::move(handshake);
    if (secured.stream == nullptr) {
      co_return Fail(cancel, secured.code == asio::error::timed_out ? Kind::kTimeout : Kind::kTls,
                     secured.code, Where(options_.base) + ": " + secured.message);
    }
    co_return std::move(secured.stream);
  }

 private:
  static std::string Where(const BaseUrl& base) { return base.host + ":" + base.port; }

  // What the current step waits for fails; a step that would begin does not.
  void Abort() {
    aborted_ = true;
    if (lookup_ != nullptr) lookup_->done.cancel();
    error_code ignored;
    socket_.close(ignored);
  }

  void OnExpired() noexcept override {
    expired_ = true;
    Abort();
  }

  ConnectResult Fail(const Cancellation& cancel, Kind kind, error_code ec, std::string message) {
    if (cancel.requested()) {
      return TransportError(Kind::kCancelled, asio::error::operation_aborted, "cancelled");
    }
    if (expired_) {
      return TransportError(Kind::kTimeout, asio::error::timed_out,
                            "no connection to " + Where(options_.base) + " in time");
    }
    return TransportError(kind, ec, std::move(message));
  }

  // A look-up under way. getaddrinfo cannot be interrupted: whoever gives up leaves it behind.
  struct Lookup {
    explicit Lookup(Executor executor) : resolver(executor), done(executor) {}
    Resolver resolver;
    SteadyTimer done;  // cancelled when it has ended, or nobody waits any more
    bool ended = false;
    error_code code;
    std::vector<tcp::endpoint> endpoints;
  };

  Awaitable<error_code> Resolve(const BaseUrl& hop, std::vector<tcp::endpoint>& endpoints) {
    const auto port = static_cast<unsigned short>(std::stoul(hop.port));
    if (IsLocalhostName(hop.host)) {
      endpoints.emplace_back(asio::ip::address_v6::loopback(), port);
      endpoints.emplace_back(asio::ip::address_v4::loopback(), port);
      co_return error_code{};
    }
    error_code not_an_address;
    const asio::ip::address address = asio::ip::make_address(hop.host, not_an_address);
    if (!not_an_address) {
      endpoints.emplace_back(address, port);
      co_return error_code{};
    }
    const auto lookup = std::make_shared<Lookup>(context_.get_executor());
    lookup_ = lookup;
    lookup->resolver.async_resolve(
        hop.host, hop.port, [lookup](const error_code& ec, const Resolver::results_type& found) {
          lookup->ended = true;
          lookup->code = ec;
          for (const auto& entry : found) lookup->endpoints.push_back(entry.endpoint());
          lookup->done.cancel();
        });
    lookup->done.expires_at(SteadyTimer::time_point::max());
    co_await lookup->done.async_wait(kAwaitTuple);
    lookup_ = nullptr;
    if (!lookup->ended) co_return asio::error::operation_aborted;
    endpoints = std::move(lookup->endpoints);
    co_return lookup->code;
  }

  Awaitable<error_code> ConnectTcp(const BaseUrl& hop) {
    std::vector<tcp::endpoint> endpoints;
    const error_code unresolved = co_await Resolve(hop, endpoints);
    if (unresolved) co_return unresolved;
    if (aborted_) co_return asio::error::operation_aborted;
    auto [ec, endpoint] = co_await asio::async_connect(socket_, endpoints, kAwaitTuple);
    if (!ec && aborted_) co_return asio::error::operation_aborted;
    co_return ec;
  }

  // RFC 9110 section 9.3.6. Gives the reason of a refusal, or an empty text.
  Awaitable<std::string> OpenTunnel() {
    const std::string target = options_.base.host + ":" + options_.base.port;
    std::string head;
    AppendRequestLine(head, "CONNECT", target);
    AppendField(head, "Host", target);
    head += "\r\n";
    auto [write_ec, written] = co_await asio::async_write(socket_, asio::buffer(head), kAwaitTuple);
    if (write_ec) co_return write_ec.message();
    // Byte for byte, so that nothing of what follows the head is swallowed.
    Http1Parser parser(Http1Parser::Role::kResponse, kMaxProxyHeadBytes);
    parser.Start(true);
    std::string received;
    while (!parser.head_done()) {
      char byte;
      auto [ec, got] = co_await socket_.async_read_some(asio::buffer(&byte, 1), kAwaitTuple);
      if (ec) co_return ec.message();
      received.push_back(byte);
      const Http1Parser::Progress progress = parser.Put(received);
      received.erase(0, progress.consumed);
      if (progress.code) co_return progress.code.message();
    }
    const int status = parser.head().status;
    if (status / 100 != 2) co_return "CONNECT answered " + std::to_string(status);
    co_return std::string();
  }

  asio::io_context& context_;
  const HttpTransportOptions& options_;
  asio::ssl::context* const tls_;
  const BaseUrl* const forward_proxy_;
  Socket socket_;
  std::shared_ptr<Lookup> lookup_;  // while a name is looked up
  bool aborted_ = false;
  bool expired_ = false;
};

class NetworkConnector final : public Connector {
 public:
  NetworkConnector(asio::io_context& context, const HttpTransportOptions& options)
      : context_(context), options_(options) {}

  // What can fail; nullopt if nothing did.
  std::optional<Error> Prepare() {
    if (options_.base.tls) {
      if (auto error = PrepareTls()) return error;
    }
    if (!options_.https_proxy.empty() && options_.base.tls) {
      Result<BaseUrl> parsed = BaseUrl::Parse(options_.https_proxy);
      if (!parsed.ok() || parsed->tls) {
        return Error("HTTPS_PROXY: expected http://HOST:PORT without user info");
      }
      forward_proxy_ = std::move(*parsed);
    }
    return std::nullopt;
  }

  Awaitable<ConnectResult> Connect(Cancellation& cancel) override {
    Attempt attempt(context_, options_, tls_ ? &*tls_ : nullptr,
                    forward_proxy_ ? &*forward_proxy_ : nullptr);
    Awaitable<ConnectResult> run = attempt.Run(cancel);
    co_return co_await std::move(run);
  }

 private:
  std::optional<Error> PrepareTls() {
    tls_.emplace(asio::ssl::context::tls_client);
    tls_->set_options(asio::ssl::context::no_sslv2 | asio::ssl::context::no_sslv3 |
                      asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    error_code ec;
    if (options_.ca_file.empty()) {
      tls_->set_default_verify_paths(ec);
      if (ec) return Error("the system's trust store cannot be used: " + ec.message());
    } else {
      tls_->load_verify_file(options_.ca_file, ec);
      if (ec) return Error(options_.ca_file + ": not a file of PEM certificates: " + ec.message());
    }
    tls_->set_verify_mode(asio::ssl::verify_peer);
    return std::nullopt;
  }

  asio::io_context& context_;
  const HttpTransportOptions options_;
  std::optional<asio::ssl::context> tls_;
  std::optional<BaseUrl> forward_proxy_;
};

}  // namespace

Result<std::unique_ptr<Connector>> MakeNetworkConnector(asio::io_context& context,
                                                        const HttpTransportOptions& options) {
  auto connector = std::make_unique<NetworkConnector>(context, options);
  if (std::optional<Error> error = connector->Prepare()) return std::move(*error);
  return std::unique_ptr<Connector>(std::move(connector));
}

}  // namespace keywalk::io
