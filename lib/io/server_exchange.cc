#include "io/server_exchange.h"

#include <array>
#include <boost/asio/ssl/error.hpp>
#include <cassert>
#include <span>
#include <utility>
#include <vector>

#include "io/http1_parser.h"
#include "io/http1_writer.h"

namespace keywalk::io {
namespace {

// A piece of a body of up to this size is copied behind its head: to send one buffer takes the
// system less time than to gather three, and over TLS it is one record.
constexpr std::size_t kCopiedBytes = 4096;

// A client whose upload is cut short is given this long to see the answer.
constexpr std::chrono::seconds kDetachTime{2};

BodyChunk Detached() {
  return BodyChunk(TransportError(TransportError::Kind::kCancelled, asio::error::operation_aborted,
                                  "the request has ended"));
}

// What went wrong with a body: the connection, or what came on it, which can be answered.
TransportError::Kind KindOfBodyError(const error_code& code) {
  if (code == asio::error::timed_out) return TransportError::Kind::kTimeout;
  const bool of_connection = IsCutOff(code) ||
                             code.category() == boost::system::system_category() ||
                             code.category() == asio::error::get_misc_category() ||
                             code.category() == asio::error::get_ssl_category();
  return of_connection ? TransportError::Kind::kReset : TransportError::Kind::kProtocol;
}

}  // namespace

RequestBody::RequestBody(ServerConnection& connection)
    : connection_(&connection),
      size_(connection.head_.chunked
                ? std::nullopt
                : std::optional<std::uint64_t>(connection.head_.content_length.value_or(0))),
      continue_wanted_(connection.head_.version == 11 && connection.head_.has_body() &&
                       connection.head_.headers.HasToken("Expect", "100-continue")),
      at_end_(connection.reader_.parser().done()) {}

bool RequestBody::ready() const {
  return at_end_ || connection_ == nullptr || connection_->reader_.has_buffered();
}

bool RequestBody::drainable() const {
  if (at_end_) return true;
  if (failed_ || reading_) return false;
  // Who was not told to send it may end a chunked one, but can end one of a stated length only by
  // sending all of it, or with the connection.
  if (continue_wanted_) return !size_.has_value();
  return size_.has_value() && *size_ <= kMaxDrainedBody;
}

Awaitable<BodyChunk> RequestBody::Read() { return ReadInto({}); }

// True if the next bytes of the connection are the body's and may go there.
bool RequestBody::MayReadInto(asio::mutable_buffer space) const {
  const MessageReader& reader = connection_->reader_;
  return space.size() > 0 && size_.has_value() && !reader.has_buffered() && !reader.reading_ahead();
}

Awaitable<BodyChunk> RequestBody::ReadInto(asio::mutable_buffer space) {
  if (connection_ == nullptr || failed_ || cancelled_) co_return Detached();
  if (at_end_) co_return BodyChunk();
  reading_ = true;
  Awaitable<BodyChunk> once = ReadOnce(space);
  BodyChunk chunk = co_await std::move(once);
  reading_ = false;
  failed_ = chunk.failed();
  if (idle_) idle_->cancel();
  co_return std::move(chunk);
}

Awaitable<BodyChunk> RequestBody::ReadOnce(asio::mutable_buffer space) {
  ServerConnection& connection = *connection_;
  if (std::exchange(continue_wanted_, false) && !connection.reader_.has_buffered()) {
    const std::array<asio::const_buffer, 1> interim{
        asio::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25)};
    const error_code ec = co_await connection.Write(interim);
    if (ec) {
      co_return BodyChunk(
          TransportError(TransportError::Kind::kReset, ec, "answering 100: " + ec.message()));
    }
  }
  connection.reading_body_ = true;
  connection.stream_->ExpiresAfter(connection.options_.idle_timeout);
  Awaitable<MessageReader::Piece> reading =
      MayReadInto(space) ? connection.reader_.ReadBodyInto(space) : connection.reader_.ReadBody();
  const MessageReader::Piece piece = co_await std::move(reading);
  connection.DirectionEnded(connection.reading_body_);
  co_return Take(piece);
}

