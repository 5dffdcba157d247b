// Reads HTTP/1.1 messages from a stream, one after another, through one buffer.
#ifndef KEYWALK_IO_MESSAGE_READER_H_
#define KEYWALK_IO_MESSAGE_READER_H_

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "io/http1_parser.h"
#include "io/read_ahead.h"
#include "io/stream.h"
#include "keywalk/awaitable.h"

namespace keywalk::io {

// Confined to its stream's io_context. At most one call may be pending; reading ahead counts as
// none.
class MessageReader {
 public:
  // `stream` outlives the reader.
  MessageReader(Stream& stream, Http1Parser::Role role, std::size_t max_header_bytes);
  ~MessageReader();
  MessageReader(const MessageReader&) = delete;
  MessageReader& operator=(const MessageReader&) = delete;

  Http1Parser& parser() { return parser_; }
  const Http1Parser& parser() const { return parser_; }
  MessageHead& head() { return parser_.head(); }

  // Forgets the message just read (its head is void) and begins the next one with what is buffered.
  void StartMessage(bool without_body = false);

  // Reads more bytes into the buffer, or waits for the read under way; gives an error code. To be
  // awaited on the spot, as ReadAhead::Join(). REQUIRES: has_space()
  [[nodiscard]] auto Fill() {
    StartFill();
    return ahead_->Join();
  }

  // Reads on beside whatever else is done, into the space there is, so that the peer's end is seen
  // at once: `on_end` is then called. Bytes that come are kept for what reads them later.
  void StartReadAhead(std::function<void()> on_end);
  // Forgets `on_end`. A read under way goes on: the next Fill() gets what it gets.
  void StopReadAhead() { on_end_ = nullptr; }
  // Waits for the read under way. REQUIRES: something ends it, such as the stream's Close()
  Awaitable<void> JoinReadAhead();

  bool has_space() const { return end_ < capacity_ || begin_ > 0; }
  bool has_buffered() const { return begin_ < end_; }
  bool has_buffered(std::uint64_t bytes) const { return end_ - begin_ >= bytes; }
  // True if any byte of the current message has been seen.
  bool message_begun() const { return begun_ || has_buffered(); }

  // Reads to the end of the head. asio::error::eof: the peer ended before the first byte of it.
  Awaitable<error_code> ReadHead();
  // The same with what is buffered; false if more must be read.
  bool TakeHead(error_code& ec);

  // The next piece of the body, valid until the next call; empty without an error: the end.
  class Piece {
   public:
    Piece(std::string_view bytes, error_code code) : bytes(bytes), code(code) {}
    std::string_view bytes;
    error_code code;
  };
  Awaitable<Piece> ReadBody();
  // The same into `space`, past the buffer, for a body of known length that is longer than that.
  // REQUIRES: !has_buffered(), and no read ahead is running
  Awaitable<Piece> ReadBodyInto(asio::mutable_buffer space);
  // The same with what is there; empty without an error and not done: nothing is.
  Piece TryReadBodyInto(asio::mutable_buffer space);
  bool reading_ahead() const { return ahead_ != nullptr && ahead_->running(); }
  // Parses what is buffered only; empty and not done: more must be read.
  Piece TakeBuffered();

 private:
  asio::mutable_buffer Space(std::size_t most);
  void StartRead(std::size_t most);
  void StartFill();
  Piece TakeBody(asio::mutable_buffer space, IoResult got);
  void OnRead(IoResult result);
  // Skips empty lines before a request, as RFC 9112 section 2.2 asks of servers.
  void SkipEmptyLines();

  std::string_view buffered() const { return {buffer_.get() + begin_, end_ - begin_}; }

  Stream& stream_;
  const Http1Parser::Role role_;
  Http1Parser parser_;
  const std::size_t capacity_;
  const std::unique_ptr<char[]> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool begun_ = false;
  std::size_t empty_lines_ = 0;  // skipped before the current message

  std::shared_ptr<ReadAhead> ahead_;  // null until there is a first
  std::function<void()> on_end_;      // set while reading ahead is wanted
};

}  // namespace keywalk::io

#endif  // KEYWALK_IO_MESSAGE_READER_H_
