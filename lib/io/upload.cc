#include "io/upload.h"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <cassert>
#include <span>
#include <utility>
#include <vector>

#include "io/http1_writer.h"

namespace keywalk::io {
namespace {

using Kind = TransportError::Kind;

// A client's body that fails is the request's; what kept it says so itself.
TransportError SourceError(const TransportError& error) {
  if (error.kind == Kind::kRequestBody || error.kind == Kind::kBodyTooLarge ||
      error.kind == Kind::kBodyStorage) {
    return error;
  }
  return TransportError(Kind::kRequestBody, error.code,
                        "reading the request's body: " + error.message);
}

// The end of a chunk, and of a body without trailers.
std::string EndOfChunks() {
  std::string end("\r\n");
  AppendLastChunk(end, Headers());
  return end;
}

// At most so many bytes are its last chunk.
std::size_t LastChunkBytes(const Headers& trailers) {
  constexpr std::size_t kFraming = 16;
  return kFraming + trailers.text_bytes() + 4 * trailers.size();
}

}  // namespace

Upload::Upload(std::shared_ptr<TransportShared> shared,
               std::shared_ptr<UpstreamConnection> connection, const Request& request,
               std::string head, std::size_t sent, bool expects_continue)
    : shared_(std::move(shared)),
      connection_(std::move(connection)),
      recorded_(request.recorded_body),
      stream_(request.stream_body),
      head_(std::move(head)),
      sent_before_(sent),
      chunked_(expects_continue || (stream_ != nullptr && !stream_->size())),
      turn_(expects_continue ? Turn::kWaiting : Turn::kSend),
      head_sent_(expects_continue && head_.empty()) {}

void Upload::Start(const std::shared_ptr<Upload>& upload) {
  // Nothing in it throws but for want of memory, which then ends the program's task.
  asio::co_spawn(upload->shared_->context.get_executor(), Run(upload),
                 [](std::exception_ptr exception) {
                   if (exception) std::rethrow_exception(exception);
                 });
}

void Upload::SetTurn(Turn turn) {
  if (turn_ != Turn::kWaiting) return;
  turn_ = turn;
  if (waiting_) waiting_->cancel();
}

void Upload::Permit() { SetTurn(Turn::kSend); }

bool Upload::OnAnswer() {
  const bool withheld = turn_ == Turn::kWaiting && head_sent_;
  SetTurn(Turn::kStop);
  return withheld;
}

Awaitable<void> Upload::SendEmptyBody(bool answer_is_whole) {
  std::string last;
  AppendLastChunk(last, Headers());
  std::array<asio::const_buffer, 1> buffers{asio::buffer(last)};
  Stream& stream = *connection_->stream;
  IoResult sent = answer_is_whole ? stream.TryWriteSoon(buffers) : stream.TryWrite(buffers);
  if (sent.ok() && sent.bytes < last.size()) {
    buffers[0] += sent.bytes;
    sent = co_await stream.Write(buffers);
  }
  done_ = sent.ok();
}

Awaitable<void> Upload::SendLastChunk() {
  const std::string end = EndOfChunks();
  const std::array<asio::const_buffer, 1> last{asio::buffer(end)};
  const IoResult sent = co_await connection_->stream->Write(last);
  done_ = sent.ok();
}

void Upload::OnClosed() {
  SetTurn(Turn::kStop);
  // One that waits for the client's next bytes waits for nothing.
  if (!ended_ && stream_ != nullptr) stream_->Cancel();
}

// Static, so that the frame owns the upload.
Awaitable<void> Upload::Run(std::shared_ptr<Upload> self) {
  if (self->turn_ == Turn::kWaiting) co_await self->AwaitContinue();
  if (self->turn_ == Turn::kSend) {
    if (self->recorded_ != nullptr) {
      co_await self->SendRecorded();
    } else {
      co_await self->SendStreamed();
    }
  }
  self->ended_ = true;
  // A long answer does not hold on to what it was the answer to.
  self->recorded_.reset();
  self->stream_.reset();
  if (self->turn_ == Turn::kStop) co_return;  // the connection may be another's by now
  // From here on the response's head is what is waited for.
  self->connection_->ExpiresAfter(self->shared_->options.response_head_timeout);
  if (self->source_error_) self->connection_->stream->Close();
}

Awaitable<void> Upload::AwaitContinue() {
  connection_->ExpiresAfter(shared_->options.response_head_timeout);
  waiting_.emplace(shared_->context.get_executor(), shared_->options.continue_wait);
  if (!head_sent_) {
    const std::array<asio::const_buffer, 1> head{asio::buffer(head_) + sent_before_};
    const IoResult sent = co_await connection_->stream->Write(head);
    head_.clear();
    sent_before_ = 0;
    head_sent_ = sent.ok();
    if (!sent.ok()) turn_ = Turn::kStop;
  }
  if (turn_ == Turn::kWaiting) co_await waiting_->async_wait(kAwaitTuple);
  if (turn_ != Turn::kWaiting) co_return;
  shared_->ignores_expect = true;
  turn_ = Turn::kSend;
}

Awaitable<void> Upload::SendRecorded() {
  if (chunked_) AppendChunkHead(head_, recorded_->size());
  Awaitable<bool> sending = SendChunks();
  const bool in_memory_sent = co_await std::move(sending);
  if (!in_memory_sent) co_return;
  if (recorded_->in_memory()) {
    done_ = true;
    co_return;
  }
  Awaitable<bool> rest = SendSpilled();
  const bool all_sent = co_await std::move(rest);
  if (!all_sent) co_return;
  if (chunked_) {
    Awaitable<void> ending = SendLastChunk();
    co_await std::move(ending);
  } else {
    done_ = true;
  }
}

// What is in a file.
Awaitable<bool> Upload::SendSpilled() {
  RecordedBody::Reader rest(*recorded_);
  for (std::size_t i = 0; i < recorded_->chunk_count(); ++i) rest.Skip(recorded_->chunk(i).size());
  while (true) {
    const auto bytes = rest.Next();
    if (!bytes) {
      source_error_.emplace(Kind::kBodyStorage, bytes.error(),
                            "reading the recorded body: " + bytes.error().message());
      co_return false;
    }
    if (bytes->empty()) co_return true;
    connection_->ExpiresAfter(shared_->options.idle_timeout);
    const std::array<asio::const_buffer, 1> piece{asio::buffer(bytes->data(), bytes->size())};
    const IoResult sent = co_await connection_->stream->Write(piece);
    if (!sent.ok()) co_return false;
  }
}

// The head, if it has not gone out, what is in memory, and the end of the body if that is all of
// it.
Awaitable<bool> Upload::SendChunks() {
  const std::string end = chunked_ && recorded_->in_memory() ? EndOfChunks() : std::string();
  const Gathered first = Gather(head_, recorded_.get());
  std::size_t next = head_.empty() ? first.size() : first.size() - 1;
  std::vector<asio::const_buffer> buffers = RestOf({first.data(), first.size()}, sent_before_);
  while (true) {
    const bool all = next == recorded_->chunk_count();
    if (all && !end.empty()) buffers.push_back(asio::buffer(end));
    if (!buffers.empty()) {
      connection_->ExpiresAfter(shared_->options.idle_timeout);
      const IoResult sent = co_await connection_->stream->Write(buffers);
      if (!sent.ok()) co_return false;
    }
    if (all) co_return true;
    buffers.clear();
    while (next < recorded_->chunk_count() && buffers.size() < kMaxGathered) {
      const std::string_view chunk = recorded_->chunk(next++);
      buffers.emplace_back(chunk.data(), chunk.size());
    }
  }
}

Upload::Gathered Upload::Gather(const std::string& head, const RecordedBody* body) {
  Gathered buffers;
  if (!head.empty()) buffers.push_back(asio::buffer(head));
  const std::size_t chunks = body != nullptr ? body->chunk_count() : 0;
  for (std::size_t i = 0; i < chunks && buffers.size() < kMaxGathered; ++i) {
    buffers.push_back(asio::buffer(body->chunk(i).data(), body->chunk(i).size()));
  }
  return buffers;
}

Awaitable<void> Upload::SendStreamed() {
  assert(sent_before_ == 0);
  const std::chrono::milliseconds idle = shared_->options.idle_timeout;
  std::uint64_t left = stream_->size().value_or(0);
  std::string& framing = head_;  // goes out with the first piece
  std::vector<asio::const_buffer> buffers;
  while (true) {
    std::optional<BodyChunk> piece = stream_->TryRead();
    if (!piece) {
      // A client that is silent is not the upstream's fault: its own limit, which is as long, is
      // to pass first.
      connection_->ExpiresAfter(2 * idle);
      piece.emplace(co_await stream_->Read());
    }
    if (piece->failed()) {
      source_error_ = SourceError(piece->error());
      co_return;
    }
    const bool at_end = piece->at_end();
    if (chunked_ && !at_end) AppendChunkHead(framing, piece->bytes().size());
    if (chunked_ && at_end) {
      GrowWiped(framing, framing.size() + LastChunkBytes(stream_->trailers()));
      AppendLastChunk(framing, stream_->trailers());
    }
    buffers.clear();
    if (!framing.empty()) buffers.push_back(asio::buffer(framing));
    if (!at_end) buffers.emplace_back(piece->bytes().data(), piece->bytes().size());
    if (chunked_ && !at_end) buffers.push_back(asio::buffer("\r\n", 2));
    left -= std::min<std::uint64_t>(left, piece->bytes().size());
    if (!chunked_ && !at_end) left -= TakeMore(left, buffers);
    IoResult sent({}, 0);
    if (!buffers.empty()) {
      connection_->ExpiresAfter(idle);
      sent = connection_->stream->TryWrite(buffers);
    }
    if (sent.ok() && sent.bytes < asio::buffer_size(buffers)) {
      const std::vector<asio::const_buffer> rest = RestOf(buffers, sent.bytes);
      sent = co_await connection_->stream->Write(rest);
    }
    if (!sent.ok()) co_return;
    if (at_end) break;
    Wipe(framing);
  }
  done_ = chunked_ || left == 0;
}

// What follows and is there already, up to `left` bytes: to send it together wakes the upstream
// once. Returns how many bytes that is.
std::uint64_t Upload::TakeMore(std::uint64_t left, std::vector<asio::const_buffer>& buffers) {
  std::uint64_t taken = 0;
  while (taken < left && buffers.size() < kMaxGathered && stream_->keeps_pieces()) {
    const std::optional<BodyChunk> piece = stream_->TryRead();
    // An end or an error here is given again by the next read.
    if (!piece || piece->bytes().empty()) break;
    buffers.emplace_back(piece->bytes().data(), piece->bytes().size());
    taken += piece->bytes().size();
    // One that lies elsewhere has to go out before the next is read.
    if (!stream_->keeps_pieces()) break;
  }
  return taken;
}

}  // namespace keywalk::io
