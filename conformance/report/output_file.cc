#include "conformance/report/output_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ios>

#include "config/new_file.h"

namespace keywalk::conformance {
namespace {

namespace fs = std::filesystem;

Error CannotWrite(const std::string& path, int number) {
  return Error(path + ": cannot be written: " + std::strerror(number));
}

// A name of this process's own beside the file.
std::string PartOf(const std::string& target) {
  return target + ".part" + std::to_string(::getpid());
}

// Creates the file; 0 or an errno value, and then there is no file.
int WritePart(const std::string& part, std::string_view text) {
  const int error = config::WriteNewFile(part, text, config::Durability::kCached);
  if (error != 0 && error != EEXIST) std::remove(part.c_str());
  return error;
}

// Reports are no secrets: others may read them as they may any new file.
mode_t ModeOfNewFiles() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

bool IsSpecial(const fs::file_status& status) {
  return fs::exists(status) && !fs::is_regular_file(status);
}

}  // namespace

Result<OutputFile> OutputFile::Claim(const std::string& path) {
  if (path.empty()) return Error("a report needs the name of a file");
  std::error_code error;
  const fs::path folder = fs::path(path).parent_path();
  if (!folder.empty()) fs::create_directories(folder, error);
  if (error) return CannotWrite(path, error.value());
  // Asked of the path itself: what /dev/stdout stands for need not have a name.
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) return CannotWrite(path, EISDIR);
  if (IsSpecial(status)) {
    if (::access(path.c_str(), W_OK) != 0) return CannotWrite(path, errno);
    return OutputFile(path, path);
  }
  const fs::path target = fs::weakly_canonical(path, error);
  if (error) return CannotWrite(path, error.value());
  const std::string part = PartOf(target.string());
  if (const int number = WritePart(part, "")) return CannotWrite(path, number);
  std::remove(part.c_str());
  return OutputFile(path, target.string());
}

std::optional<Error> OutputFile::Write(std::string_view text) const {
  std::error_code ignored;
  if (IsSpecial(fs::status(target_, ignored))) {
    std::ofstream file(target_, std::ios::binary);
    file << text;
    file.close();
    if (!file.good()) return CannotWrite(path_, EIO);
    return std::nullopt;
  }
  const std::string part = PartOf(target_);
  int error = WritePart(part, text);
  if (error != 0) return CannotWrite(path_, error);
  if (::chmod(part.c_str(), ModeOfNewFiles()) != 0 ||
      std::rename(part.c_str(), target_.c_str()) != 0) {
    error = errno;
    std::remove(part.c_str());
    return CannotWrite(path_, error);
  }
  return std::nullopt;
}

}  // namespace keywalk::conformance
