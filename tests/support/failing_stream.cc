#include "tests/support/failing_stream.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace keywalk::testing {

using io::error_code;
using io::IoResult;

std::string_view ToString(StreamFault fault) {
  switch (fault) {
    case StreamFault::kNone:
      return "none";
    case StreamFault::kOneByte:
      return "one byte";
    case StreamFault::kLate:
      return "late";
    case StreamFault::kReset:
      return "reset";
    case StreamFault::kPartReset:
      return "part, then reset";
    case StreamFault::kEnd:
      return "end";
    case StreamFault::kClosed:
      return "closed";
    case StreamFault::kBlackHole:
      return "black hole";
  }
  return "unknown";
}

StreamFault FaultPlan::Next() {
  if (++operations_ != at_) return StreamFault::kNone;
  if (on_fire) on_fire();
  return fault_;
}

namespace {

// The first `most` bytes of the buffers.
std::vector<asio::const_buffer> Beginning(std::span<const asio::const_buffer> buffers,
                                          std::size_t most) {
  std::vector<asio::const_buffer> beginning;
  for (const asio::const_buffer& buffer : buffers) {
    const std::size_t size = std::min(most, buffer.size());
    if (size > 0) beginning.emplace_back(buffer.data(), size);
    most -= size;
  }
  return beginning;
}

class FailingStream final : public io::Stream {
 public:
  FailingStream(asio::io_context& context, std::unique_ptr<io::Stream> inner,
                std::shared_ptr<FaultPlan> plan, StreamCounts& counts)
      : context_(context), inner_(std::move(inner)), plan_(std::move(plan)), counts_(counts) {
    ++counts_.open;
  }
  ~FailingStream() override { --counts_.open; }

  Awaitable<IoResult> ReadSome(asio::mutable_buffer buffer) override {
    const StreamFault fault = Begin();
    if (fault == StreamFault::kLate) {
      Awaitable<void> resting = plan_->rest();
      co_await std::move(resting);
    }
    Awaitable<IoResult> reading = Read(buffer, fault);
    co_return co_await std::move(reading);
  }

  void StartRead(asio::mutable_buffer buffer, std::shared_ptr<io::ReadSink> sink) override {
    const auto got = std::make_shared<IoResult>(error_code(), 0);
    asio::co_spawn(context_.get_executor(), ReadFor(buffer, got),
                   [&context = context_, sink, got](const std::exception_ptr& exception) {
                     if (exception) std::rethrow_exception(exception);
                     // From no coroutine: this may end the one that it is told of.
                     asio::post(context, [sink, got] { sink->OnRead(*got); });
                   });
  }

  IoResult TryRead(asio::mutable_buffer buffer) override {
    const StreamFault fault = Begin();
    if (read_error_) return IoResult(*read_error_, 0);
    if (fault == StreamFault::kLate || swallows_) return IoResult({}, 0);
    const bool one = fault == StreamFault::kOneByte || fault == StreamFault::kPartReset;
    const IoResult got = inner_->TryRead(one ? asio::buffer(buffer, 1) : buffer);
    counts_.read += got.bytes;
    if (fault == StreamFault::kPartReset) Break();
    return got;
  }

  IoResult TryWrite(std::span<const asio::const_buffer> buffers) override {
    const StreamFault fault = Begin();
    if (write_error_) return IoResult(*write_error_, 0);
    if (fault == StreamFault::kLate) return IoResult({}, 0);
    if (swallows_) return IoResult({}, asio::buffer_size(buffers));
    std::size_t most = asio::buffer_size(buffers);
    if (fault == StreamFault::kOneByte) most = 1;
    if (fault == StreamFault::kPartReset) most /= 2;
    const IoResult sent = inner_->TryWrite(Beginning(buffers, most));
    counts_.written += sent.bytes;
    if (fault == StreamFault::kPartReset) Break();
    return sent;
  }

