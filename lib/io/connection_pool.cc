#include "io/connection_pool.h"

#include <algorithm>
#include <utility>

namespace keywalk::io {

std::shared_ptr<UpstreamConnection> ConnectionPool::Take() {
  while (!idle_.empty()) {
    std::shared_ptr<UpstreamConnection> connection = std::move(idle_.back());
    idle_.pop_back();
    if (connection->stream->IsStale()) continue;
    connection->stream->ExpiresNever();
    connection->reused = true;
    return connection;
  }
  return nullptr;
}

void ConnectionPool::Put(std::shared_ptr<UpstreamConnection> connection) {
  // Bytes after the response are an answer to nothing: the framing cannot be trusted any more.
  if (connection->reader.has_buffered()) return;
  if (idle_.size() >= max_idle_) idle_.erase(idle_.begin());
  connection->UnlimitTime();
  connection->ExpiresAfter(keep_alive_);
  idle_.push_back(std::move(connection));
}

}  // namespace keywalk::io
