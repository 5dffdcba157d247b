// Fails the Nth use of the files that bodies are spilled to: open, write and pread as the linker
// gives them to this program (-Wl,--wrap), so that nothing of it is in the product.
#ifndef KEYWALK_TESTS_SUPPORT_FAILING_DISK_H_
#define KEYWALK_TESTS_SUPPORT_FAILING_DISK_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace keywalk::testing {

enum class DiskFault : std::uint8_t {
  kNone,
  kShort,        // a call does half of what it is asked
  kInterrupted,  // EINTR
  kFails,        // ENOSPC for a write, EIO for a read, EMFILE for a file
  kHalfFails,    // half of it is done; the next call fails
  kTruncated,    // a read finds the end of the file; others fail
};
std::string_view ToString(DiskFault fault);

// While one exists, temporary files are counted and failed. One at a time, on one thread.
class DiskPlan {
 public:
  // The `at`th call, counted from 1; 0: none.
  DiskPlan(std::size_t at, DiskFault fault);
  ~DiskPlan();
  DiskPlan(const DiskPlan&) = delete;
  DiskPlan& operator=(const DiskPlan&) = delete;

  // A call begins.
  DiskFault Next();

  std::size_t calls() const { return calls_; }
  bool fired() const { return at_ != 0 && calls_ >= at_; }

 private:
  const std::size_t at_;
  const DiskFault fault_;
  std::size_t calls_ = 0;
};

}  // namespace keywalk::testing

#endif  // KEYWALK_TESTS_SUPPORT_FAILING_DISK_H_
