#include "tests/support/memory_stream.h"

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <utility>

namespace keywalk::testing {

// A read that waits, whatever it tells.
class MemoryConnection::PendingRead {
 public:
  virtual ~PendingRead() = default;
  // Not from within the call: who wakes it may be a coroutine itself.
  virtual void Post(asio::io_context& context) = 0;
};

template <typename Handler>
class MemoryConnection::AwaitedRead final : public PendingRead {
 public:
  explicit AwaitedRead(Handler handler) : handler_(std::move(handler)) {}
  void Post(asio::io_context& context) override { asio::post(context, std::move(handler_)); }

 private:
  Handler handler_;
};

class MemoryConnection::StartedRead final : public PendingRead {
 public:
  StartedRead(std::shared_ptr<MemoryConnection> connection, asio::mutable_buffer buffer,
              std::shared_ptr<io::ReadSink> sink)
      : connection_(std::move(connection)), buffer_(buffer), sink_(std::move(sink)) {}
  ~StartedRead() override {
    if (sink_ != nullptr) sink_->OnDropped();
  }
  void Post(asio::io_context& context) override {
    // A closed connection gives no bytes, so that a buffer that went with it is not touched.
    asio::post(context, [connection = std::move(connection_), buffer = buffer_,
                         sink = std::move(sink_)] { sink->OnRead(connection->Take(buffer)); });
  }

 private:
  std::shared_ptr<MemoryConnection> connection_;
  const asio::mutable_buffer buffer_;
  std::shared_ptr<io::ReadSink> sink_;
};

class MemoryConnection::NearEnd final : public io::Stream {
 public:
  explicit NearEnd(std::shared_ptr<MemoryConnection> connection)
      : connection_(std::move(connection)) {}
  ~NearEnd() override { Close(); }

  Awaitable<io::IoResult> ReadSome(asio::mutable_buffer buffer) override {
    if (!connection_->options_.immediate) {
      Awaitable<void> turn = asio::post(connection_->context_, kAwait);
      co_await std::move(turn);
    }
    while (!connection_->is_readable()) {
      Awaitable<void> waiting = Wait();
      co_await std::move(waiting);
    }
    co_return connection_->Take(buffer);
  }

  io::IoResult TryRead(asio::mutable_buffer buffer) override {
    if (!connection_->options_.immediate || !connection_->is_readable()) {
      return io::IoResult({}, 0);
    }
    return connection_->Take(buffer);
  }

  void StartRead(asio::mutable_buffer buffer, std::shared_ptr<io::ReadSink> sink) override {
    connection_->pending_ = std::make_unique<StartedRead>(connection_, buffer, std::move(sink));
    if (connection_->is_readable()) connection_->Wake();
  }

  io::IoResult TryWrite(std::span<const asio::const_buffer> buffers) override {
    return connection_->options_.immediate ? connection_->Receive(buffers) : io::IoResult({}, 0);
  }

  Awaitable<io::IoResult> Write(std::span<const asio::const_buffer> buffers) override {
    if (!connection_->options_.immediate) {
      Awaitable<void> turn = asio::post(connection_->context_, kAwait);
      co_await std::move(turn);
    }
    co_return connection_->Receive(buffers);
  }

  void Close() noexcept override { connection_->Close(); }
  void ShutdownSend() noexcept override {
    connection_->send_ended_ = true;
    if (connection_->on_change) connection_->on_change();
  }
  void Reset() noexcept override {
    ResetOnClose(true);
    Close();
  }
  void ResetOnClose(bool on) noexcept override { connection_->resets_on_close_ = on; }
  bool IsStale() noexcept override { return connection_->is_readable(); }
  std::uint64_t position() const noexcept override { return connection_->received_.size(); }
  bool NothingSeenSince(std::uint64_t position) const noexcept override {
    return connection_->received_.size() == position;
  }
  void ExpiresAfter(std::chrono::milliseconds time) noexcept override {
    connection_->deadline_ = time;
  }
  void ExpiresNever() noexcept override { connection_->deadline_.reset(); }

 private:
  Awaitable<void> Wait() {
    return asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
        [this](auto handler) {
          using Handler = decltype(handler);
          connection_->pending_ = std::make_unique<AwaitedRead<Handler>>(std::move(handler));
        },
        kAwait);
  }

  const std::shared_ptr<MemoryConnection> connection_;
};

std::shared_ptr<MemoryConnection> MemoryConnection::Open(asio::io_context& context,
                                                         MemoryStreamOptions options) {
  return std::shared_ptr<MemoryConnection>(new MemoryConnection(context, options));
}

MemoryConnection::MemoryConnection(asio::io_context& context, MemoryStreamOptions options)
    : context_(context), options_(options) {}

MemoryConnection::~MemoryConnection() = default;

std::unique_ptr<io::Stream> MemoryConnection::NearEndOf(
    std::shared_ptr<MemoryConnection> connection) {
  return std::make_unique<NearEnd>(std::move(connection));
}

void MemoryConnection::Send(std::string_view bytes) {
  if (ended_) return;
  incoming_.append(bytes);
  Wake();
}

void MemoryConnection::Finish() {
  finished_ = true;
  Wake();
}

void MemoryConnection::Break(io::error_code code) {
  incoming_.clear();
  taken_ = 0;
  End(code);
}

bool MemoryConnection::Expire() {
  if (ended_ || !deadline_) return false;
  deadline_.reset();
  Break(asio::error::timed_out);
  return true;
}

io::IoResult MemoryConnection::Take(asio::mutable_buffer buffer) {
  const std::size_t there = std::min(incoming_.size() - taken_, options_.read_bytes);
  const std::size_t size = std::min(buffer.size(), there);
  if (size == 0 && ended_) return io::IoResult(ended_, 0);
  if (size == 0) return io::IoResult(asio::error::eof, 0);
  std::memcpy(buffer.data(), incoming_.data() + taken_, size);
  taken_ += size;
  return io::IoResult({}, size);
}

io::IoResult MemoryConnection::Receive(std::span<const asio::const_buffer> buffers) {
  if (ended_) return io::IoResult(ended_, 0);
  const std::size_t before = received_.size();
  for (const asio::const_buffer& buffer : buffers) {
    received_.append(static_cast<const char*>(buffer.data()), buffer.size());
  }
  if (on_change) on_change();
  return io::IoResult({}, received_.size() - before);
}

void MemoryConnection::End(io::error_code code) {
  if (ended_) return;
  ended_ = code;
  Wake();
}

void MemoryConnection::Close() {
  if (closed_) return;
  closed_ = true;
  was_reset_ = resets_on_close_;
  Break(asio::error::operation_aborted);
  if (on_change) on_change();
}

void MemoryConnection::Wake() {
  if (const std::unique_ptr<PendingRead> read = std::move(pending_)) read->Post(context_);
}

}  // namespace keywalk::testing
