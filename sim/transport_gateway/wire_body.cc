#include "sim/transport_gateway/wire_body.h"

#include <algorithm>
#include <cstring>

#include "sim/engine/random.h"
#include "sim/gateway/request_body.h"

namespace keywalk::sim {
namespace {

constexpr std::size_t kPatternBytes = 64 * 1024;
using Preamble = std::array<char, 16>;

const std::string& BodyPattern() {
  static const std::string pattern = [] {
    std::string bytes(kPatternBytes, '\0');
    RandomEngine engine(kPatternBytes);
    for (char& byte : bytes) byte = static_cast<char>(engine() >> 56);
    return bytes;
  }();
  return pattern;
}

// The pattern from a body's byte `offset` on, to the end of the block.
std::string_view PatternFrom(std::uint64_t offset) {
  return std::string_view(BodyPattern()).substr(offset % kPatternBytes);
}

void PutLittleEndian(char* out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) out[i] = static_cast<char>(value >> (8 * i));
}

Preamble PreambleOf(RequestId request, std::uint64_t bytes) {
  Preamble preamble;
  PutLittleEndian(preamble.data(), request);
  PutLittleEndian(preamble.data() + 8, bytes);
  return preamble;
}

std::uint64_t MixBytes(std::uint64_t state, std::string_view bytes) {
  for (const char byte : bytes) {
    state = RandomEngine::Mix(state ^ static_cast<unsigned char>(byte)) | 1;
  }
  return state;
}

}  // namespace

void WriteBodyPiece(RequestId request, std::uint64_t bytes, std::uint64_t offset,
                    std::string& piece) {
  const std::string_view pattern = PatternFrom(offset);
  piece = pattern.substr(
      0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes - offset, pattern.size())));
  if (offset > 0) return;
  const Preamble preamble = PreambleOf(request, bytes);
  std::memcpy(piece.data(), preamble.data(), std::min(piece.size(), preamble.size()));
}

Awaitable<BodyChunk> ClientBody::Read() {
  if (given_ == bytes_) co_return BodyChunk();
  WriteBodyPiece(request_, bytes_, given_, piece_);
  given_ += piece_.size();
  co_return BodyChunk(piece_);
}

void ArrivingBody::Add(std::string_view piece) {
  while (bytes_ < kPreambleBytes && !piece.empty()) {
    preamble_[bytes_++] = piece.front();
    piece.remove_prefix(1);
  }
  while (!piece.empty()) {
    const std::string_view pattern = PatternFrom(bytes_);
    const std::string_view part = piece.substr(0, pattern.size());
    if (part != pattern.substr(0, part.size())) foreign_ = MixBytes(foreign_, part);
    bytes_ += part.size();
    piece.remove_prefix(part.size());
  }
}

std::uint64_t ArrivingBody::Digest(RequestId request) const {
  const auto stated = static_cast<std::size_t>(std::min<std::uint64_t>(bytes_, kPreambleBytes));
  const Preamble expected = PreambleOf(request, bytes_);
  const std::string_view came(preamble_.data(), stated);
  if (foreign_ == 0 && came == std::string_view(expected.data(), stated)) {
    return BodyDigest(request, bytes_);
  }
  return MixBytes(foreign_ ^ bytes_, came);
}

}  // namespace keywalk::sim
