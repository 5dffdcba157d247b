// A request body read once and sent on every attempt without copying (SPEC transport/3).
#ifndef KEYWALK_RECORDED_BODY_H_
#define KEYWALK_RECORDED_BODY_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace keywalk {

// Bytes in 64 KiB chunks (a first touch of a fresh page is what growing one string costs). Append
// while recording; once handed out as shared_ptr<const RecordedBody> it is immutable and may be
// read from any thread.
class RecordedBody {
 public:
  static constexpr std::size_t kChunkBytes = 64 * 1024;

  RecordedBody() = default;
  RecordedBody(const RecordedBody&) = delete;
  RecordedBody& operator=(const RecordedBody&) = delete;

  // `expected_bytes` sizes the first chunk where the length is known, so that a short body takes
  // one allocation of its own size.
  explicit RecordedBody(std::uint64_t expected_bytes);

  // Copies the bytes to the end.
  void Append(std::string_view bytes);

  std::uint64_t size() const noexcept { return size_; }

  // The chunks in order, none of them empty.
  std::size_t chunk_count() const noexcept { return chunks_.size(); }
  std::string_view chunk(std::size_t index) const noexcept {
    return {chunks_[index].bytes.get(), chunks_[index].size};
  }

 private:
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
    std::size_t capacity = 0;
  };
  std::vector<Chunk> chunks_;
  std::uint64_t size_ = 0;
  std::uint64_t expected_ = 0;
};

}  // namespace keywalk

#endif  // KEYWALK_RECORDED_BODY_H_