std::optional<BodyChunk> RequestBody::TryReadInto(asio::mutable_buffer space) {
  const bool open = connection_ != nullptr && !failed_ && !cancelled_ && !at_end_;
  if (!open || continue_wanted_ || connection_->reader_.parser().done() || !MayReadInto(space)) {
    return TryRead();
  }
  const MessageReader::Piece piece = connection_->reader_.TryReadBodyInto(space);
  if (piece.bytes.empty() && !piece.code) return std::nullopt;
  BodyChunk chunk = Take(piece);
  failed_ = chunk.failed();
  return chunk;
}

std::optional<BodyChunk> RequestBody::TryRead() {
  if (connection_ == nullptr || failed_ || cancelled_) return Detached();
  if (at_end_) return BodyChunk();
  MessageReader& reader = connection_->reader_;
  if (!reader.has_buffered() && !reader.parser().done()) return std::nullopt;
  continue_wanted_ = false;  // it has sent its body without waiting
  const MessageReader::Piece piece = reader.TakeBuffered();
  const bool nothing = piece.bytes.empty() && !piece.code && !reader.parser().done();
  if (nothing) return std::nullopt;
  BodyChunk chunk = Take(piece);
  failed_ = chunk.failed();
  return chunk;
}

BodyChunk RequestBody::Take(const MessageReader::Piece& piece) {
  if (piece.code) {
    return BodyChunk(TransportError(KindOfBodyError(piece.code), piece.code,
                                    "the client: " + piece.code.message()));
  }
  if (!piece.bytes.empty()) return BodyChunk(piece.bytes);
  at_end_ = true;
  trailers_ = connection_->reader_.parser().trailers();
  if (watch_at_end_) connection_->StartWatch();
  return BodyChunk();
}

bool RequestBody::TryDetach() {
  if (reading_) return false;
  watch_at_end_ = false;
  connection_ = nullptr;
  return true;
}

Awaitable<void> RequestBody::Detach() {
  watch_at_end_ = false;
  if (reading_) {
    // An upload still waits for the client, which has its answer: let it see that and end.
    cancelled_ = true;
    connection_->keep_alive_ = false;
    connection_->stream_->ShutdownSend();
    connection_->stream_->ExpiresAfter(kDetachTime);
  }
  while (reading_) {
    idle_.emplace(connection_->context_.get_executor(),
                  std::chrono::steady_clock::time_point::max());
    co_await idle_->async_wait(kAwaitTuple);
  }
  connection_ = nullptr;
}

Exchange::Exchange(ServerConnection& connection)
    : connection_(connection), body_(std::make_shared<RequestBody>(connection)) {}

void Exchange::WatchClient() {
  if (body_->at_end_) {
    connection_.StartWatch();
  } else {
    body_->watch_at_end_ = true;
  }
}

Stream& Exchange::TakeOver() {
  connection_.taken_over_ = true;
  connection_.stream_->ResetOnClose(false);  // as its user wants it
  return *connection_.stream_;
}

void Exchange::HangUp() {
  connection_.taken_over_ = true;
  connection_.hung_up_ = true;
  connection_.stream_->ResetOnClose(false);
  connection_.stream_->ShutdownSend();
}

std::string Exchange::RenderHead(int status, std::string_view reason, const Headers& headers,
                                 std::optional<std::uint64_t> length) {
  PrepareHead(status, reason, headers, length);
  return std::exchange(connection_.out_, {});
}

Awaitable<error_code> Exchange::WriteRaw(std::string_view bytes) {
  Awaitable<error_code> sending = Send(bytes, {});
  co_return co_await std::move(sending);
}

