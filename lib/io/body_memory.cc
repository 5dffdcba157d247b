#include "keywalk/body_memory.h"

#include <cassert>
#include <cstdlib>
#include <utility>

namespace keywalk {
namespace {

// Blocks kept for reuse: two bodies of 16 MiB. More is given back to the system.
constexpr std::size_t kMaxIdleBlocks = 512;

std::string FolderOrDefault(std::string folder) {
  if (!folder.empty()) return folder;
  const char* given = std::getenv("TMPDIR");
  return given != nullptr && *given != '\0' ? given : "/tmp";
}

}  // namespace

BodyMemory::BodyMemory(std::uint64_t max_bytes, std::string spill_folder)
    : max_bytes_(max_bytes), spill_folder_(FolderOrDefault(std::move(spill_folder))) {
  idle_.reserve(kMaxIdleBlocks);
}

BodyMemory::~BodyMemory() { assert(used_bytes() == 0); }

const std::shared_ptr<BodyMemory>& BodyMemory::Unlimited() {
  static const std::shared_ptr<BodyMemory> kMemory = std::make_shared<BodyMemory>(kUnlimited);
  return kMemory;
}

BodyMemory::Block BodyMemory::Take(std::size_t bytes) {
  assert(bytes > 0 && bytes <= kBlockBytes);
  if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes > max_bytes_) {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    return {};
  }
  if (bytes == kBlockBytes) {
    const MutexLock lock(mutex_);
    if (!idle_.empty()) {
      Block block(*this, std::move(idle_.back()), bytes);
      idle_.pop_back();
      return block;
    }
  }
  return Block(*this, std::make_unique_for_overwrite<char[]>(bytes), bytes);
}

void BodyMemory::Return(std::unique_ptr<char[]> bytes, std::size_t capacity) noexcept {
  used_.fetch_sub(capacity, std::memory_order_relaxed);
  if (capacity != kBlockBytes) return;
  const MutexLock lock(mutex_);
  if (idle_.size() < kMaxIdleBlocks) idle_.push_back(std::move(bytes));  // within what is reserved
}

BodyMemory::Block::Block(Block&& other) noexcept
    : owner_(other.owner_), bytes_(std::move(other.bytes_)), capacity_(other.capacity_) {}

BodyMemory::Block& BodyMemory::Block::operator=(Block&& other) noexcept {
  std::swap(owner_, other.owner_);
  std::swap(bytes_, other.bytes_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

BodyMemory::Block::~Block() {
  if (bytes_ != nullptr) owner_->Return(std::move(bytes_), capacity_);
}

}  // namespace keywalk
