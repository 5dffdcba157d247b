// A read that can go on beside whatever else a connection does.
#ifndef KEYWALK_IO_READ_AHEAD_H_
#define KEYWALK_IO_READ_AHEAD_H_

#include <boost/asio/async_result.hpp>
#include <cassert>
#include <functional>
#include <memory>
#include <utility>

#include "io/stream.h"
#include "keywalk/awaitable.h"

namespace keywalk::io {

// One read at a time, without a coroutine of its own: every message has some. Confined to its
// stream's io_context; held by shared_ptr, as the stream holds it while a read is pending.
class ReadAhead final : public ReadSink {
 public:
  // Gets what every read gave; may start the next one.
  explicit ReadAhead(std::function<void(IoResult)> on_read) : on_read_(std::move(on_read)) {}

  bool running() const { return running_; }
  // REQUIRES: !running(), and the buffer is there until it has ended
  static void Start(const std::shared_ptr<ReadAhead>& self, Stream& stream,
                    asio::mutable_buffer buffer);
  // What a read gives from now on is nobody's.
  void Forget() { on_read_ = nullptr; }
  // Waits until no read is under way and gives the last one's error code. To be awaited on the
  // spot, which takes no frame. At most one coroutine may wait. REQUIRES: running()
  [[nodiscard]] auto Join() {
    return asio::async_initiate<decltype(kAwaitTuple), void(error_code)>(Joining(*this),
                                                                         kAwaitTuple);
  }

  void OnRead(IoResult result) override;
  void OnDropped() noexcept override;

 private:
  // A suspended coroutine, whatever its handler's type.
  class Waiting {
   public:
    virtual ~Waiting() = default;
    virtual void Resume(error_code code) = 0;
  };
  template <typename Handler>
  class WaitingFor final : public Waiting {
   public:
    explicit WaitingFor(Handler handler) : handler_(std::move(handler)) {}
    // At once: nobody who wakes it is a coroutine.
    void Resume(error_code code) override { std::move(handler_)(code); }

   private:
    Handler handler_;
  };

  // Has a coroutine wait.
  class Joining {
   public:
    explicit Joining(ReadAhead& ahead) : ahead_(&ahead) {}
    template <typename Handler>
    void operator()(Handler handler) const {
      assert(ahead_->running_ && ahead_->waiting_ == nullptr);
      ahead_->waiting_ = std::make_unique<WaitingFor<Handler>>(std::move(handler));
    }

   private:
    ReadAhead* ahead_;
  };

  std::function<void(IoResult)> on_read_;
  bool running_ = false;
  std::unique_ptr<Waiting> waiting_;
};

}  // namespace keywalk::io

#endif  // KEYWALK_IO_READ_AHEAD_H_
