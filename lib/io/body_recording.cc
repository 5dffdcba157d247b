#include "io/body_recording.h"

#include <boost/asio/this_coro.hpp>
#include <string>
#include <utility>

namespace keywalk::io {

using Kind = TransportError::Kind;

namespace {

// An attempt that streams begins with as many bytes of its body at the latest.
constexpr std::uint64_t kFirstBytes = 64 * 1024;

// Readings after which others get their turn, however fast the client sends: 2 MiB.
constexpr int kMostAtOnce = 32;

}  // namespace

// One attempt's way through the recording. Cancelled when the attempt is over: what it was waiting
// for is then recorded all the same.
class BodyRecording::Reader final : public BodySource {
 public:
  explicit Reader(std::shared_ptr<BodyRecording> recording)
      : recording_(std::move(recording)), recorded_(*recording_->body_) {}

  std::optional<std::uint64_t> size() const override { return recording_->source_->size(); }

  Awaitable<BodyChunk> Read() override {
    while (true) {
      std::optional<BodyChunk> piece = TryRead();
      if (piece) co_return std::move(*piece);
      if (recording_->reading_) {
        co_await recording_->WaitForChange();
      } else {
        co_await recording_->ReadMore();
      }
    }
  }

  std::optional<BodyChunk> TryRead() override {
    if (cancelled_) {
      return BodyChunk(
          TransportError(Kind::kCancelled, asio::error::operation_aborted, "the attempt is over"));
    }
    std::optional<BodyChunk> piece = TakeRecorded();
    if (piece || recording_->reading_ || !recording_->TryReadMore()) return piece;
    return TakeRecorded();
  }

  bool keeps_pieces() const override {
    return recording_->keeping_ && recording_->body_->in_memory();
  }
  bool ready() const override { return position_ < recording_->read_bytes_; }
  void Cancel() override {
    cancelled_ = true;
    if (recording_->changed_) recording_->changed_->cancel();
  }
  bool repeatable() const override { return recording_->keeping_; }
  std::shared_ptr<BodySource> Again() override { return std::make_shared<Reader>(recording_); }
  // Those of the client are not passed on: an attempt that sends the recorded body has none.
  const Headers& trailers() const override { return no_trailers_; }

 private:
  // What is known already: bytes, the end, or the failure.
  std::optional<BodyChunk> TakeRecorded() {
    BodyRecording& recording = *recording_;
    // What was just read need not be fetched from a file, nor, once nothing is kept, be there.
    if (!recording.latest_.empty() && !keeps_pieces() &&
        position_ + recording.latest_.size() == recording.read_bytes_) {
      position_ = recording.read_bytes_;
      recorded_.Skip(recording.latest_.size());
      return BodyChunk(recording.latest_);
    }
    if (position_ < recording.read_bytes_) {
      const auto bytes = recorded_.Next();
      if (!bytes)
        return BodyChunk(TransportError(Kind::kBodyStorage, bytes.error(),
                                        "reading the recorded body: " + bytes.error().message()));
      position_ += bytes->size();
      return BodyChunk(*bytes);
    }
    if (recording.failure_) return BodyChunk(*recording.failure_);
    if (recording.complete_) return BodyChunk();
    return std::nullopt;
  }

  const std::shared_ptr<BodyRecording> recording_;
  RecordedBody::Reader recorded_;
  const Headers no_trailers_;
  std::uint64_t position_ = 0;
  bool cancelled_ = false;
};

BodyRecording::BodyRecording(std::shared_ptr<BodySource> source, std::uint64_t max_bytes,
                             std::shared_ptr<BodyMemory> memory)
    : source_(std::move(source)),
      max_bytes_(max_bytes),
      body_(std::make_shared<RecordedBody>(source_->size().value_or(0), std::move(memory))) {
  if (source_->size().value_or(0) > max_bytes_) FailAsTooLarge();
}

Awaitable<std::optional<TransportError>> BodyRecording::Begin() {
  while (!TryBegin()) co_await ReadMore();
  co_return failure_;
}

// A short body is whole by then, as a rule: to know that is to send it with its length.
bool BodyRecording::TryBegin() {
  while (!settled() && read_bytes_ < kFirstBytes && TryReadMore()) {
  }
  return settled() || read_bytes_ > 0;
}

bool BodyRecording::TryFinish() {
  for (int i = 0; i < kMostAtOnce && !settled() && TryReadMore(); ++i) {
  }
  return settled();
}

Awaitable<std::optional<TransportError>> BodyRecording::Finish() {
  while (!TryFinish()) co_await ReadMore();
  co_return failure_;
}

void BodyRecording::Provide(Request& attempt) {
  attempt.recorded_body = complete_ ? body_ : nullptr;
  attempt.stream_body = complete_ ? nullptr : std::make_shared<Reader>(shared_from_this());
}

Awaitable<void> BodyRecording::ReadMore() {
  reading_ = true;
  latest_ = {};
  const asio::mutable_buffer room = Room();
  const BodyChunk piece = co_await source_->ReadInto(room);
  reading_ = false;
  Take(piece, room);
}

bool BodyRecording::TryReadMore() {
  if (settled()) return false;
  const asio::mutable_buffer room = Room();
  const std::optional<BodyChunk> piece = source_->TryReadInto(room);
  if (piece) Take(*piece, room);
  return piece.has_value();
}

// Where the next bytes may be put right away.
asio::mutable_buffer BodyRecording::Room() {
  if (!keeping_) return {};
  const RecordedBody::Room room = body_->Prepare();
  return {room.data, room.size};
}

void BodyRecording::Take(const BodyChunk& piece, asio::mutable_buffer room) {
  latest_ = {};
  if (piece.failed()) {
    Fail(TransportError(Kind::kRequestBody, piece.error().code,
                        "reading the request's body: " + piece.error().message));
  } else if (piece.at_end()) {
    complete_ = true;
  } else if (piece.bytes().size() > max_bytes_ - read_bytes_) {
    FailAsTooLarge();
  } else {
    const bool in_place = room.size() > 0 && piece.bytes().data() == room.data();
    error_code ec;
    if (in_place) {
      body_->Commit(piece.bytes().size());
    } else if (keeping_) {
      ec = body_->Append(piece.bytes());
    }
    if (ec) {
      // Of the piece there may be a part: whoever is behind it gets the failure, and no end.
      Fail(TransportError(Kind::kBodyStorage, ec, "recording the request's body: " + ec.message()));
    } else {
      read_bytes_ += piece.bytes().size();
      latest_ = piece.bytes();
    }
  }
  if (changed_) changed_->cancel();
}

void BodyRecording::FailAsTooLarge() {
  Fail(TransportError(Kind::kBodyTooLarge, make_error_code(boost::system::errc::message_size),
                      "the request's body exceeds " + std::to_string(max_bytes_) + " bytes"));
}

void BodyRecording::Fail(TransportError error) { failure_.emplace(std::move(error)); }

Awaitable<void> BodyRecording::WaitForChange() {
  if (!changed_) {
    const Executor executor = co_await asio::this_coro::executor;
    changed_.emplace(executor, SteadyTimer::time_point::max());
  }
  co_await changed_->async_wait(kAwaitTuple);
}

}  // namespace keywalk::io
