#include "sim/transport_gateway/sim_stream.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <utility>

namespace keywalk::sim {
namespace {

constexpr std::size_t kMaxHeadBytes = 64 * 1024;

}  // namespace

SimStream::SimStream(asio::io_context& context, Wire& wire)
    : context_(context), wire_(wire), parser_(io::Http1Parser::Role::kRequest, kMaxHeadBytes) {}

SimStream::~SimStream() {
  sink_.reset();  // whoever waited has gone before
  Close();
}

Awaitable<io::IoResult> SimStream::ReadSome(asio::mutable_buffer) {
  co_return io::IoResult(asio::error::operation_not_supported, 0);
}

void SimStream::StartRead(asio::mutable_buffer buffer, std::shared_ptr<io::ReadSink> sink) {
  read_into_ = buffer;
  sink_ = std::move(sink);
  if (CanRead()) return Wake();
  wire_.OnWait(*this);
}

io::IoResult SimStream::Take(asio::mutable_buffer buffer) {
  const std::size_t size = std::min(buffer.size(), incoming_.size() - taken_);
  if (size == 0) return io::IoResult(ended_, 0);
  std::memcpy(buffer.data(), incoming_.data() + taken_, size);
  taken_ += size;
  if (taken_ == incoming_.size()) {
    incoming_.clear();
    taken_ = 0;
  }
  return io::IoResult(error_code(), size);
}

Awaitable<io::IoResult> SimStream::Write(std::span<const asio::const_buffer> buffers) {
  if (ended_) co_return io::IoResult(ended_, 0);
  std::size_t bytes = 0;
  for (const asio::const_buffer& buffer : buffers) {
    Receive({static_cast<const char*>(buffer.data()), buffer.size()});
    bytes += buffer.size();
  }
  written_ += bytes;
  co_return io::IoResult(error_code(), bytes);
}

void SimStream::Receive(std::string_view bytes) {
  std::string joined;
  if (!unparsed_.empty()) {
    joined = std::exchange(unparsed_, {}).append(bytes);
    bytes = joined;
  }
  while (!bytes.empty() && !ended_) {
    const io::Http1Parser::Progress progress = parser_.Put(bytes);
    bytes.remove_prefix(progress.consumed);
    if (progress.code) return Break();  // as a server does that is sent no HTTP
    body_.Add(progress.body);
    if (parser_.done()) {
      wire_.OnRequest(*this, parser_.head(), body_);
      parser_.Start();
      body_.Start();
    } else if (progress.need_more) {
      unparsed_ = bytes;
      return;
    }
  }
}

void SimStream::Close() noexcept {
  incoming_.clear();
  taken_ = 0;
  End(asio::error::operation_aborted);
  wire_.OnClose(*this);
}

bool SimStream::IsStale() noexcept {
  Expire();
  return CanRead();
}

void SimStream::ExpiresAfter(std::chrono::milliseconds time) noexcept {
  deadline_.reset();
  if (time < kNoDeadline) deadline_ = wire_.now() + time;
  if (is_waiting()) wire_.OnWait(*this);
}

void SimStream::Deliver(std::string_view bytes) {
  if (ended_) return;
  incoming_.append(bytes);
  Wake();
}

void SimStream::Break() { End(asio::error::connection_reset); }

void SimStream::Expire() {
  if (ended_ || !deadline_ || wire_.now() < *deadline_) return;
  incoming_.clear();
  taken_ = 0;
  End(asio::error::timed_out);
  wire_.OnClose(*this);
}

void SimStream::End(error_code code) {
  if (ended_) return;
  ended_ = code;
  Wake();
}

void SimStream::Wake() {
  if (sink_ == nullptr) return;
  // Not at once: the one who wakes may be a coroutine itself. Who reads waits for the end of it
  // before the stream goes.
  asio::post(context_,
             [this, sink = std::exchange(sink_, nullptr)] { sink->OnRead(Take(read_into_)); });
}

}  // namespace keywalk::sim
