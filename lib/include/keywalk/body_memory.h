// The memory that recorded request bodies share, and where they go beyond it.
#ifndef KEYWALK_BODY_MEMORY_H_
#define KEYWALK_BODY_MEMORY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "keywalk/mutex.h"

namespace keywalk {

// A budget for all bodies that are recorded with it. What is given back is kept for the next body:
// the first touch of a fresh page is most of what recording one costs. Safe for concurrent use.
class BodyMemory {
 public:
  static constexpr std::size_t kBlockBytes = 64 * 1024;
  static constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

  // Beyond `max_bytes` bodies continue in unlinked temporary files in `spill_folder`; empty: that
  // of TMPDIR, or /tmp.
  explicit BodyMemory(std::uint64_t max_bytes, std::string spill_folder = {});
  BodyMemory(const BodyMemory&) = delete;
  BodyMemory& operator=(const BodyMemory&) = delete;
  ~BodyMemory();

  // The one without a limit, which a program has if it makes none.
  static const std::shared_ptr<BodyMemory>& Unlimited();

  // Some bytes of the budget, returned to it when destroyed. The BodyMemory outlives it.
  class Block {
   public:
    Block() = default;
    Block(Block&& other) noexcept;
    Block& operator=(Block&& other) noexcept;
    ~Block();

    // False if the budget was used up.
    explicit operator bool() const noexcept { return bytes_ != nullptr; }
    char* data() const noexcept { return bytes_.get(); }
    std::size_t capacity() const noexcept { return capacity_; }

   private:
    friend class BodyMemory;
    Block(BodyMemory& owner, std::unique_ptr<char[]> bytes, std::size_t capacity)
        : owner_(&owner), bytes_(std::move(bytes)), capacity_(capacity) {}

    BodyMemory* owner_ = nullptr;
    std::unique_ptr<char[]> bytes_;
    std::size_t capacity_ = 0;
  };

  // A block of that many bytes, its content unspecified. REQUIRES: 0 < bytes <= kBlockBytes
  Block Take(std::size_t bytes);

  std::uint64_t used_bytes() const noexcept { return used_.load(std::memory_order_relaxed); }
  const std::string& spill_folder() const noexcept { return spill_folder_; }

 private:
  void Return(std::unique_ptr<char[]> bytes, std::size_t capacity) noexcept;

  const std::uint64_t max_bytes_;
  const std::string spill_folder_;
  std::atomic<std::uint64_t> used_{0};
  Mutex mutex_;
  std::vector<std::unique_ptr<char[]>> idle_ KEYWALK_GUARDED_BY(mutex_);  // whole blocks
};

}  // namespace keywalk

#endif  // KEYWALK_BODY_MEMORY_H_
