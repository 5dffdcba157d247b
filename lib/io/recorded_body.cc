#include "keywalk/recorded_body.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "io/spill_file.h"

namespace keywalk {

using boost::system::error_code;

namespace {

constexpr std::uint64_t kFirstUnexpected = 4 * 1024;

}  // namespace

RecordedBody::RecordedBody(std::uint64_t expected_bytes, std::shared_ptr<BodyMemory> memory)
    : memory_(std::move(memory)), expected_(expected_bytes) {
  chunks_.reserve(
      static_cast<std::size_t>(std::min<std::uint64_t>(expected_bytes / kChunkBytes + 1, 4096)));
}

RecordedBody::~RecordedBody() = default;

// In the last chunk or in a new one.
bool RecordedBody::HasRoom() {
  if (!in_memory()) return false;
  if (!chunks_.empty() && chunks_.back().size < chunks_.back().block.capacity()) return true;
  // Of an unknown length there may be no more than a byte: the first chunk of those is small.
  const std::uint64_t unexpected = chunks_.empty() ? kFirstUnexpected : kChunkBytes;
  const std::uint64_t expected_left = expected_ > size_ ? expected_ - size_ : unexpected;
  Chunk chunk;
  chunk.block =
      memory_->Take(static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, expected_left)));
  if (!chunk.block) return false;
  chunks_.push_back(std::move(chunk));
  return true;
}

error_code RecordedBody::Append(std::string_view bytes) {
  while (!bytes.empty() && HasRoom()) {
    const Chunk& last = chunks_.back();
    const std::size_t part = std::min(bytes.size(), last.block.capacity() - last.size);
    std::memcpy(last.block.data() + last.size, bytes.data(), part);
    Commit(part);
    bytes.remove_prefix(part);
  }
  return bytes.empty() ? error_code() : Spill(bytes);
}

RecordedBody::Room RecordedBody::Prepare() {
  if (size_ >= expected_ || !HasRoom()) return {};
  const Chunk& last = chunks_.back();
  const std::uint64_t expected_left = expected_ - size_;
  const std::size_t room = last.block.capacity() - last.size;
  return {last.block.data() + last.size,
          static_cast<std::size_t>(std::min<std::uint64_t>(room, expected_left))};
}

void RecordedBody::Commit(std::size_t bytes) {
  chunks_.back().size += bytes;
  in_chunks_ += bytes;
  size_ += bytes;
}

error_code RecordedBody::Spill(std::string_view bytes) {
  if (spilled_ == nullptr) {
    spilled_ = std::make_unique<io::SpillFile>();
    if (const error_code ec = spilled_->Open(memory_->spill_folder())) return ec;
  }
  const error_code ec = spilled_->Append(bytes);
  size_ = in_chunks_ + spilled_->size();
  return ec;
}

Result<std::string_view, error_code> RecordedBody::Reader::Next() {
  while (chunk_ < body_.chunks_.size()) {
    const Chunk& chunk = body_.chunks_[chunk_];
    const std::string_view bytes = body_.chunk(chunk_).substr(offset_);
    Skip(bytes.size());
    if (!bytes.empty()) return bytes;
    if (chunk.size < chunk.block.capacity()) return std::string_view();  // it may grow
  }
  const std::uint64_t left = body_.size_ - position_;
  if (left == 0) return std::string_view();
  if (scratch_ == nullptr) scratch_ = std::make_unique_for_overwrite<char[]>(kChunkBytes);
  const std::span<char> out(scratch_.get(),
                            static_cast<std::size_t>(std::min<std::uint64_t>(left, kChunkBytes)));
  if (const error_code ec = body_.spilled_->ReadAt(position_ - body_.in_chunks_, out)) return ec;
  position_ += out.size();
  return std::string_view(out.data(), out.size());
}

void RecordedBody::Reader::Skip(std::size_t bytes) {
  position_ += bytes;
  while (bytes > 0 && chunk_ < body_.chunks_.size()) {
    const Chunk& chunk = body_.chunks_[chunk_];
    const std::size_t part = std::min(bytes, chunk.size - offset_);
    bytes -= part;
    offset_ += part;
    if (offset_ < chunk.block.capacity()) break;
    ++chunk_;
    offset_ = 0;
  }
}

}  // namespace keywalk
