#include "mockupstream/record/record_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "config/new_file.h"

namespace keywalk::mock {
namespace {

Error FileError(const std::string& path, int number) {
  return Error(path + ": cannot be written: " + std::strerror(number));
}

Error NoRegularFile(const std::string& path) {
  return Error(path + ": is no regular file; a recording is written to no other");
}

// Synced: the name must not come before the bytes, or a crash of the machine leaves an empty file.
int WriteSynced(const std::string& path, std::string_view text) {
  return config::WriteNewFile(path, text, config::Durability::kSynced);
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
  const int error = WriteSynced(path, text);
  if (error == EEXIST) return Error(path + ": exists already; --force replaces it");
  if (error != 0) return FileError(path, error);
  return std::nullopt;
}

std::optional<Error> ReplaceRecordFile(const std::string& path, std::string_view text) {
  if (IsNoRegularFile(path)) return NoRegularFile(path);
  const std::string part = path + ".part";
  std::remove(part.c_str());  // of a run that was killed
  int error = WriteSynced(part, text);
  if (error == 0 && std::rename(part.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) {
    SyncFolderOf(path);
    return std::nullopt;
  }
  std::remove(part.c_str());
  return FileError(path, error);
}

}  // namespace keywalk::mock
