#include "io/socket_stream.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "io/deadline.h"
#include "io/tcp_info.h"

namespace keywalk::io {
namespace {

// A constant buffer sequence over the caller's span; Asio copies sequences, and this is two words.
class BufferView {
 public:
  using value_type = asio::const_buffer;
  using const_iterator = const asio::const_buffer*;

  explicit BufferView(std::span<const asio::const_buffer> buffers) : buffers_(buffers) {}
  const_iterator begin() const { return buffers_.data(); }
  const_iterator end() const { return buffers_.data() + buffers_.size(); }

 private:
  std::span<const asio::const_buffer> buffers_;
};

// Of an operation that does not wait: having to is no error.
error_code LastError() {
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {};
  return error_code(errno, asio::error::get_system_category());
}

// As many bytes as the socket takes without waiting; negative: errno says why none.
ssize_t SendNow(int socket, std::span<const asio::const_buffer> buffers, int more_flags) {
  const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | more_flags;
  // Gathering takes the system longer.
  if (buffers.size() == 1) return ::send(socket, buffers[0].data(), buffers[0].size(), flags);
  constexpr std::size_t kMaxGathered = 64;
  std::array<iovec, kMaxGathered> parts;
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = std::min(buffers.size(), kMaxGathered);
  for (std::size_t i = 0; i < message.msg_iovlen; ++i) {
    parts[i] = {const_cast<void*>(buffers[i].data()), buffers[i].size()};
  }
  return ::sendmsg(socket, &message, flags);
}

// What a TCP and a TLS stream have in common; `Layer` is the object that is read and written.
template <typename Layer>
class SocketStream final : public Stream, private DeadlineService::Entry {
  static constexpr bool kIsPlain = std::is_same_v<Layer, Socket>;

 public:
  template <typename... Args>
  SocketStream(asio::io_context& context, Args&&... args)
      : DeadlineService::Entry(context), layer_(std::forward<Args>(args)...) {
    if constexpr (kIsPlain) acknowledged_before_ = Acknowledged();
  }
  ~SocketStream() override { Close(); }

  Awaitable<IoResult> ReadSome(asio::mutable_buffer buffer) override {
    if (!lowest().is_open()) co_return IoResult(Ended(), 0);
    auto [ec, bytes] = co_await layer_.async_read_some(buffer, kAwaitTuple);
    co_return IoResult(Map(ec), bytes);
  }

  void StartRead(asio::mutable_buffer buffer, std::shared_ptr<ReadSink> sink) override {
    layer_.async_read_some(buffer, ReadDone(*this, std::move(sink)));
  }

  IoResult TryRead(asio::mutable_buffer buffer) override {
    if (!lowest().is_open()) return IoResult(Ended(), 0);
    if constexpr (!kIsPlain) return IoResult({}, 0);
    const ssize_t got =
        ::recv(lowest().native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got == 0) return IoResult(asio::error::eof, 0);
    return got > 0 ? IoResult({}, static_cast<std::size_t>(got)) : IoResult(Noted(LastError()), 0);
  }

  IoResult TryWrite(std::span<const asio::const_buffer> buffers) override {
    return TryWrite(buffers, 0);
  }
  IoResult TryWriteSoon(std::span<const asio::const_buffer> buffers) override {
    return TryWrite(buffers, MSG_MORE);
  }

  Awaitable<IoResult> Write(std::span<const asio::const_buffer> buffers) override {
    if (!lowest().is_open()) co_return IoResult(Ended(), 0);
    const BufferView view(buffers);
    // Nearly always the socket takes all of it; the composed operation would copy a kilobyte of
    // prepared buffers each time.
    auto [ec, bytes] = co_await layer_.async_write_some(view, kAwaitTuple);
    written_ += bytes;
    if (ec || bytes == asio::buffer_size(view)) co_return IoResult(Map(ec), bytes);
    const std::vector<asio::const_buffer> rest = RestOf(buffers, bytes);
    auto [rest_ec, rest_bytes] = co_await asio::async_write(layer_, rest, kAwaitTuple);
    written_ += rest_bytes;
    co_return IoResult(Map(rest_ec), bytes + rest_bytes);
  }

