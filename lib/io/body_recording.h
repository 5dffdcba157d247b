// A client's body, recorded while it is sent (SPEC transport/3): read once, whoever reads it, and
// given to every attempt from its beginning.
#ifndef KEYWALK_IO_BODY_RECORDING_H_
#define KEYWALK_IO_BODY_RECORDING_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "io/deadline.h"
#include "keywalk/awaitable.h"
#include "keywalk/recorded_body.h"
#include "keywalk/transport.h"

namespace keywalk::io {

// Nothing is read ahead: a piece is read when somebody wants it, so that a slow upstream slows the
// client. Confined to its io_context.
class BodyRecording final : public std::enable_shared_from_this<BodyRecording> {
 public:
  // More than `max_bytes` is an error of the body (SPEC transport/14).
  BodyRecording(std::shared_ptr<BodySource> source, std::uint64_t max_bytes,
                std::shared_ptr<BodyMemory> memory);

  // Reads until the first bytes are there. A body that fails before them has reached nobody.
  Awaitable<std::optional<TransportError>> Begin();
  // Reads all of it.
  Awaitable<std::optional<TransportError>> Finish();
  // The same with what is there already; false if they are to be awaited.
  bool TryBegin();
  bool TryFinish();
  const std::optional<TransportError>& failure() const { return failure_; }

  // From now on nobody begins anew: what follows is passed on without being kept.
  void StopKeeping() { keeping_ = false; }

  // Gives an attempt its body: recorded if all of it is there, else as a stream that gives what is
  // there and then what comes.
  void Provide(Request& attempt);

 private:
  class Reader;

  Awaitable<void> ReadMore();
  bool TryReadMore();
  asio::mutable_buffer Room();
  void Take(const BodyChunk& piece, asio::mutable_buffer room);
  void FailAsTooLarge();
  void Fail(TransportError error);
  bool settled() const { return complete_ || failure_.has_value(); }
  Awaitable<void> WaitForChange();

  const std::shared_ptr<BodySource> source_;
  const std::uint64_t max_bytes_;
  const std::shared_ptr<RecordedBody> body_;
  std::uint64_t read_bytes_ = 0;
  std::string_view latest_;  // of the source: the bytes that came last
  bool keeping_ = true;
  bool reading_ = false;
  bool complete_ = false;
  std::optional<TransportError> failure_;
  std::optional<SteadyTimer> changed_;  // cancelled when a reading has ended; rarely made
};

}  // namespace keywalk::io

#endif  // KEYWALK_IO_BODY_RECORDING_H_
