// The bytes of simulated request bodies: written by the client's side, recognised where they
// arrive.
//
// A body begins with its request's id and its own length, eight bytes each, as far as they fit;
// then comes a pattern that no shift of less than 64 KiB maps onto itself. So whoever gets the
// bytes knows whether they are that request's, whole and in order.
#ifndef KEYWALK_SIM_TRANSPORT_GATEWAY_WIRE_BODY_H_
#define KEYWALK_SIM_TRANSPORT_GATEWAY_WIRE_BODY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "keywalk/transport.h"
#include "sim/run/observer.h"

namespace keywalk::sim {

// Sets `piece` to the body's bytes from `offset` on, as many as come at once: all, for most.
// REQUIRES: offset < bytes
void WriteBodyPiece(RequestId request, std::uint64_t bytes, std::uint64_t offset,
                    std::string& piece);

// A client's body, as a server connection hands it on: read once, piece by piece. Not safe for
// concurrent use.
class ClientBody final : public BodySource {
 public:
  ClientBody(RequestId request, std::uint64_t bytes) : request_(request), bytes_(bytes) {}

  std::optional<std::uint64_t> size() const override { return bytes_; }
  Awaitable<BodyChunk> Read() override;
  bool ready() const override { return true; }
  void Cancel() override {}
  const Headers& trailers() const override { return none_; }

 private:
  const RequestId request_;
  const std::uint64_t bytes_;
  std::uint64_t given_ = 0;
  std::string piece_;
  const Headers none_;
};

// A body that arrives. Not safe for concurrent use.
class ArrivingBody {
 public:
  // Forgets all.
  void Start() { *this = ArrivingBody(); }
  void Add(std::string_view piece);

  // BodyDigest(request, bytes that came) if they are that request's body of this length, else a
  // digest of what came instead.
  std::uint64_t Digest(RequestId request) const;

 private:
  static constexpr std::size_t kPreambleBytes = 16;

  std::array<char, kPreambleBytes> preamble_{};
  std::uint64_t bytes_ = 0;
  std::uint64_t foreign_ = 0;  // of pieces that do not follow the pattern; 0: all do
};

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_TRANSPORT_GATEWAY_WIRE_BODY_H_
