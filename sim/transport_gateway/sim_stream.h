// A connection of the simulation: what the transport takes for a socket.
//
// Bytes that are written are parsed at once at the far end; what comes back, and when, is the
// wire's to say. Nothing here knows a real clock: deadlines are instants of virtual time.
#ifndef KEYWALK_SIM_TRANSPORT_GATEWAY_SIM_STREAM_H_
#define KEYWALK_SIM_TRANSPORT_GATEWAY_SIM_STREAM_H_

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "io/connector.h"
#include "io/http1_parser.h"
#include "io/stream.h"
#include "keywalk/clock.h"
#include "sim/gateway/gateway.h"
#include "sim/transport_gateway/wire_body.h"

namespace keywalk::sim {

class SimStream;

// What a connection runs through. Outlives its streams; calls come from within their operations.
class Wire {
 public:
  virtual Instant now() const = 0;
  // A whole request has arrived at the far end. `head` and `body` are valid during the call.
  virtual void OnRequest(SimStream& stream, const io::MessageHead& head,
                         const ArrivingBody& body) = 0;
  // The near end waits for bytes, or has moved its deadline while it does.
  virtual void OnWait(SimStream& stream) = 0;
  // The near end has closed, or the stream is destroyed. May be told more than once.
  virtual void OnClose(SimStream& stream) noexcept = 0;

 protected:
  ~Wire() = default;
};

// Deadlines this far away, and beyond, are none: no event is scheduled for them. More than a world
// may last.
inline constexpr std::chrono::hours kNoDeadline{101 * 365 * 24};

// Confined to one io_context.
class SimStream final : public io::Stream {
 public:
  SimStream(asio::io_context& context, Wire& wire);
  ~SimStream() override;

  // --- the near end ---
  // Only servers read past their buffer, and here is none.
  Awaitable<io::IoResult> ReadSome(asio::mutable_buffer buffer) override;
  void StartRead(asio::mutable_buffer buffer, std::shared_ptr<io::ReadSink> sink) override;
  Awaitable<io::IoResult> Write(std::span<const asio::const_buffer> buffers) override;
  void Close() noexcept override;
  void ShutdownSend() noexcept override {}
  void Reset() noexcept override { Close(); }
  void ResetOnClose(bool /*on*/) noexcept override {}  // of servers, and here is none
  bool IsStale() noexcept override;
  std::uint64_t position() const noexcept override { return written_; }
  bool NothingSeenSince(std::uint64_t position) const noexcept override {
    return written_ == position;
  }
  void ExpiresAfter(std::chrono::milliseconds time) noexcept override;
  void ExpiresNever() noexcept override { deadline_.reset(); }

  // --- the far end ---
  // Bytes for the near end, there at once.
  void Deliver(std::string_view bytes);
  // The far end, or something between, resets the connection.
  void Break();
  // The near end's deadline has passed, if it still stands at this instant or before.
  void Expire();

  const std::optional<Instant>& deadline() const { return deadline_; }
  // A read waits for bytes.
  bool is_waiting() const { return sink_ != nullptr; }

  // The wire's own note: whose request the connection carries.
  std::optional<Slot> slot;

 private:
  bool CanRead() const { return ended_ || taken_ < incoming_.size(); }
  io::IoResult Take(asio::mutable_buffer buffer);
  void Receive(std::string_view bytes);
  void End(error_code code);
  void Wake();

  asio::io_context& context_;
  Wire& wire_;

  std::optional<Instant> deadline_;
  std::string incoming_;
  std::size_t taken_ = 0;               // of `incoming_`
  error_code ended_;                    // set: nothing more comes
  std::shared_ptr<io::ReadSink> sink_;  // of the read that waits
  asio::mutable_buffer read_into_;

  std::uint64_t written_ = 0;
  std::string unparsed_;
  io::Http1Parser parser_;
  ArrivingBody body_;
};

// Opens simulated connections, in no time.
class SimConnector final : public io::Connector {
 public:
  using Open = std::function<std::unique_ptr<io::Stream>()>;
  explicit SimConnector(Open open) : open_(std::move(open)) {}

  Awaitable<Result<std::unique_ptr<io::Stream>, TransportError>> Connect(
      Cancellation& /*cancel*/) override {
    co_return open_();
  }

 private:
  const Open open_;
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_TRANSPORT_GATEWAY_SIM_STREAM_H_