void Exchange::PrepareHead(int status, std::string_view reason, const Headers& headers,
                           std::optional<std::uint64_t> length) {
  assert(!started_);
  started_ = true;
  const RequestHead& request = connection_.head_;
  const bool no_content = status == 204 || status == 304;
  bodiless_ = no_content || request.method == "HEAD";
  chunked_ = !length && !bodiless_ && request.version == 11;
  left_ = bodiless_ ? 0 : length;
  // A drain may have begun since the request was read: the client is told not to send another.
  if (!body_->drainable() || connection_.draining_) connection_.keep_alive_ = false;
  if (ends_with_close()) {
    connection_.keep_alive_ = false;
    connection_.stream_->ResetOnClose(true);
  }
  std::string& out = connection_.out_;
  out.clear();
  AppendStatusLine(out, status, reason);
  AppendFields(out, headers);
  if (!headers.Contains("Date")) AppendField(out, "Date", CurrentHttpDate());
  if (length && status != 204) AppendContentLength(out, *length);
  if (chunked_) AppendField(out, "Transfer-Encoding", "chunked");
  if (!connection_.keep_alive_) {
    AppendField(out, "Connection", "close");
  } else if (request.version == 10) {
    AppendField(out, "Connection", "keep-alive");
  }
  out += "\r\n";
}

Awaitable<error_code> Exchange::Respond(int status, const Headers& headers, std::string_view body,
                                        std::string_view reason) {
  PrepareHead(status, reason, headers, body.size());
  complete_ = true;
  return Send(bodiless_ ? std::string_view() : body, {});
}

Awaitable<error_code> Exchange::StartResponse(int status, std::string_view reason,
                                              const Headers& headers,
                                              std::optional<std::uint64_t> length) {
  PrepareHead(status, reason, headers, length);
  if (length) co_return error_code{};
  Awaitable<error_code> sending = Flush();
  co_return co_await std::move(sending);
}

Awaitable<error_code> Exchange::WriteBody(std::string_view bytes) {
  assert(started_ && !complete_);
  if (bodiless_ || bytes.empty()) co_return error_code{};
  if (left_) {
    // More than the length that was stated would be read as the next answer.
    bytes =
        bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(*left_, bytes.size())));
    *left_ -= bytes.size();
  }
  if (chunked_) AppendChunkHead(connection_.out_, bytes.size());
  Awaitable<error_code> sending = Send(bytes, chunked_ ? "\r\n" : "");
  co_return co_await std::move(sending);
}

Awaitable<error_code> Exchange::Flush() {
  if (connection_.out_.empty()) co_return error_code{};
  Awaitable<error_code> sending = Send({}, {});
  co_return co_await std::move(sending);
}

Awaitable<error_code> Exchange::FinishResponse(const Headers& trailers) {
  assert(started_ && !complete_);
  complete_ = left_.value_or(0) == 0;
  if (!complete_) connection_.keep_alive_ = false;
  if (chunked_) AppendLastChunk(connection_.out_, trailers);
  Awaitable<error_code> sending = Flush();
  const error_code ec = co_await std::move(sending);
  if (ends_with_close() && complete_) connection_.stream_->ResetOnClose(false);
  co_return ec;
}

Awaitable<error_code> Exchange::Send(std::string_view bytes, std::string_view after) {
  if (bytes.size() <= kCopiedBytes) {
    connection_.out_.append(bytes).append(after);
    bytes = after = {};
  }
  const std::array<asio::const_buffer, 3> buffers{asio::buffer(connection_.out_),
                                                  asio::buffer(bytes.data(), bytes.size()),
                                                  asio::buffer(after.data(), after.size())};
  const std::span<const asio::const_buffer> used(buffers.data(), bytes.empty() ? 1 : 3);
  connection_.BeginWrite();
  IoResult sent = connection_.stream_->TryWrite(used);
  if (sent.ok() && sent.bytes < asio::buffer_size(used)) {
    const std::vector<asio::const_buffer> rest = RestOf(used, sent.bytes);
    sent = co_await connection_.stream_->Write(rest);
  }
  connection_.DirectionEnded(connection_.writing_);
  const error_code ec = sent.code;
  connection_.out_.clear();
  if (ec) {
    complete_ = false;
    connection_.keep_alive_ = false;
  }
  co_return ec;
}

}  // namespace keywalk::io
