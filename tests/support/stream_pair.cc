#include "tests/support/stream_pair.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

namespace keywalk::testing {

using io::error_code;
using io::IoResult;

VirtualTime::Entry::Entry(VirtualTime& time) : time_(time) { time_.entries_.push_back(this); }

VirtualTime::Entry::~Entry() { std::erase(time_.entries_, this); }

Awaitable<void> VirtualTime::WaitForRest(Executor executor) {
  const auto wake = std::make_shared<io::SteadyTimer>(executor, io::SteadyTimer::time_point::max());
  WhenAtRest([wake] { wake->cancel(); });
  co_await wake->async_wait(kAwaitTuple);
}

bool VirtualTime::GoOn() {
  if (!at_rest_.empty()) {
    for (const std::function<void()>& task : std::exchange(at_rest_, {})) task();
    return true;
  }
  Milliseconds next = Milliseconds::max();
  for (const Entry* entry : entries_) next = std::min(next, entry->at_);
  if (next == Milliseconds::max()) return false;
  now_ = next;
  const std::vector<Entry*> entries = entries_;
  for (Entry* entry : entries) {
    if (entry->at_ > now_) continue;
    entry->NeverExpires();
    entry->OnExpired();
  }
  return true;
}

namespace {

// Bytes on their way in one direction.
struct Channel {
  std::string bytes;
  bool ended = false;   // nothing more is written
  bool broken = false;  // reset by either end
  io::Stream* reader = nullptr;
  io::Stream* writer = nullptr;
};

// A result on its way to a sink, which is told also if it never arrives.
class Delivery {
 public:
  Delivery(std::shared_ptr<io::ReadSink> sink, IoResult result)
      : sink_(std::move(sink)), result_(result) {}
  Delivery(Delivery&&) noexcept = default;
  ~Delivery() {
    if (sink_ != nullptr) sink_->OnDropped();
  }
  void operator()() { std::exchange(sink_, nullptr)->OnRead(result_); }

 private:
  std::shared_ptr<io::ReadSink> sink_;
  IoResult result_;
};

class PairedStream final : public io::Stream, private VirtualTime::Entry {
 public:
  PairedStream(asio::io_context& context, VirtualTime& time, StreamPairOptions options,
               std::shared_ptr<Channel> in, std::shared_ptr<Channel> out)
      : VirtualTime::Entry(time),
        context_(context),
        options_(options),
        in_(std::move(in)),
        out_(std::move(out)),
        readable_(context.get_executor(), io::SteadyTimer::time_point::max()),
        writable_(context.get_executor(), io::SteadyTimer::time_point::max()) {
    in_->reader = this;
    out_->writer = this;
  }
  ~PairedStream() override {
    Close();
    in_->reader = nullptr;
    out_->writer = nullptr;
  }

  Awaitable<IoResult> ReadSome(asio::mutable_buffer buffer) override {
    while (!CanRead()) co_await readable_.async_wait(kAwaitTuple);
    co_return Take(buffer);
  }

  IoResult TryRead(asio::mutable_buffer buffer) override {
    if (!options_.can_try || !CanRead()) return IoResult({}, 0);
    return Take(buffer);
  }

  void StartRead(asio::mutable_buffer buffer, std::shared_ptr<io::ReadSink> sink) override {
    sink_ = std::move(sink);
    sink_buffer_ = buffer;
    Wake();
  }

  IoResult TryWrite(std::span<const asio::const_buffer> buffers) override {
    if (!options_.can_try) return IoResult({}, 0);
    if (const error_code ec = WriteError()) return IoResult(ec, 0);
    return IoResult({}, Put(buffers));
  }

  Awaitable<IoResult> Write(std::span<const asio::const_buffer> buffers) override {
    const std::size_t all = asio::buffer_size(buffers);
    std::size_t sent = 0;
    while (true) {
      if (const error_code ec = WriteError()) co_return IoResult(ec, sent);
      sent += Put(io::RestOf(buffers, sent));
      if (sent == all) co_return IoResult({}, sent);
      // A read that was under way may have taken it at once, before anybody waited.
      const bool full = out_->bytes.size() >= options_.capacity;
      if (full) co_await writable_.async_wait(kAwaitTuple);
    }
  }

