// A read that goes on beside whatever else a connection does.
#ifndef KEYWALK_IO_READ_AHEAD_H_
#define KEYWALK_IO_READ_AHEAD_H_

#include <functional>
#include <memory>

#include "io/stream.h"
#include "keywalk/awaitable.h"

namespace keywalk::io {

// One read at a time, without a coroutine of its own: every request of a server has one. Confined
// to its stream's io_context; held by shared_ptr, as the stream holds it while a read is pending.
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
  // Waits until nothing is running. At most one coroutine may wait.
  Awaitable<void> Join();

  void OnRead(IoResult result) override;
  void OnDropped() noexcept override;

 private:
  // A suspended coroutine, whatever its handler's type.
  class Waiting {
   public:
    virtual ~Waiting() = default;
    virtual void Resume() = 0;
  };
  template <typename Handler>
  class WaitingFor;

  std::function<void(IoResult)> on_read_;
  bool running_ = false;
  std::unique_ptr<Waiting> waiting_;
};

}  // namespace keywalk::io

#endif  // KEYWALK_IO_READ_AHEAD_H_
