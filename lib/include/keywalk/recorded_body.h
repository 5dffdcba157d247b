// A request body read once and sent on every attempt without copying (SPEC transport/3).
#ifndef KEYWALK_RECORDED_BODY_H_
#define KEYWALK_RECORDED_BODY_H_

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "keywalk/body_memory.h"
#include "keywalk/result.h"

namespace keywalk {

namespace io {
class SpillFile;
}

// Bytes in 64 KiB chunks, and in a file from where the memory for bodies was used up. Append while
// recording, from one thread; once handed out as shared_ptr<const RecordedBody> it is immutable and
// may be read from any thread.
class RecordedBody {
 public:
  static constexpr std::size_t kChunkBytes = BodyMemory::kBlockBytes;

  // `expected_bytes` sizes the chunks where the length is known, so that a short body takes one
  // allocation of its own size.
  explicit RecordedBody(std::uint64_t expected_bytes = 0,
                        std::shared_ptr<BodyMemory> memory = BodyMemory::Unlimited());
  RecordedBody(const RecordedBody&) = delete;
  RecordedBody& operator=(const RecordedBody&) = delete;
  ~RecordedBody();

  // Copies the bytes to the end. Fails if the file they would have to go to cannot be written; the
  // body is then good for nothing.
  boost::system::error_code Append(std::string_view bytes);

  // Room at the end for bytes that are then there by Commit(), uncopied; none where the length is
  // unknown or the memory used up. Not more than the body is expected to have.
  struct Room {
    char* data = nullptr;
    std::size_t size = 0;
  };
  Room Prepare();
  void Commit(std::size_t bytes);

  std::uint64_t size() const noexcept { return size_; }

  // The chunks in memory in order, none of them empty; they stay where they are.
  std::size_t chunk_count() const noexcept { return chunks_.size(); }
  std::string_view chunk(std::size_t index) const noexcept {
    return {chunks_[index].block.data(), chunks_[index].size};
  }
  // Those are all there is of it.
  bool in_memory() const noexcept { return spilled_ == nullptr; }

  // Goes through a body once, also while that still grows. The body outlives it.
  class Reader {
   public:
    explicit Reader(const RecordedBody& body) : body_(body) {}

    // The bytes that follow, or none where the body ends for now: of the body itself if they are
    // in memory, else valid until the next call. Fails if the file cannot be read.
    Result<std::string_view, boost::system::error_code> Next();
    // How many bytes it has given.
    std::uint64_t position() const noexcept { return position_; }
    // What follows is known without reading it from the file: it was just appended.
    void Skip(std::size_t bytes);

   private:
    const RecordedBody& body_;
    std::size_t chunk_ = 0;
    std::size_t offset_ = 0;  // in the chunk
    std::uint64_t position_ = 0;
    std::unique_ptr<char[]> scratch_;
  };

 private:
  struct Chunk {
    BodyMemory::Block block;
    std::size_t size = 0;
  };
  bool HasRoom();
  boost::system::error_code Spill(std::string_view bytes);

  const std::shared_ptr<BodyMemory> memory_;
  std::vector<Chunk> chunks_;
  std::unique_ptr<io::SpillFile> spilled_;
  std::uint64_t in_chunks_ = 0;
  std::uint64_t size_ = 0;
  const std::uint64_t expected_;
};

}  // namespace keywalk

#endif  // KEYWALK_RECORDED_BODY_H_
