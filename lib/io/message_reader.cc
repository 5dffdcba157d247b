#include "io/message_reader.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <cassert>
#include <cstring>
#include <utility>

namespace keywalk::io {
namespace {

// Reads of this size keep system calls few; pages are touched only as far as bytes arrive.
constexpr std::size_t kBufferBytes = 64 * 1024;
// The first read of a message: what of a long body came with its head would have to be copied.
constexpr std::size_t kFirstReadBytes = 16 * 1024;

// Of the empty lines before a request, which old clients send after a body; more are no request.
constexpr std::size_t kMaxEmptyLines = 16;

}  // namespace

MessageReader::MessageReader(Stream& stream, Http1Parser::Role role, std::size_t max_header_bytes)
    : stream_(stream),
      role_(role),
      parser_(role, max_header_bytes),
      capacity_(std::max(kBufferBytes, max_header_bytes + 1)),
      buffer_(std::make_unique_for_overwrite<char[]>(capacity_)) {}

MessageReader::~MessageReader() {
  if (ahead_ != nullptr) ahead_->Forget();
}

void MessageReader::StartMessage(bool without_body) {
  parser_.Start(without_body);
  begun_ = false;
  empty_lines_ = 0;
}

// Every read into the buffer is one that could go on beside other things; who fills it waits.
void MessageReader::StartRead(std::size_t most) {
  if (ahead_ == nullptr) {
    ahead_ = std::make_shared<ReadAhead>([this](IoResult result) { OnRead(result); });
  }
  if (!ahead_->running()) ReadAhead::Start(ahead_, stream_, Space(most));
}

void MessageReader::StartFill() {
  on_end_ = nullptr;
  const bool first = role_ == Http1Parser::Role::kRequest && !begun_;
  StartRead(first ? kFirstReadBytes : capacity_);
}

void MessageReader::StartReadAhead(std::function<void()> on_end) {
  on_end_ = std::move(on_end);
  if (has_space()) StartRead(kFirstReadBytes);
}

void MessageReader::OnRead(IoResult result) {
  end_ += result.bytes;
  if (!on_end_) return;
  if (result.code) {
    std::exchange(on_end_, nullptr)();
  } else if (has_space()) {
    StartRead(kFirstReadBytes);
  }
}

Awaitable<void> MessageReader::JoinReadAhead() {
  on_end_ = nullptr;
  if (reading_ahead()) co_await ahead_->Join();
}

// Where the next bytes go.
asio::mutable_buffer MessageReader::Space(std::size_t most) {
  assert(has_space());
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (end_ == capacity_) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  return {buffer_.get() + end_, std::min(capacity_ - end_, most)};
}

bool MessageReader::TakeHead(error_code& ec) {
  ec = {};
  while (!parser_.head_done()) {
    if (!begun_ && role_ == Http1Parser::Role::kRequest) SkipEmptyLines();
    if (empty_lines_ > kMaxEmptyLines) {
      ec = make_error_code(boost::system::errc::message_size);
      return true;
    }
    if (!has_buffered() || (!begun_ && buffered() == "\r")) return false;
    begun_ = true;
    const Http1Parser::Progress progress = parser_.Put(buffered());
    begin_ += progress.consumed;
    ec = progress.code;
    if (ec) return true;
    if (progress.need_more) return false;
  }
  return true;
}

Awaitable<error_code> MessageReader::ReadHead() {
  error_code ec;
  while (!TakeHead(ec)) {
    const auto [failed] = co_await Fill();
    if (failed) co_return failed;
  }
  co_return ec;
}

void MessageReader::SkipEmptyLines() {
  for (; buffered().starts_with("\r\n"); begin_ += 2) ++empty_lines_;
}

MessageReader::Piece MessageReader::TakeBuffered() {
  while (!parser_.done() && has_buffered()) {
    const Http1Parser::Progress progress = parser_.Put(buffered());
    begin_ += progress.consumed;
    if (progress.code) return Piece({}, progress.code);
    if (!progress.body.empty()) return Piece(progress.body, {});
    if (progress.need_more) break;
  }
  return Piece({}, {});
}

Awaitable<MessageReader::Piece> MessageReader::ReadBody() {
  while (true) {
    const Piece piece = TakeBuffered();
    if (piece.code || !piece.bytes.empty() || parser_.done()) co_return piece;
    // A chunk header or trailers that do not fit the buffer are not worth one.
    if (!has_space()) {
      co_return Piece({}, make_error_code(boost::system::errc::message_size));
    }
    auto [ec] = co_await Fill();
    if (ec == asio::error::eof) {
      ec = parser_.PutEof().code;
      if (!ec) co_return Piece({}, {});
    }
    if (ec) co_return Piece({}, ec);
  }
}

Awaitable<MessageReader::Piece> MessageReader::ReadBodyInto(asio::mutable_buffer space) {
  const IoResult got = co_await stream_.ReadSome(space);
  co_return TakeBody(space, got);
}

MessageReader::Piece MessageReader::TryReadBodyInto(asio::mutable_buffer space) {
  const IoResult got = stream_.TryRead(space);
  if (got.ok() && got.bytes == 0) return Piece({}, {});
  return TakeBody(space, got);
}

MessageReader::Piece MessageReader::TakeBody(asio::mutable_buffer space, IoResult got) {
  // The end of the connection within a body of known length is an error of the parser's.
  if (got.code == asio::error::eof) return Piece({}, parser_.PutEof().code);
  if (!got.ok()) return Piece({}, got.code);
  const std::string_view bytes(static_cast<const char*>(space.data()), got.bytes);
  const Http1Parser::Progress progress = parser_.Put(bytes);
  assert(progress.code || progress.body.size() == bytes.size());
  return Piece(progress.body, progress.code);
}

}  // namespace keywalk::io
