#include "io/server_connection.h"

#include <array>
#include <exception>
#include <utility>

#include "io/http1_writer.h"
#include "io/server_exchange.h"

namespace keywalk::io {
namespace {

// A peer that is told to go is given this long, and this much, before the connection is reset:
// bytes still in flight to us would otherwise destroy the answer on its way (RFC 9112 section 9.6).
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::size_t kLingerBytes = 16 * 1024 * 1024;

// IPv4 clients of an IPv6 listener under their own name.
std::string AddressText(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

// Ends a request's part of a connection on every way out of it.
class RequestScope {
 public:
  RequestScope(bool& in_request, Cancellation*& client_gone)
      : in_request_(in_request), client_gone_(client_gone) {
    in_request_ = true;
  }
  ~RequestScope() {
    in_request_ = false;
    client_gone_ = nullptr;
  }
  RequestScope(const RequestScope&) = delete;
  RequestScope& operator=(const RequestScope&) = delete;

 private:
  bool& in_request_;
  Cancellation*& client_gone_;
};

}  // namespace

int CheckRequest(const RequestHead& head) {
  std::size_t hosts = 0;
  for (const Headers::Field field : head.headers) {
    if (!EqualsIgnoreCase(field.name, "Host")) continue;
    if (!IsHostField(field.value)) return 400;
    ++hosts;
  }
  if (hosts > 1 || (hosts == 0 && head.version == 11)) return 400;  // RFC 9112 section 3.2
  // HTTP/1.0 knows no chunks: whoever sent this reads the message otherwise than we do.
  if (head.chunked && head.version == 10) return 400;  // RFC 9112 section 6.1
  return 0;
}

ServerConnection::ServerConnection(asio::io_context& context, std::unique_ptr<Stream> stream,
                                   const asio::ip::address& peer, bool tls, std::uint64_t id,
                                   const ServerOptions& options, HttpHandler& handler)
    : context_(context),
      stream_(std::move(stream)),
      peer_address_(AddressText(peer)),
      tls_(tls),
      id_(id),
      options_(options),
      handler_(handler),
      reader_(*stream_, Http1Parser::Role::kRequest, options.max_header_bytes) {}

Awaitable<void> ServerConnection::Serve() {
  bool going_on = true;
  while (going_on && keep_alive_ && !draining_) {
    going_on = co_await ReadHead();
    if (going_on) going_on = co_await ServeOne();
  }
  stream_->Close();
  co_await reader_.JoinReadAhead();
}

Awaitable<void> ServerConnection::Surrender(ConnectionHandler& handler) {
  Cancellation gone;
  {
    const RequestScope scope(in_request_, client_gone_);
    client_gone_ = &gone;
    StartWatch();
    try {
      co_await handler.Handle(*stream_, gone);
    } catch (const std::exception&) {
      stream_->Close();  // and the watch ends, which is joined below
    }
  }
  co_await LingeringClose();
  stream_->Close();
}

Awaitable<bool> ServerConnection::ReadHead() {
  reader_.StartMessage();
  stream_->ExpiresAfter(requests_ == 0 ? options_.header_timeout : options_.keep_alive);
  if (!reader_.has_buffered()) {
    const auto [ec] = co_await reader_.Fill();
    if (ec) co_return false;
  }
  error_code ec;
  if (!reader_.TakeHead(ec)) {
    stream_->ExpiresAfter(options_.header_timeout);
    ec = co_await reader_.ReadHead();
  }
  stream_->ExpiresNever();
  if (!ec) co_return true;
  const bool ended = ec == asio::error::eof || ec == asio::error::timed_out ||
                     ec.category() == boost::system::system_category();
  if (!ended) co_await Refuse(IsHeaderLimit(ec) ? 431 : 400);
  co_return false;
}

Awaitable<bool> ServerConnection::ServeOne() {
  ++requests_;
  const RequestScope scope(in_request_, client_gone_);
  MessageHead& parsed = reader_.head();
  head_.method.swap(parsed.method);
  head_.target.swap(parsed.target);
  std::swap(head_.headers, parsed.headers);
  head_.version = parsed.version;
  head_.content_length = parsed.content_length;
  head_.chunked = parsed.chunked;
  keep_alive_ = parsed.keep_alive && !draining_;
  if (const int status = CheckRequest(head_)) {
    co_await Refuse(status);
    co_return false;
  }
  Exchange exchange(*this);
  client_gone_ = &exchange.client_gone();
  try {
    co_await handler_.Handle(exchange);
  } catch (const std::exception&) {
    keep_alive_ = false;  // answered below if nothing was sent; the handler logs what it throws
  }
  client_gone_ = nullptr;
  reader_.StopReadAhead();
  if (taken_over_) {
    const bool unread = !exchange.request_body().at_end();
    if (!exchange.request_body().TryDetach()) co_await exchange.request_body().Detach();
    if (hung_up_ && unread) co_await LingeringClose();
    co_return false;
  }
  if (!exchange.response_started() && !exchange.client_gone().requested()) {
    Headers headers{{"Content-Type", "application/json"}};
    co_await exchange.Respond(500, headers, R"({"error":{"message":"internal error"}})", "");
  }
  const bool drainable = exchange.request_body().drainable();
  const bool at_end = exchange.request_body().at_end();
  if (!exchange.request_body().TryDetach()) co_await exchange.request_body().Detach();
  if (!exchange.complete()) co_return false;
  if (!keep_alive_ || draining_ || !drainable) {
    if (!at_end) co_await LingeringClose();
    co_return false;
  }
  if (reader_.parser().done()) co_return true;
  co_return co_await FinishRequestBody();
}

// Answers a request that is not handed to the handler, and ends the connection.
Awaitable<void> ServerConnection::Refuse(int status) {
  out_.clear();
  const std::string_view reason = ReasonPhrase(status);
  const std::string body = R"({"error":{"message":")" + std::string(reason) + R"("}})";
  AppendStatusLine(out_, status, reason);
  AppendField(out_, "Content-Type", "application/json");
  AppendField(out_, "Date", CurrentHttpDate());
  AppendContentLength(out_, body.size());
  AppendField(out_, "Connection", "close");
  out_ += "\r\n";
  const std::array<asio::const_buffer, 2> buffers{asio::buffer(out_), asio::buffer(body)};
  const error_code ec = co_await Write(buffers);
  if (!ec) co_await LingeringClose();
}

Awaitable<bool> ServerConnection::FinishRequestBody() {
  stream_->ExpiresAfter(kLingerTime);
  std::uint64_t left = kMaxDrainedBody;
  while (!reader_.parser().done()) {
    const MessageReader::Piece piece = co_await reader_.ReadBody();
    if (piece.code) co_return false;
    if (piece.bytes.size() > left) {
      co_await LingeringClose();
      co_return false;
    }
    left -= piece.bytes.size();
  }
  co_return true;
}

Awaitable<void> ServerConnection::LingeringClose() {
  stream_->ShutdownSend();
  stream_->ExpiresAfter(kLingerTime);
  co_await reader_.JoinReadAhead();
  std::array<char, 16 * 1024> scrap;
  std::size_t discarded = 0;
  while (discarded < kLingerBytes) {
    const IoResult got = co_await stream_->ReadSome(asio::buffer(scrap));
    if (!got.ok()) break;
    discarded += got.bytes;
  }
}

void ServerConnection::StartWatch() {
  reader_.StartReadAhead([this] {
    if (client_gone_ != nullptr) client_gone_->Request();
  });
}

void ServerConnection::DirectionEnded(bool& direction) {
  direction = false;
  if (reading_body_ || writing_) {
    stream_->ExpiresAfter(options_.idle_timeout);
  } else {
    stream_->ExpiresNever();
  }
}

void ServerConnection::BeginWrite() {
  writing_ = true;
  stream_->ExpiresAfter(options_.idle_timeout);
}

Awaitable<error_code> ServerConnection::Write(std::span<const asio::const_buffer> buffers) {
  BeginWrite();
  const IoResult sent = co_await stream_->Write(buffers);
  DirectionEnded(writing_);
  co_return sent.code;
}

void ServerConnection::Close() {
  stream_->Close();
  if (client_gone_ != nullptr) client_gone_->Request();
}

void ServerConnection::Drain() {
  draining_ = true;
  if (!in_request_) stream_->Close();
}

}  // namespace keywalk::io
