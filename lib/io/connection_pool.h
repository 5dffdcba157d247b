// Keep-alive connections to one upstream (RFC 9112 section 9.3).
#ifndef KEYWALK_IO_CONNECTION_POOL_H_
#define KEYWALK_IO_CONNECTION_POOL_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "io/message_reader.h"
#include "io/stream.h"

namespace keywalk::io {

// One connection to an upstream and what was read from it.
class UpstreamConnection {
 public:
  UpstreamConnection(std::unique_ptr<Stream> opened, std::size_t max_header_bytes)
      : stream(std::move(opened)),
        reader(*stream, Http1Parser::Role::kResponse, max_header_bytes) {}

  // Moves the deadline, unless all that is left is bounded by LimitTime().
  void ExpiresAfter(std::chrono::milliseconds time) {
    if (!limited_) stream->ExpiresAfter(time);
  }
  void LimitTime(std::chrono::milliseconds time) {
    limited_ = true;
    stream->ExpiresAfter(time);
  }
  void UnlimitTime() { limited_ = false; }

  const std::unique_ptr<Stream> stream;
  MessageReader reader;
  bool reused = false;  // carried a request before

 private:
  bool limited_ = false;
};

// Confined to its io_context.
class ConnectionPool {
 public:
  ConnectionPool(std::size_t max_idle, std::chrono::milliseconds keep_alive)
      : max_idle_(max_idle), keep_alive_(keep_alive) {}

  // The connection used last that is still fit, or null.
  std::shared_ptr<UpstreamConnection> Take();

  // Keeps a connection whose response was read to its end.
  void Put(std::shared_ptr<UpstreamConnection> connection);

 private:
  const std::size_t max_idle_;
  const std::chrono::milliseconds keep_alive_;
  std::vector<std::shared_ptr<UpstreamConnection>> idle_;
};

}  // namespace keywalk::io

#endif  // KEYWALK_IO_CONNECTION_POOL_H_
