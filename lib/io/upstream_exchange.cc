#include "io/upstream_exchange.h"

#include <boost/asio/ssl/error.hpp>
#include <cassert>
#include <string>
#include <utility>
#include <vector>

#include "io/http1_writer.h"
#include "keywalk/secret.h"

namespace keywalk::io {
namespace {

using Kind = TransportError::Kind;

// A request of this size goes out in one write before the response is awaited: it fits any socket
// buffer, so that an upstream that does not read cannot block it.
constexpr std::uint64_t kSmallRequestBytes = 16 * 1024;
// Interim responses one request may get.
constexpr int kMaxInterimResponses = 16;

// What is in a file is sent piece by piece, however little it is.
bool IsSmall(const Request& request) {
  const RecordedBody* body = request.recorded_body.get();
  if (request.stream_body != nullptr) return false;
  return body == nullptr || (body->in_memory() && body->size() <= kSmallRequestBytes);
}

bool MethodHasBodyByDefault(const std::string& method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

UpstreamExchange::UpstreamExchange(std::shared_ptr<TransportShared> shared,
                                   std::shared_ptr<UpstreamConnection> connection,
                                   Cancellation& cancel)
    : shared_(std::move(shared)), connection_(std::move(connection)), cancel_(cancel) {
  cancel_scope_.emplace(cancel_, [stream = connection_->stream.get()] { stream->Close(); });
}

UpstreamExchange::~UpstreamExchange() { Release(); }

// A body that can be sent again may be held back until the upstream asks for it.
bool UpstreamExchange::ExpectsContinue(const Request& request) const {
  const std::uint64_t threshold = shared_->options.expect_continue_bytes;
  if (threshold == 0 || shared_->ignores_expect) return false;
  if (request.recorded_body != nullptr) return request.recorded_body->size() >= threshold;
  const BodySource* stream = request.stream_body.get();
  return stream != nullptr && stream->repeatable() &&
         stream->size().value_or(threshold) >= threshold;
}

void UpstreamExchange::SerializeHead(const Request& request, std::string& out) const {
  // Once, with room for the framing: a string that grows leaves the key behind where it was.
  constexpr std::size_t kFraming = 128;
  out.reserve(kFraming + request.method.size() + request.target.size() +
              shared_->options.base.authority.size() + request.headers.text_bytes() +
              4 * request.headers.size());
  AppendRequestLine(out, request.method, request.target);
  if (!request.headers.Contains("Host")) AppendField(out, "Host", shared_->options.base.authority);
  AppendFields(out, request.headers);
  if (expects_continue_) {
    // Chunks can end before they begin: what was not wanted then costs no connection.
    AppendField(out, "Transfer-Encoding", "chunked");
    AppendField(out, "Expect", "100-continue");
  } else if (request.recorded_body != nullptr) {
    AppendContentLength(out, request.recorded_body->size());
  } else if (request.stream_body != nullptr) {
    if (const auto size = request.stream_body->size()) {
      AppendContentLength(out, *size);
    } else {
      AppendField(out, "Transfer-Encoding", "chunked");
    }
  } else if (MethodHasBodyByDefault(request.method)) {
    AppendContentLength(out, 0);  // RFC 9110 section 8.6
  }
  out += "\r\n";
}

// Sends what the socket takes at once, as a rule all that is to be sent before the upstream says
// anything. If something is left, `unsent_head` is the whole head, and what is given says how many
// bytes of it and the body are sent.
std::size_t UpstreamExchange::SendAtOnce(const Request& request, std::string& unsent_head) {
  std::string& head = shared_->head;
  assert(head.empty());
  SerializeHead(request, head);
  std::size_t sent = 0;
  if (request.stream_body == nullptr || expects_continue_) {
    const RecordedBody* body = expects_continue_ ? nullptr : request.recorded_body.get();
    const Upload::Gathered buffers = Upload::Gather(head, body);
    connection_->ExpiresAfter(shared_->options.response_head_timeout);
    const IoResult result = connection_->stream->TryWrite({buffers.data(), buffers.size()});
    const std::uint64_t all = head.size() + (body != nullptr ? body->size() : 0);
    // A failure to send is not the end: the upstream may have answered before it closed. Where
    // more would follow, it is left to who sends that.
    if (result.bytes == all || (!result.ok() && !expects_continue_)) {
      WipeContent(head);
      return 0;
    }
    sent = result.bytes;
  }
  unsent_head.swap(head);
  return sent;
}

Awaitable<void> UpstreamExchange::SendSmall(const Request& request, const std::string& head,
                                            std::size_t sent) {
  const Upload::Gathered all = Upload::Gather(head, request.recorded_body.get());
  const std::vector<asio::const_buffer> rest = RestOf({all.data(), all.size()}, sent);
  // A failure to send is not the end: the upstream may have answered before it closed.
  co_await connection_->stream->Write(rest);
}

Awaitable<std::optional<TransportError>> UpstreamExchange::Run(const Request& request) {
  Stream& stream = *connection_->stream;
  const std::uint64_t before = stream.position();
  connection_->reader.StartMessage(request.method == "HEAD");
  expects_continue_ = ExpectsContinue(request);
  std::string head;
  const WipeAtEnd wiped(head);
  const std::size_t sent = SendAtOnce(request, head);
  if (!head.empty() && !expects_continue_ && IsSmall(request)) {
    co_await SendSmall(request, head, sent);
    WipeContent(head);
    shared_->head.swap(head);
  } else if (!head.empty() || expects_continue_) {
    upload_ = std::make_shared<Upload>(shared_, connection_, request, std::move(head), sent,
                                       expects_continue_);
    Upload::Start(upload_);
  }
  const error_code ec = co_await ReadFinalHead(request.method == "HEAD");
  const bool withheld = upload_ != nullptr && upload_->OnAnswer();
  if (!ec) {
    MessageReader& reader = connection_->reader;
    content_length_ = reader.parser().done() ? 0 : reader.head().content_length;
    keep_alive_ = reader.head().keep_alive && !reader.parser().needs_eof();
    const bool whole = content_length_ && reader.has_buffered(*content_length_);
    if (withheld) co_await upload_->SendEmptyBody(whole);
    co_return std::nullopt;
  }
  if (upload_ != nullptr && upload_->source_error()) co_return upload_->source_error();
  replaceable_ =
      connection_->reused && !cancel_.requested() && !connection_->reader.message_begun() &&
      // An end in order says what it has seen; a reset does not.
      (ec == asio::error::eof || ec == asio::error::broken_pipe) && stream.NothingSeenSince(before);
  co_return Explain(ec, "waiting for the response");
}

Awaitable<error_code> UpstreamExchange::ReadFinalHead(bool to_head_request) {
  MessageReader& reader = connection_->reader;
  for (int interim = 0; interim <= kMaxInterimResponses; ++interim) {
    error_code ec;
    while (!reader.TakeHead(ec)) {  // as ReadHead(), without a frame of its own
      const auto [failed] = co_await reader.Fill();
      if (failed) co_return failed;
    }
    if (ec) co_return ec;
    const int status = reader.head().status;
    if (status == 101 || status < 100) break;  // an upgrade nobody asked for
    if (status >= 200) co_return error_code{};
    if (status == 100 && upload_ != nullptr) upload_->Permit();
    reader.StartMessage(to_head_request);
  }
  co_return make_error_code(boost::system::errc::protocol_error);
}

TransportError UpstreamExchange::Explain(error_code code, const char* doing) const {
  if (cancel_.requested()) return TransportError(Kind::kCancelled, code, "cancelled");
  const std::string where = shared_->options.base.host + ":" + shared_->options.base.port + ": ";
  if (code == asio::error::timed_out) {
    return TransportError(Kind::kTimeout, code, where + "timed out " + doing);
  }
  if (code == asio::error::eof) {
    return TransportError(Kind::kReset, code, where + "the connection was closed " + doing);
  }
  const bool is_http = code.category() != boost::system::system_category() &&
                       code.category() != asio::error::get_misc_category() &&
                       code.category() != asio::error::get_ssl_category();
  return TransportError(is_http ? Kind::kProtocol : Kind::kReset, code,
                        where + code.message() + " " + doing);
}

void UpstreamExchange::FillHead(Response& response) {
  MessageHead& head = connection_->reader.head();
  response.status = head.status;
  response.reason = head.reason;
  CopyEndToEnd(head.headers, response.headers);
  response.content_length = head.content_length;
}

std::optional<std::uint64_t> UpstreamExchange::size() const { return content_length_; }

bool UpstreamExchange::ready() const {
  return connection_ == nullptr || connection_->reader.parser().done() ||
         connection_->reader.has_buffered();
}

Awaitable<BodyChunk> UpstreamExchange::Read() {
  if (connection_ == nullptr) co_return BodyChunk();
  if (upload_ == nullptr || upload_->done()) {
    connection_->ExpiresAfter(shared_->options.idle_timeout);
  }
  const MessageReader::Piece piece = co_await connection_->reader.ReadBody();
  co_return Take(piece);
}

std::optional<BodyChunk> UpstreamExchange::TryRead() {
  if (connection_ == nullptr) return BodyChunk();
  MessageReader& reader = connection_->reader;
  const MessageReader::Piece piece = reader.TakeBuffered();
  const bool nothing = piece.bytes.empty() && !piece.code && !reader.parser().done();
  if (nothing) return std::nullopt;
  return Take(piece);
}

BodyChunk UpstreamExchange::Take(const MessageReader::Piece& piece) {
  if (piece.code) {
    TransportError error = Explain(piece.code, "reading the response's body");
    Release();
    return BodyChunk(std::move(error));
  }
  if (piece.bytes.empty()) EndOfBody();
  return BodyChunk(piece.bytes);
}

void UpstreamExchange::EndOfBody() {
  trailers_ = connection_->reader.parser().trailers();
  const bool sent = upload_ == nullptr || upload_->done();
  if (sent && keep_alive_ && connection_->reader.parser().done()) {
    cancel_scope_.reset();
    shared_->pool.Put(std::exchange(connection_, nullptr));
  } else {
    Release();
  }
}

void UpstreamExchange::Release() {
  cancel_scope_.reset();
  if (connection_ != nullptr) std::exchange(connection_, nullptr)->stream->Close();
  if (upload_ != nullptr) upload_->OnClosed();
}

void UpstreamExchange::LimitTime(std::optional<std::chrono::milliseconds> time) {
  if (connection_ == nullptr) return;
  if (time) {
    connection_->LimitTime(*time);
  } else {
    connection_->UnlimitTime();
    connection_->ExpiresAfter(shared_->options.idle_timeout);
  }
}

void UpstreamExchange::Cancel() {
  if (connection_ != nullptr) connection_->stream->Close();
}

// With a length that fits: what is buffered is then all there is.
bool UpstreamExchange::TryDiscard(DiscardLimits limits) {
  if (connection_ == nullptr) return true;
  const bool sending = upload_ != nullptr && !upload_->done();
  if (sending || !keep_alive_ ||
      content_length_.value_or(limits.max_bytes + 1) > limits.max_bytes) {
    return false;
  }
  while (std::optional<BodyChunk> piece = TryRead()) {
    if (piece->failed() || piece->at_end()) return true;
  }
  return false;
}

Awaitable<void> UpstreamExchange::Discard(DiscardLimits limits) {
  if (connection_ == nullptr) co_return;
  const bool still_sending = upload_ != nullptr && !upload_->done();
  if (still_sending || !keep_alive_ || content_length_.value_or(0) > limits.max_bytes) {
    Release();
    co_return;
  }
  connection_->LimitTime(limits.max_time);
  std::size_t discarded = 0;
  while (discarded <= limits.max_bytes) {
    const MessageReader::Piece piece = co_await connection_->reader.ReadBody();
    if (piece.code) break;
    if (piece.bytes.empty()) {
      EndOfBody();
      co_return;
    }
    discarded += piece.bytes.size();
  }
  Release();
}

}  // namespace keywalk::io
