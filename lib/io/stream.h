// A byte stream: a TCP connection, plain or under TLS, whichever side opened it.
//
// Confined to the io_context it was made on. Operations are bounded by a deadline that the user
// moves; one expiry check serves all streams of a context (see deadline.h), since a timer an
// operation would cost a third of small-request throughput.
#ifndef KEYWALK_IO_STREAM_H_
#define KEYWALK_IO_STREAM_H_

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "keywalk/awaitable.h"

namespace keywalk::io {

using boost::system::error_code;

// How an operation ended. A deadline's expiry is asio::error::timed_out, the peer's orderly end is
// asio::error::eof, our own Close() is asio::error::operation_aborted.
class IoResult {
 public:
  IoResult(error_code code, std::size_t bytes) : code(code), bytes(bytes) {}
  bool ok() const { return !code; }

  error_code code;
  std::size_t bytes;
};

// Gets what a read gave, whether a coroutine waits for that or not.
class ReadSink {
 public:
  virtual ~ReadSink() = default;
  virtual void OnRead(IoResult result) = 0;
  // The io_context ends: there will be no result.
  virtual void OnDropped() noexcept = 0;
};

class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  // Closes.
  virtual ~Stream() = default;

  // Reads at least one byte. At most one read may be pending.
  virtual Awaitable<IoResult> ReadSome(asio::mutable_buffer buffer) = 0;
  // What is there already, without waiting; no bytes and no error: nothing is.
  virtual IoResult TryRead(asio::mutable_buffer /*buffer*/) { return IoResult({}, 0); }
  // ReadSome() without a coroutine: `sink` is told, from the io_context, not from within the call.
  virtual void StartRead(asio::mutable_buffer buffer, std::shared_ptr<ReadSink> sink) = 0;

  // Writes what can be written without waiting, which for most messages is all of it: a coroutine
  // and a turn of the io_context less. Fewer bytes than there are without an error: Write() is to
  // be given the rest. REQUIRES: no write is pending
  virtual IoResult TryWrite(std::span<const asio::const_buffer> /*buffers*/) {
    return IoResult({}, 0);
  }
  // The same for what nobody waits for: it may go out with what is written next, or soon by itself
  // (a socket's retransmission timeout).
  virtual IoResult TryWriteSoon(std::span<const asio::const_buffer> buffers) {
    return TryWrite(buffers);
  }

  // Writes everything, gathered. At most one write may be pending; a read may be beside it. The
  // span and what it points to belong to the caller until the awaitable completes.
  virtual Awaitable<IoResult> Write(std::span<const asio::const_buffer> buffers) = 0;

  // Ends what is pending and the connection, in order (FIN). Idempotent.
  virtual void Close() noexcept = 0;
  // Tells the peer that nothing more will be written, while what it still sends can be read.
  virtual void ShutdownSend() noexcept = 0;
  // Ends it with a reset (RST), as a crash would.
  virtual void Reset() noexcept = 0;
  // While on, whatever ends the connection on this side is a reset: Close(), ShutdownSend(), a
  // deadline, the end of the process. For as long as an end in order would be taken for that of a
  // message.
  virtual void ResetOnClose(bool on) noexcept = 0;

  // True if, without waiting, the peer is seen to have closed or to have sent bytes that nobody
  // asked for: an idle connection that is not fit for reuse.
  virtual bool IsStale() noexcept = 0;

  // A point in what is written here, for NothingSeenSince().
  virtual std::uint64_t position() const noexcept = 0;
  // True only if the peer's kernel is known to have acknowledged no byte written after that point,
  // and has not reset the connection: the peer cannot have seen one.
  virtual bool NothingSeenSince(std::uint64_t position) const noexcept = 0;

  // Pending and later operations fail after this time, until it is set anew.
  virtual void ExpiresAfter(std::chrono::milliseconds time) noexcept = 0;
  virtual void ExpiresNever() noexcept = 0;
};

// What is left of `buffers` after their first `taken` bytes.
std::vector<asio::const_buffer> RestOf(std::span<const asio::const_buffer> buffers,
                                       std::size_t taken);

}  // namespace keywalk::io

#endif  // KEYWALK_IO_STREAM_H_
