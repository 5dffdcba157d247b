#include "tests/support/failing_disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <optional>
#include <set>

namespace keywalk::testing {
namespace {

DiskPlan* current = nullptr;
std::set<int> spilled_to;  // descriptors of the files

}  // namespace

std::string_view ToString(DiskFault fault) {
  switch (fault) {
    case DiskFault::kNone:
      return "none";
    case DiskFault::kShort:
      return "short";
    case DiskFault::kInterrupted:
      return "interrupted";
    case DiskFault::kFails:
      return "fails";
    case DiskFault::kHalfFails:
      return "half of it, then fails";
    case DiskFault::kTruncated:
      return "truncated";
  }
  return "unknown";
}

DiskPlan::DiskPlan(std::size_t at, DiskFault fault) : at_(at), fault_(fault) {
  current = this;
  spilled_to.clear();
}

DiskPlan::~DiskPlan() { current = nullptr; }

DiskFault DiskPlan::Next() {
  ++calls_;
  if (calls_ == at_) return fault_;
  const bool follows = fault_ == DiskFault::kHalfFails && at_ != 0 && calls_ == at_ + 1;
  return follows ? DiskFault::kFails : DiskFault::kNone;
}

namespace {

// What a transfer comes to that is not to go on: its result, with errno; nullopt: it goes on, with
// `size` bytes.
std::optional<ssize_t> Fail(int descriptor, int error, std::size_t& size) {
  if (current == nullptr || !spilled_to.contains(descriptor)) return std::nullopt;
  switch (current->Next()) {
    case DiskFault::kNone:
      return std::nullopt;
    case DiskFault::kShort:
    case DiskFault::kHalfFails:
      size = size > 1 ? size / 2 : size;
      return std::nullopt;
    case DiskFault::kInterrupted:
      errno = EINTR;
      return -1;
    case DiskFault::kFails:
      errno = error;
      return -1;
    case DiskFault::kTruncated:
      errno = error;
      return error == EIO ? 0 : -1;
  }
  return std::nullopt;
}

}  // namespace
}  // namespace keywalk::testing

// The names that --wrap gives.
extern "C" {
int __real_open(const char* path, int flags, ...);
ssize_t __real_write(int descriptor, const void* bytes, size_t size);
ssize_t __real_pread(int descriptor, void* bytes, size_t size, off_t offset);

int __wrap_open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = static_cast<mode_t>(va_arg(rest, unsigned));
  va_end(rest);
  using keywalk::testing::DiskFault;
  const bool temporary = keywalk::testing::current != nullptr && (flags & O_TMPFILE) == O_TMPFILE;
  if (!temporary) return __real_open(path, flags, mode);
  const DiskFault fault = keywalk::testing::current->Next();
  if (fault == DiskFault::kFails || fault == DiskFault::kTruncated) {
    errno = EMFILE;
    return -1;
  }
  const int descriptor = __real_open(path, flags, mode);
  if (descriptor >= 0) keywalk::testing::spilled_to.insert(descriptor);
  return descriptor;
}

ssize_t __wrap_write(int descriptor, const void* bytes, size_t size) {
  if (const auto failed = keywalk::testing::Fail(descriptor, ENOSPC, size)) return *failed;
  return __real_write(descriptor, bytes, size);
}

ssize_t __wrap_pread(int descriptor, void* bytes, size_t size, off_t offset) {
  if (const auto failed = keywalk::testing::Fail(descriptor, EIO, size)) return *failed;
  return __real_pread(descriptor, bytes, size, offset);
}
}
