#include "keywalk/recorded_body.h"

#include <algorithm>

namespace keywalk {

RecordedBody::RecordedBody(std::uint64_t expected_bytes) : expected_(expected_bytes) {
  chunks_.reserve(
      static_cast<std::size_t>(std::min<std::uint64_t>(expected_bytes / kChunkBytes + 1, 4096)));
}

void RecordedBody::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    if (chunks_.empty() || chunks_.back().size == chunks_.back().capacity) {
      const std::uint64_t expected_left = expected_ > size_ ? expected_ - size_ : kChunkBytes;
      Chunk chunk;
      chunk.capacity =
          static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, expected_left));
      chunk.bytes = std::make_unique_for_overwrite<char[]>(chunk.capacity);
      chunks_.push_back(std::move(chunk));
    }
    Chunk& last = chunks_.back();
    const std::size_t part = std::min(bytes.size(), last.capacity - last.size);
    std::memcpy(last.bytes.get() + last.size, bytes.data(), part);
    last.size += part;
    size_ += part;
    bytes.remove_prefix(part);
  }
}

}  // namespace keywalk
