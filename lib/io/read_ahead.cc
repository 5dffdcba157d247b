#include "io/read_ahead.h"

#include <boost/asio/async_result.hpp>
#include <utility>

namespace keywalk::io {

template <typename Handler>
class ReadAhead::WaitingFor final : public Waiting {
 public:
  explicit WaitingFor(Handler handler) : handler_(std::move(handler)) {}
  // At once: nobody who wakes it is a coroutine.
  void Resume() override { std::move(handler_)(); }

 private:
  Handler handler_;
};

void ReadAhead::Start(const std::shared_ptr<ReadAhead>& self, Stream& stream,
                      asio::mutable_buffer buffer) {
  self->running_ = true;
  stream.StartRead(buffer, self);
}

Awaitable<void> ReadAhead::Join() {
  return asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
      [this](auto handler) {
        using Handler = decltype(handler);
        waiting_ = std::make_unique<WaitingFor<Handler>>(std::move(handler));
      },
      kAwait);
}

void ReadAhead::OnRead(IoResult result) {
  running_ = false;
  if (on_read_) on_read_(result);
  if (running_ || waiting_ == nullptr) return;
  // Who waited may end the connection, and this with it.
  const std::unique_ptr<Waiting> woken = std::move(waiting_);
  woken->Resume();
}

void ReadAhead::OnDropped() noexcept {
  // The coroutine that waits is never resumed: with its handler goes its frame.
  const std::unique_ptr<Waiting> dropped = std::move(waiting_);
}

}  // namespace keywalk::io