  void Close() noexcept override {
    if (closed_) return;
    closed_ = true;
    if (resets_on_close_) out_->bytes.clear();
    // A close with bytes unread is a reset, as of a socket.
    if (resets_on_close_ || !in_->bytes.empty()) in_->broken = out_->broken = true;
    in_->bytes.clear();
    out_->ended = true;
    in_->ended = true;
    WakeBoth();
  }
  void ShutdownSend() noexcept override {
    if (closed_) return;
    if (resets_on_close_) return Close();
    out_->ended = true;
    WakeBoth();
  }
  void Reset() noexcept override {
    ResetOnClose(true);
    Close();
  }
  void ResetOnClose(bool on) noexcept override { resets_on_close_ = on; }

  bool IsStale() noexcept override { return closed_ || CanRead(); }
  std::uint64_t position() const noexcept override { return written_; }
  bool NothingSeenSince(std::uint64_t position) const noexcept override {
    return written_ == position;
  }
  void ExpiresAfter(std::chrono::milliseconds time) noexcept override { ExpiresIn(time); }
  void ExpiresNever() noexcept override { NeverExpires(); }

 private:
  void OnExpired() override {
    expired_ = true;
    Close();
  }

  error_code OwnEnd() const {
    return expired_ ? asio::error::timed_out : asio::error::operation_aborted;
  }
  error_code WriteError() const {
    if (closed_) return OwnEnd();
    const bool gone = out_->reader == nullptr || out_->ended || out_->broken;
    return gone ? error_code(asio::error::broken_pipe) : error_code();
  }

  bool CanRead() const { return closed_ || !in_->bytes.empty() || in_->ended || in_->broken; }
  // REQUIRES: CanRead()
  IoResult Take(asio::mutable_buffer buffer) {
    if (closed_) return IoResult(OwnEnd(), 0);
    const std::size_t size = std::min(buffer.size(), in_->bytes.size());
    if (size == 0) {
      const error_code broken = asio::error::connection_reset;
      return IoResult(in_->broken ? broken : error_code(asio::error::eof), 0);
    }
    std::memcpy(buffer.data(), in_->bytes.data(), size);
    in_->bytes.erase(0, size);
    if (in_->writer != nullptr) static_cast<PairedStream*>(in_->writer)->Wake();
    return IoResult({}, size);
  }

  std::size_t Put(std::span<const asio::const_buffer> buffers) {
    std::size_t put = 0;
    for (const asio::const_buffer& buffer : buffers) {
      const std::size_t room = options_.capacity - std::min(options_.capacity, out_->bytes.size());
      const std::size_t size = std::min(buffer.size(), room);
      out_->bytes.append(static_cast<const char*>(buffer.data()), size);
      put += size;
    }
    written_ += put;
    if (out_->reader != nullptr) static_cast<PairedStream*>(out_->reader)->Wake();
    return put;
  }

  void WakeBoth() {
    Wake();
    if (in_->writer != nullptr) static_cast<PairedStream*>(in_->writer)->Wake();
  }
  void Wake() {
    readable_.cancel();
    writable_.cancel();
    if (sink_ == nullptr || !CanRead()) return;
    asio::post(context_, Delivery(std::exchange(sink_, nullptr), Take(sink_buffer_)));
  }

  asio::io_context& context_;
  const StreamPairOptions options_;
  const std::shared_ptr<Channel> in_;
  const std::shared_ptr<Channel> out_;
  io::SteadyTimer readable_;  // both cancelled whenever something has changed
  io::SteadyTimer writable_;
  std::shared_ptr<io::ReadSink> sink_;  // of a read that no coroutine waits for
  asio::mutable_buffer sink_buffer_;
  std::uint64_t written_ = 0;
  bool resets_on_close_ = false;
  bool closed_ = false;
  bool expired_ = false;
};

}  // namespace

std::pair<std::unique_ptr<io::Stream>, std::unique_ptr<io::Stream>> MakeStreamPair(
    asio::io_context& context, VirtualTime& time, StreamPairOptions options) {
  const auto there = std::make_shared<Channel>();
  const auto back = std::make_shared<Channel>();
  auto near = std::make_unique<PairedStream>(context, time, options, back, there);
  auto far = std::make_unique<PairedStream>(context, time, options, there, back);
  return {std::move(near), std::move(far)};
}

}  // namespace keywalk::testing
