// Goal: an upstream behind TLS is verified, and a connection is used again only when it is clean.
// Method: certificates made on the spot, real sockets, a forward proxy in the same process.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "io/child_task.h"
#include "io/socket_stream.h"
#include "tests/io/transport_harness.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_certificate.h"

namespace keywalk {
namespace {

using io::ServerExchange;
using testing::Echo;
using testing::ExpectCancellable;
using testing::IoRunner;
using testing::Kind;
using testing::OptionsFor;
using testing::Outcome;
using testing::Recorded;
using testing::RoundTrip;
using testing::ServerThread;
using testing::TransportFor;

TEST(HttpTransportTlsTest, VerifiesTheUpstreamsCertificate) {
  const testing::TempDir dir;
  const testing::TestCertificate good = testing::MakeTestCertificate(dir.path());
  testing::TestCertificateOptions other_host;
  other_host.host = "other.example";
  other_host.name = "other";
  const testing::TestCertificate wrong_host = testing::MakeTestCertificate(dir.path(), other_host);
  testing::TestCertificateOptions old;
  old.expired = true;
  old.name = "expired";
  const testing::TestCertificate expired = testing::MakeTestCertificate(dir.path(), old);
  const auto serve = [](const testing::TestCertificate& certificate) {
    io::ServerOptions options;
    options.tls_cert_file = certificate.cert_file;
    options.tls_key_file = certificate.key_file;
    return std::make_unique<ServerThread>(Echo, options);
  };
  const auto ask = [](std::uint16_t port, const std::string& ca_file) {
    IoRunner io;
    HttpTransportOptions options = OptionsFor(port, "https");
    options.ca_file = ca_file;
    Request request;
    request.method = "POST";
    request.recorded_body = Recorded("secret");
    return RoundTrip(io, *TransportFor(io, options), request);
  };
  const auto server = serve(good);
  EXPECT_EQ(ask(server->port(), good.ca_file).body, "secret");
  EXPECT_EQ(ask(server->port(), wrong_host.ca_file).failure, Kind::kTls) << "untrusted";
  EXPECT_EQ(ask(server->port(), "").failure, Kind::kTls) << "not in the system's store";
  const auto misnamed = serve(wrong_host);
  EXPECT_EQ(ask(misnamed->port(), wrong_host.ca_file).failure, Kind::kTls);
  const auto outdated = serve(expired);
  const Outcome outcome = ask(outdated->port(), expired.ca_file);
  EXPECT_EQ(outcome.failure, Kind::kTls);
  EXPECT_NE(outcome.message.find("expired"), std::string::npos) << outcome.message;
}

// Copies bytes one way until an end.
Awaitable<void> Relay(io::Stream& from, io::Stream& to) {
  std::array<char, 4096> bytes;
  while (true) {
    const io::IoResult got = co_await from.ReadSome(asio::buffer(bytes));
    if (!got.ok()) break;
    const std::array<asio::const_buffer, 1> buffers{asio::buffer(bytes.data(), got.bytes)};
    const io::IoResult sent = co_await to.Write(buffers);
    if (!sent.ok()) break;
  }
  to.Close();
}

// A forward proxy: answers CONNECT and relays, or refuses.
Awaitable<void> ServeConnect(asio::io_context& context, std::uint16_t to, std::string& asked,
                             bool refuse, ServerExchange& exchange) {
  asked = exchange.head().method + " " + exchange.head().target;
  if (refuse) {
    const Headers none;
    co_await exchange.Respond(403, none, "");
    co_return;
  }
  io::Stream& client = exchange.TakeOver();
  io::Socket socket(context.get_executor());
  const asio::ip::tcp::endpoint target(asio::ip::address_v4::loopback(), to);
  co_await socket.async_connect(target, kAwait);
  const std::unique_ptr<io::Stream> upstream = io::MakeTcpStream(context, std::move(socket));
  const std::array<asio::const_buffer, 1> buffers{
      asio::buffer(std::string_view("HTTP/1.1 200 Established\r\n\r\n"))};
  co_await client.Write(buffers);
  io::ChildTask back(context.get_executor());
  back.Start(Relay(*upstream, client));
  co_await Relay(client, *upstream);
  co_await back.Join();
}

// An answer too many must not become the next request's (response queue poisoning).
TEST(HttpTransportTlsTest, AConnectionWithASurplusAnswerIsNotReused) {
  const testing::TempDir dir;
  const testing::TestCertificate certificate = testing::MakeTestCertificate(dir.path());
  for (const char* scheme : {"http", "https"}) {
    io::ServerOptions options;
    if (std::string(scheme) == "https") {
      options.tls_cert_file = certificate.cert_file;
      options.tls_key_file = certificate.key_file;
    }
    std::promise<void> answered;
    std::promise<void> surplus_sent;
    std::shared_future<void> go = answered.get_future().share();
    ServerThread server(
        [&](ServerExchange& exchange) -> Awaitable<void> {
          const bool first = exchange.connection_id() == 1;
          io::Stream& raw = exchange.TakeOver();
          const std::string text = first ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                                         : "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfresh";
          const std::array<asio::const_buffer, 1> buffers{asio::buffer(text)};
          co_await raw.Write(buffers);
          if (!first) co_return;
          go.wait();
          co_await raw.Write(buffers);
          surplus_sent.set_value();
          std::array<char, 1> byte;
          co_await raw.ReadSome(asio::buffer(byte));  // open until the client closes
        },
        options);
    IoRunner io;
    HttpTransportOptions to = OptionsFor(server.port(), scheme);
    to.ca_file = certificate.ca_file;
    const auto transport = TransportFor(io, to);
    EXPECT_EQ(RoundTrip(io, *transport, Request()).body, "ok");
    answered.set_value();
    surplus_sent.get_future().wait();
    EXPECT_EQ(RoundTrip(io, *transport, Request()).body, "fresh") << scheme;
  }
}

TEST(HttpTransportTlsTest, CancellingEndsATlsHandshake) {
  asio::io_context silent_context;  // accepts in the kernel, never speaks
  asio::ip::tcp::acceptor silent(silent_context,
                                 asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  IoRunner io;
  HttpTransportOptions options = OptionsFor(silent.local_endpoint().port(), "https");
  options.connect_timeout = testing::kTestLimit * 2;
  const auto transport = TransportFor(io, options);
  ExpectCancellable(io, *transport, std::chrono::milliseconds(50));
}

TEST(HttpTransportTlsTest, AForwardProxyTunnelsToATlsUpstream) {
  const testing::TempDir dir;
  const testing::TestCertificate certificate = testing::MakeTestCertificate(dir.path());
  io::ServerOptions tls;
  tls.tls_cert_file = certificate.cert_file;
  tls.tls_key_file = certificate.key_file;
  ServerThread upstream(Echo, tls);
  std::string asked;
  bool refuse = false;
  std::unique_ptr<ServerThread> proxy;
  proxy = std::make_unique<ServerThread>([&](ServerExchange& exchange) {
    return ServeConnect(proxy->context(), upstream.port(), asked, refuse, exchange);
  });
  IoRunner io;
  HttpTransportOptions options = OptionsFor(upstream.port(), "https");
  options.ca_file = certificate.ca_file;
  options.https_proxy = "http://127.0.0.1:" + std::to_string(proxy->port());
  Request request;
  request.method = "POST";
  request.recorded_body = Recorded("through the tunnel");
  EXPECT_EQ(RoundTrip(io, *TransportFor(io, options), request).body, "through the tunnel");
  EXPECT_EQ(asked, "CONNECT localhost:" + std::to_string(upstream.port()));
  refuse = true;
  const Outcome refused = RoundTrip(io, *TransportFor(io, options), Request());
  EXPECT_EQ(refused.failure, Kind::kConnect);
  EXPECT_NE(refused.message.find("CONNECT answered 403"), std::string::npos) << refused.message;
}

}  // namespace
}  // namespace keywalk