  void Close() noexcept override {
    error_code ignored;  // the peer may have gone first
    if (!resets_on_close_) lowest().shutdown(asio::socket_base::shutdown_both, ignored);
    lowest().close(ignored);
  }

  void ShutdownSend() noexcept override {
    if (resets_on_close_) return Close();  // half of it would be an end in order as well
    error_code ignored;
    lowest().shutdown(asio::socket_base::shutdown_send, ignored);
  }

  void Reset() noexcept override {
    ResetOnClose(true);
    Close();
  }

  void ResetOnClose(bool on) noexcept override {
    error_code ignored;
    lowest().set_option(asio::socket_base::linger(on, 0), ignored);
    resets_on_close_ = on;
  }

  bool IsStale() noexcept override {
    if (!lowest().is_open()) return true;
    char byte;
    const ssize_t got = ::recv(lowest().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got == 0) return true;
    if (got < 0) return errno != EAGAIN && errno != EWOULDBLOCK;
    // Bytes nobody asked for: a surplus answer, or TLS's goodbye. A late session ticket looks the
    // same and costs one connection.
    return true;
  }

  // In plain what was written is what the kernel counts; what TLS makes of it only the kernel
  // knows.
  std::uint64_t position() const noexcept override {
    return kIsPlain ? written_ : Acknowledged().value_or(0);
  }
  bool NothingSeenSince(std::uint64_t position) const noexcept override {
    if (was_reset_) return false;
    const std::optional<std::uint64_t> now = Acknowledged();
    if constexpr (!kIsPlain) return now == position;
    return now && acknowledged_before_ && *now - *acknowledged_before_ <= position;
  }

  void ExpiresAfter(std::chrono::milliseconds time) noexcept override {
    DeadlineService::Entry::ExpiresAfter(time);
  }
  void ExpiresNever() noexcept override { DeadlineService::Entry::ExpiresNever(); }

  Layer& layer() { return layer_; }
  bool expired() const { return expired_; }

 private:
  // Tells a sink what came, or that nothing will.
  class ReadDone {
   public:
    ReadDone(SocketStream& stream, std::shared_ptr<ReadSink> sink)
        : stream_(&stream), sink_(std::move(sink)) {}
    ReadDone(ReadDone&&) noexcept = default;
    ~ReadDone() {
      if (sink_ != nullptr) sink_->OnDropped();
    }
    void operator()(error_code ec, std::size_t bytes) {
      const std::shared_ptr<ReadSink> sink = std::exchange(sink_, nullptr);
      sink->OnRead(IoResult(stream_->Map(ec), bytes));
    }

   private:
    SocketStream* stream_;
    std::shared_ptr<ReadSink> sink_;
  };

  IoResult TryWrite(std::span<const asio::const_buffer> buffers, int flags) {
    if (!lowest().is_open()) return IoResult(Ended(), 0);
    if constexpr (!kIsPlain) return IoResult({}, 0);
    const ssize_t sent = SendNow(lowest().native_handle(), buffers, flags);
    if (sent < 0) return IoResult(Noted(LastError()), 0);
    written_ += static_cast<std::uint64_t>(sent);
    return IoResult({}, static_cast<std::size_t>(sent));
  }

  std::optional<std::uint64_t> Acknowledged() const noexcept {
    if (!lowest().is_open()) return std::nullopt;
    return TcpBytesAcknowledged(const_cast<Layer&>(layer_).lowest_layer().native_handle());
  }

  auto& lowest() { return layer_.lowest_layer(); }
  const auto& lowest() const { return layer_.lowest_layer(); }

  void OnExpired() noexcept override {
    expired_ = true;
    Close();
  }

  error_code Ended() const {
    return expired_ ? asio::error::timed_out : asio::error::operation_aborted;
  }

