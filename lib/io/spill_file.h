// The part of a recorded body that no longer fits the memory for bodies.
#ifndef KEYWALK_IO_SPILL_FILE_H_
#define KEYWALK_IO_SPILL_FILE_H_

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace keywalk::io {

// A file without a name, readable by this process alone and gone with it. Calls wait for the disk,
// which nearly always is the page cache.
class SpillFile {
 public:
  SpillFile() = default;
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;
  ~SpillFile();

  bool is_open() const noexcept { return descriptor_ >= 0; }
  std::uint64_t size() const noexcept { return size_; }

  // Errors are the system's: no space, no such folder, too many open files.
  boost::system::error_code Open(const std::string& folder);
  boost::system::error_code Append(std::string_view bytes);

  // Fills `out` from that offset on. Safe for concurrent use. REQUIRES: so much is there
  boost::system::error_code ReadAt(std::uint64_t offset, std::span<char> out) const;

 private:
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace keywalk::io

#endif  // KEYWALK_IO_SPILL_FILE_H_
