#include "io/spill_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace keywalk::io {
namespace {

using boost::system::error_code;

error_code FileError() { return error_code(errno, boost::system::system_category()); }

}  // namespace

SpillFile::~SpillFile() {
  if (is_open()) ::close(descriptor_);
}

error_code SpillFile::Open(const std::string& folder) {
  descriptor_ = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (is_open()) return {};
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT) return FileError();
  // A file system without O_TMPFILE: a name for a moment.
  std::string name = folder + "/keywalk-body-XXXXXX";
  descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (!is_open()) return FileError();
  ::unlink(name.c_str());
  return {};
}

error_code SpillFile::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError();
    size_ += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

error_code SpillFile::ReadAt(std::uint64_t offset, std::span<char> out) const {
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError();
    // Nothing shortens a file that has no name.
    if (got == 0) return make_error_code(boost::system::errc::io_error);
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

}  // namespace keywalk::io