  // A reset tells the first who asks, as a rule the one who writes; the next one sees an end in
  // order. Unlike that, it may come before the kernel has acknowledged what the peer has read.
  error_code Noted(error_code ec) {
    was_reset_ = was_reset_ || ec == asio::error::connection_reset;
    return ec;
  }

  error_code Map(error_code ec) {
    if (ec && !lowest().is_open()) return Ended();
    Noted(ec);
    // A TLS peer that closes without close_notify, as many do between messages: an end like any
    // other. A truncated message is seen by its framing.
    if (ec == asio::ssl::error::stream_truncated) return asio::error::eof;
    return ec;
  }

  Layer layer_;
  std::uint64_t written_ = 0;
  std::optional<std::uint64_t> acknowledged_before_;  // the handshake counts
  bool expired_ = false;
  bool was_reset_ = false;
  bool resets_on_close_ = false;
};

using TlsLayer = asio::ssl::stream<Socket>;
using TlsStream = SocketStream<TlsLayer>;

void SetNoDelay(Socket& socket) {
  error_code ignored;  // a hint; a socket that died is found out by the next operation
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
}

std::string HandshakeMessage(TlsStream& stream, const error_code& ec) {
  if (stream.expired()) return "TLS handshake timed out";
  const long verdict = SSL_get_verify_result(stream.layer().native_handle());
  if (verdict != X509_V_OK) {
    return std::string("TLS certificate not accepted: ") + X509_verify_cert_error_string(verdict);
  }
  return "TLS handshake failed: " + ec.message();
}

Awaitable<HandshakeResult> Handshake(std::unique_ptr<TlsStream> stream,
                                     asio::ssl::stream_base::handshake_type side,
                                     std::chrono::milliseconds time) {
  stream->ExpiresAfter(time);
  auto [ec] = co_await stream->layer().async_handshake(side, kAwaitTuple);
  if (ec) {
    std::string message = HandshakeMessage(*stream, ec);
    co_return HandshakeResult(stream->expired() ? asio::error::timed_out : ec, std::move(message));
  }
  stream->ExpiresNever();
  co_return HandshakeResult(std::move(stream));
}

}  // namespace

std::unique_ptr<Stream> MakeTcpStream(asio::io_context& context, Socket socket) {
  SetNoDelay(socket);
  return std::make_unique<SocketStream<Socket>>(context, std::move(socket));
}

Awaitable<HandshakeResult> TlsConnect(asio::io_context& context, asio::ssl::context& tls,
                                      Socket socket, std::string host,
                                      std::chrono::milliseconds time, Cancellation& cancel) {
  SetNoDelay(socket);
  auto stream = std::make_unique<TlsStream>(context, std::move(socket), tls);
  SSL* ssl = stream->layer().native_handle();
  error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  if (not_an_address) SSL_set_tlsext_host_name(ssl, host.c_str());  // SNI: names only (RFC 6066)
  error_code ec;
  stream->layer().set_verify_mode(asio::ssl::verify_peer, ec);
  if (!ec) stream->layer().set_verify_callback(asio::ssl::host_name_verification(host), ec);
  if (ec) co_return HandshakeResult(ec, "TLS cannot be set up: " + ec.message());
  // The stream lives at least as long as the handshake, and the scope no longer.
  const Cancellation::Scope scope(cancel, [peer = stream.get()] { peer->Close(); });
  Awaitable<HandshakeResult> handshake =
      Handshake(std::move(stream), asio::ssl::stream_base::client, time);
  co_return co_await std::move(handshake);
}

Awaitable<HandshakeResult> TlsAccept(asio::io_context& context, asio::ssl::context& tls,
                                     Socket socket, std::chrono::milliseconds time) {
  SetNoDelay(socket);
  auto stream = std::make_unique<TlsStream>(context, std::move(socket), tls);
  Awaitable<HandshakeResult> handshake =
      Handshake(std::move(stream), asio::ssl::stream_base::server, time);
  co_return co_await std::move(handshake);
}

}  // namespace keywalk::io
