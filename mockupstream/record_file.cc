#include "mockupstream/record_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace keywalk::mock {
namespace {

Error FileError(const std::string& path, int number) {
  return Error(path + ": cannot be written: " + std::strerror(number));
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
  if (::close(file) != 0 && error == 0) error = errno;
  return error;
}

}  // namespace

std::optional<Error> CreateRecordFile(const std::string& path, std::string_view text,
                                      bool replace) {
  if (replace) return ReplaceRecordFile(path, text);
  const int error = WriteNewFile(path, text);
  if (error == EEXIST) return Error(path + ": exists already; --force replaces it");
  if (error != 0) return FileError(path, error);
  return std::nullopt;
}

std::optional<Error> ReplaceRecordFile(const std::string& path, std::string_view text) {
  const std::string part = path + ".part";
  std::remove(part.c_str());  // of a run that was killed
  int error = WriteNewFile(part, text);
  if (error == 0 && std::rename(part.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return std::nullopt;
  std::remove(part.c_str());
  return FileError(path, error);
}

}  // namespace keywalk::mock
