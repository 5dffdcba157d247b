// A connection in memory: its near end is a Stream for the code under test, its far end is the test
// itself, call by call. (Where both ends are coroutines, stream_pair.h.)
//
// No socket, no thread, no real time. What becomes of a read is told when the io_context is polled;
// a deadline passes when the test says so. Confined to its io_context.
#ifndef KEYWALK_TESTS_SUPPORT_MEMORY_STREAM_H_
#define KEYWALK_TESTS_SUPPORT_MEMORY_STREAM_H_

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "io/stream.h"

namespace keywalk::testing {

// How the near end is served.
struct MemoryStreamOptions {
  // What one read gives at most.
  std::size_t read_bytes = SIZE_MAX;
  // TryRead() and TryWrite() have their way, and Write() takes no turn of the io_context: as with a
  // socket that has room. Else every operation has to be awaited, as under TLS.
  bool immediate = true;
};

class MemoryConnection {
 public:
  // `context` outlives the connection.
  static std::shared_ptr<MemoryConnection> Open(asio::io_context& context,
                                                MemoryStreamOptions options = {});
  MemoryConnection(const MemoryConnection&) = delete;
  MemoryConnection& operator=(const MemoryConnection&) = delete;
  ~MemoryConnection();

  // The near end of a connection, which it shares with the test. To be called once for each.
  static std::unique_ptr<io::Stream> NearEndOf(std::shared_ptr<MemoryConnection> connection);

  // --- the far end ---

  // Bytes for the near end; lost if it has closed.
  void Send(std::string_view bytes);
  // Nothing more will be sent: once all is read, the near end reads asio::error::eof.
  void Finish();
  // Ends it now: what the near end has not read is lost, and all that it does fails with `code`.
  void Break(io::error_code code);
  // The near end's deadline passes. False, and nothing happens, if it has none.
  bool Expire();

  // All that the near end has written.
  const std::string& received() const { return received_; }
  // Called after the near end has written or ended something. May be empty.
  std::function<void()> on_change;
  // Where `on_change` leaves a note of how much of received() it has dealt with.
  std::size_t dealt_with = 0;

  // The near end has closed, or was destroyed.
  bool closed() const { return closed_; }
  // It has closed, or has said that it will write nothing more.
  bool send_ended() const { return closed_ || send_ended_; }
  // It has ended the connection with a reset.
  bool was_reset() const { return was_reset_; }
  // It waits for bytes.
  bool is_read() const { return pending_ != nullptr; }

 private:
  class NearEnd;
  class PendingRead;
  template <typename Handler>
  class AwaitedRead;
  class StartedRead;

  MemoryConnection(asio::io_context& context, MemoryStreamOptions options);

  bool is_readable() const { return ended_ || finished_ || taken_ < incoming_.size(); }
  io::IoResult Take(asio::mutable_buffer buffer);
  io::IoResult Receive(std::span<const asio::const_buffer> buffers);
  void End(io::error_code code);
  void Close();
  void Wake();

  asio::io_context& context_;
  const MemoryStreamOptions options_;
  std::string incoming_;
  std::size_t taken_ = 0;  // of `incoming_`
  std::string received_;
  bool finished_ = false;
  bool send_ended_ = false;
  bool closed_ = false;
  bool resets_on_close_ = false;
  bool was_reset_ = false;
  io::error_code ended_;  // set: nothing can be done on it any more
  std::optional<std::chrono::milliseconds> deadline_;
  std::unique_ptr<PendingRead> pending_;
};

}  // namespace keywalk::testing

#endif  // KEYWALK_TESTS_SUPPORT_MEMORY_STREAM_H_
