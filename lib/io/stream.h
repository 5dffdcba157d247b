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
#include <optional>
#include <span>

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

class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  // Closes.
  virtual ~Stream() = default;

  // Reads at least one byte. At most one read may be pending.
  virtual Awaitable<IoResult> ReadSome(asio::mutable_buffer buffer) = 0;

  // Writes everything, gathered. At most one write may be pending; a read may be beside it. The
  // span and what it points to belong to the caller until the awaitable completes.
  virtual Awaitable<IoResult> Write(std::span<const asio::const_buffer> buffers) = 0;

  // Ends what is pending and the connection, in order (FIN). Idempotent.
  virtual void Close() noexcept = 0;
  // Tells the peer that nothing more will be written, while what it still sends can be read.
  virtual void ShutdownSend() noexcept = 0;
  // Ends it with a reset (RST), as a crash would.
  virtual void Reset() noexcept = 0;

  // True if, without waiting, the peer is seen to have closed or to have sent bytes that nobody
  // asked for: an idle connection that is not fit for reuse.
  virtual bool IsStale() noexcept = 0;

  // How many of the bytes written here the peer's kernel has acknowledged (Linux TCP_INFO); nullopt
  // where unknown. Unchanged after a failure: the peer never saw what was written.
  virtual std::optional<std::uint64_t> bytes_acknowledged() const noexcept = 0;

  // Pending and later operations fail after this time, until it is set anew.
  virtual void ExpiresAfter(std::chrono::milliseconds time) noexcept = 0;
  virtual void ExpiresNever() noexcept = 0;
};

}  // namespace keywalk::io

#endif  // KEYWALK_IO_STREAM_H_
