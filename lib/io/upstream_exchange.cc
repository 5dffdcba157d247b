#include "io/upstream_exchange.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ssl/error.hpp>
#include <string>
#include <utility>
#include <vector>

#include "io/http1_writer.h"

namespace keywalk::io {
namespace {

using Kind = TransportError::Kind;

// A request of this size goes out in one write before the response is awaited: it fits any socket
// buffer, so that an upstream that does not read cannot block it.
constexpr std::uint64_t kSmallRequestBytes = 16 * 1024;
// Interim responses one request may get.
constexpr int kMaxInterimResponses = 16;
// Gathered buffers a single write takes (IOV_MAX is 1024; Asio passes on 64).
constexpr std::size_t kMaxGathered = 64;

bool MethodHasBodyByDefault(const std::string& method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

struct UpstreamExchange::Upload {
  std::shared_ptr<TransportShared> shared;
  std::shared_ptr<UpstreamConnection> connection;
  std::shared_ptr<const RecordedBody> recorded;
  std::shared_ptr<BodySource> stream;
  std::string head;
  bool chunked = false;
  bool done = false;    // everything was sent
  bool failed = false;  // sending ended early; the response decides what that means
  std::optional<TransportError> source_error;  // reading `stream` failed

  // Static, so that the frame owns the upload: the exchange may be gone before it ends.
  static Awaitable<void> Run(std::shared_ptr<Upload> self) {
    Stream& socket = *self->connection->stream;
    if (self->recorded != nullptr) {
      co_await SendRecorded(*self, socket);
    } else {
      co_await SendStreamed(*self, socket);
    }
    self->failed = !self->done;
    // From here on the response's head is what is waited for.
    self->connection->ExpiresAfter(self->shared->options.response_head_timeout);
    // A source that failed leaves a request that can never be finished.
    if (self->source_error) socket.Close();
  }

  static Awaitable<void> SendRecorded(Upload& self, Stream& socket) {
    std::vector<asio::const_buffer> buffers;
    buffers.push_back(asio::buffer(self.head));
    std::size_t next = 0;
    while (next < self.recorded->chunk_count() || !buffers.empty()) {
      while (next < self.recorded->chunk_count() && buffers.size() < kMaxGathered) {
        const std::string_view chunk = self.recorded->chunk(next++);
        buffers.emplace_back(chunk.data(), chunk.size());
      }
      self.connection->ExpiresAfter(self.shared->options.idle_timeout);
      const IoResult sent = co_await socket.Write(buffers);
      if (!sent.ok()) co_return;
      buffers.clear();
    }
    self.done = true;
  }

  static Awaitable<void> SendStreamed(Upload& self, Stream& socket) {
    const std::chrono::milliseconds idle = self.shared->options.idle_timeout;
    std::uint64_t left = self.stream->size().value_or(0);
    std::string chunk_head = std::move(self.head);  // goes out with the first piece
    while (true) {
      self.connection->ExpiresAfter(idle);
      const BodyChunk piece = co_await self.stream->Read();
      if (piece.failed()) {
        self.source_error = TransportError(Kind::kRequestBody, piece.error().code,
                                           "reading the request's body: " + piece.error().message);
        co_return;
      }
      std::vector<asio::const_buffer> buffers;
      if (self.chunked && !piece.at_end()) AppendChunkHead(chunk_head, piece.bytes().size());
      if (self.chunked && piece.at_end()) AppendLastChunk(chunk_head, self.stream->trailers());
      buffers.push_back(asio::buffer(chunk_head));
      buffers.emplace_back(piece.bytes().data(), piece.bytes().size());
      if (self.chunked && !piece.at_end()) buffers.push_back(asio::buffer("\r\n", 2));
      self.connection->ExpiresAfter(idle);
      const IoResult sent = co_await socket.Write(buffers);
      if (!sent.ok()) co_return;
      if (piece.at_end()) break;
      left -= std::min<std::uint64_t>(left, piece.bytes().size());
      chunk_head.clear();
    }
    self.done = self.chunked || left == 0;
  }
};

UpstreamExchange::UpstreamExchange(std::shared_ptr<TransportShared> shared,
                                   std::shared_ptr<UpstreamConnection> connection,
                                   Cancellation& cancel)
    : shared_(std::move(shared)), connection_(std::move(connection)), cancel_(cancel) {
  cancel_scope_.emplace(cancel_, [stream = connection_->stream.get()] { stream->Close(); });
}

UpstreamExchange::~UpstreamExchange() { Release(); }

void UpstreamExchange::SerializeHead(const Request& request, std::string& out) const {
  out.reserve(1024);
  AppendRequestLine(out, request.method, request.target);
  if (!request.headers.Contains("Host")) AppendField(out, "Host", shared_->options.base.authority);
  AppendFields(out, request.headers);
  if (request.recorded_body != nullptr) {
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

Awaitable<void> UpstreamExchange::SendSmall(const Request& request, std::string head) {
  std::vector<asio::const_buffer> buffers;
  buffers.push_back(asio::buffer(head));
  if (const RecordedBody* body = request.recorded_body.get()) {
    for (std::size_t i = 0; i < body->chunk_count(); ++i) {
      buffers.emplace_back(body->chunk(i).data(), body->chunk(i).size());
    }
  }
  connection_->ExpiresAfter(shared_->options.response_head_timeout);
  // A failure to send is not the end: the upstream may have answered before it closed.
  co_await connection_->stream->Write(buffers);
}

Awaitable<std::optional<TransportError>> UpstreamExchange::Run(const Request& request) {
  Stream& stream = *connection_->stream;
  const std::optional<std::uint64_t> acknowledged =
      connection_->reused ? stream.bytes_acknowledged() : std::nullopt;
  connection_->reader.StartMessage(request.method == "HEAD");
  std::string head;
  SerializeHead(request, head);
  const std::uint64_t body_bytes =
      request.recorded_body != nullptr ? request.recorded_body->size() : 0;
  const bool small = request.stream_body == nullptr && body_bytes <= kSmallRequestBytes;
  if (small) {
    co_await SendSmall(request, std::move(head));
  } else {
    upload_ = std::make_shared<Upload>();
    upload_->shared = shared_;
    upload_->connection = connection_;
    upload_->recorded = request.recorded_body;
    upload_->stream = request.stream_body;
    upload_->head = std::move(head);
    upload_->chunked = request.stream_body != nullptr && !request.stream_body->size();
    // Nothing in the upload throws but for want of memory, which then ends the program's task.
    asio::co_spawn(shared_->context.get_executor(), Upload::Run(upload_),
                   [](std::exception_ptr exception) {
                     if (exception) std::rethrow_exception(exception);
                   });
  }
  const error_code ec = co_await ReadFinalHead(request.method == "HEAD");
  if (!ec) {
    if (connection_->reader.parser().done()) {
      content_length_ = 0;
    } else {
      content_length_ = connection_->reader.head().content_length;
    }
    keep_alive_ =
        connection_->reader.head().keep_alive && !connection_->reader.parser().needs_eof();
    co_return std::nullopt;
  }
  if (upload_ != nullptr && upload_->source_error) co_return std::move(*upload_->source_error);
  const bool can_repeat = request.stream_body == nullptr;
  replaceable_ = can_repeat && acknowledged.has_value() && !cancel_.requested() &&
                 !connection_->reader.message_begun() &&
                 // An end in order says what it has seen; a reset does not.
                 (ec == asio::error::eof || ec == asio::error::broken_pipe) &&
                 stream.bytes_acknowledged() == acknowledged;
  co_return Explain(ec, "waiting for the response");
}

Awaitable<error_code> UpstreamExchange::ReadFinalHead(bool to_head_request) {
  for (int interim = 0; interim <= kMaxInterimResponses; ++interim) {
    const error_code ec = co_await connection_->reader.ReadHead();
    if (ec) co_return ec;
    const int status = connection_->reader.head().status;
    if (status == 101 || status < 100) break;  // an upgrade nobody asked for
    if (status >= 200) co_return error_code{};
    connection_->reader.StartMessage(to_head_request);
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
  if (upload_ == nullptr || upload_->done) {
    connection_->ExpiresAfter(shared_->options.idle_timeout);
  }
  const MessageReader::Piece piece = co_await connection_->reader.ReadBody();
  if (piece.code) {
    TransportError error = Explain(piece.code, "reading the response's body");
    Release();
    co_return BodyChunk(std::move(error));
  }
  if (piece.bytes.empty()) {
    EndOfBody();
    co_return BodyChunk();
  }
  co_return BodyChunk(piece.bytes);
}

void UpstreamExchange::EndOfBody() {
  trailers_ = connection_->reader.parser().trailers();
  const bool sent = upload_ == nullptr || upload_->done;
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
  // An upload that waits for the client's next bytes has nobody left to send them to.
  if (upload_ != nullptr && !upload_->done && !upload_->failed && upload_->stream != nullptr) {
    upload_->stream->Cancel();
  }
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

Awaitable<void> UpstreamExchange::Discard(DiscardLimits limits) {
  if (connection_ == nullptr) co_return;
  const bool still_sending = upload_ != nullptr && !upload_->done;
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
