#include "mockupstream/record_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace keywalk::mock {
namespace {

Error FileError(const std::string& path, int number) {
  return Error(path + ": cannot be written: " + std::strerror(number));
}

Error NoRegularFile(const std::string& path) {
  return Error(path + ": is no regular file; a recording is written to no other");
}

// Creates a file that is not there yet; 0 or an errno value.
int WriteNewFile(const std::string& path, std::string_view text) {
  constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly);
  if (file < 0) return errno;
  int error = 0;
  while (!text.empty() && error == 0) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  // The name must not come before the bytes, or a crash of the machine leaves an empty file.
  if (error == 0 && ::fsync(file) != 0) error = errno;
  if (::close(file) != 0 && error == 0) error = errno;
  return error;
}

// Best effort: not every file system lets a folder be synchronised.
void SyncFolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int file =
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;
  ::fsync(file);
  ::close(file);
}

// True if something is there that a new file must not take the place of: a device, a folder, a
// symbolic link.
bool IsNoRegularFile(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

}  // namespace

std::optional<Error> CreateRecordFile(const std::string& path, std::string_view text,
                                      bool replace) {
  if (replace) return ReplaceRecordFile(path, text);
  if (IsNoRegularFile(path)) return NoRegularFile(path);
  const int error = WriteNewFile(path, text);
  if (error == EEXIST) return Error(path + ": exists already; --force replaces it");
  if (error != 0) return FileError(path, error);
  return std::nullopt;
}

std::optional<Error> ReplaceRecordFile(const std::string& path, std::string_view text) {
  if (IsNoRegularFile(path)) return NoRegularFile(path);
  const std::string part = path + ".part";
  std::remove(part.c_str());  // of a run that was killed
  int error = WriteNewFile(part, text);
  if (error == 0 && std::rename(part.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) {
    SyncFolderOf(path);
    return std::nullopt;
  }
  std::remove(part.c_str());
  return FileError(path, error);
}

}  // namespace keywalk::mock