  Awaitable<IoResult> Write(std::span<const asio::const_buffer> buffers) override {
    const StreamFault fault = Begin();
    if (fault == StreamFault::kLate) {
      Awaitable<void> resting = plan_->rest();
      co_await std::move(resting);
    }
    if (write_error_) co_return IoResult(*write_error_, 0);
    const std::size_t all = asio::buffer_size(buffers);
    if (swallows_) co_return IoResult({}, all);
    const bool part = fault == StreamFault::kPartReset;
    const std::vector<asio::const_buffer> sending = Beginning(buffers, part ? all / 2 : all);
    IoResult sent = co_await inner_->Write(sending);
    counts_.written += sent.bytes;
    if (part) Break();
    if (write_error_) sent.code = *write_error_;
    co_return sent;
  }

  void Close() noexcept override { inner_->Close(); }
  void ShutdownSend() noexcept override { inner_->ShutdownSend(); }
  void Reset() noexcept override { inner_->Reset(); }
  void ResetOnClose(bool on) noexcept override { inner_->ResetOnClose(on || swallows_); }
  bool IsStale() noexcept override { return read_error_.has_value() || inner_->IsStale(); }
  std::uint64_t position() const noexcept override { return inner_->position(); }
  bool NothingSeenSince(std::uint64_t position) const noexcept override {
    return inner_->NothingSeenSince(position);
  }
  void ExpiresAfter(std::chrono::milliseconds time) noexcept override {
    inner_->ExpiresAfter(time);
  }
  void ExpiresNever() noexcept override { inner_->ExpiresNever(); }

 private:
  // Counts an operation, and does what its fault does at once.
  StreamFault Begin() {
    const StreamFault fault = plan_->Next();
    if (fault == StreamFault::kReset) Break();
    if (fault == StreamFault::kEnd) Break(asio::error::eof);
    if (fault == StreamFault::kClosed) inner_->Close();
    if (fault == StreamFault::kBlackHole) Swallow();
    return fault;
  }

  // The peer sees no end in order behind what has not come.
  void Swallow() {
    swallows_ = true;
    inner_->ResetOnClose(true);
  }

  // The peer has gone: what is pending fails with it.
  void Break(error_code reads = asio::error::connection_reset) {
    read_error_ = reads;
    write_error_ = asio::error::broken_pipe;
    inner_->Reset();
  }

  // Whoever starts a read waits for its end before the stream goes.
  Awaitable<void> ReadFor(asio::mutable_buffer buffer, std::shared_ptr<IoResult> got) {
    *got = co_await ReadSome(buffer);
  }

  Awaitable<IoResult> Read(asio::mutable_buffer buffer, StreamFault fault) {
    if (read_error_) co_return IoResult(*read_error_, 0);
    const bool one = fault == StreamFault::kOneByte || fault == StreamFault::kPartReset;
    IoResult got({}, 0);
    do {  // into a black hole
      got = co_await inner_->ReadSome(one ? asio::buffer(buffer, 1) : buffer);
    } while (swallows_ && got.ok());
    // Nor does the peer's end come: what is waited for is the deadline.
    if (swallows_ && got.code == asio::error::eof) got.code = asio::error::timed_out;
    if (read_error_) co_return IoResult(*read_error_, 0);
    counts_.read += got.bytes;
    if (fault == StreamFault::kPartReset) Break();
    co_return got;
  }

  asio::io_context& context_;
  const std::unique_ptr<io::Stream> inner_;
  const std::shared_ptr<FaultPlan> plan_;
  StreamCounts& counts_;
  std::optional<error_code> read_error_;
  std::optional<error_code> write_error_;
  bool swallows_ = false;
};

}  // namespace

std::unique_ptr<io::Stream> MakeFailingStream(asio::io_context& context,
                                              std::unique_ptr<io::Stream> inner,
                                              std::shared_ptr<FaultPlan> plan,
                                              StreamCounts& counts) {
  return std::make_unique<FailingStream>(context, std::move(inner), std::move(plan), counts);
}

}  // namespace keywalk::testing
