#include "io/read_ahead.h"

#include <utility>

namespace keywalk::io {

void ReadAhead::Start(const std::shared_ptr<ReadAhead>& self, Stream& stream,
                      asio::mutable_buffer buffer) {
  self->running_ = true;
  stream.StartRead(buffer, self);
}

void ReadAhead::OnRead(IoResult result) {
  running_ = false;
  if (on_read_) on_read_(result);
  if (running_ || waiting_ == nullptr) return;
  // Who waited may end the connection, and this with it.
  const std::unique_ptr<Waiting> woken = std::move(waiting_);
  woken->Resume(result.code);
}

void ReadAhead::OnDropped() noexcept {
  running_ = false;
  // The coroutine that waits is never resumed: with its handler goes its frame.
  const std::unique_ptr<Waiting> dropped = std::move(waiting_);
}

}  // namespace keywalk::io
