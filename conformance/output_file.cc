#include "conformance/output_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace keywalk::conformance {
namespace {

// An errno value; 0 if everything was written.
int WriteText(const std::string& path, std::string_view text) {
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file.good()) return 0;
  return errno != 0 ? errno : EIO;
}

}  // namespace

std::optional<Error> WriteOutputFile(const std::string& path, std::string_view text) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path folder = fs::path(path).parent_path();
  if (!folder.empty()) fs::create_directories(folder, error);  // if not, the write says why
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    const int code = WriteText(path, text);
    if (code == 0) return std::nullopt;
    return Error(path + ": cannot be written: " + std::strerror(code));
  }
  // A link stays a link: what it points to is replaced.
  const std::string target = fs::exists(status) ? fs::canonical(path, error).string() : path;
  const std::string part = target + ".part" + std::to_string(::getpid());
  int code = WriteText(part, text);
  if (code == 0 && std::rename(part.c_str(), target.c_str()) != 0) code = errno;
  if (code == 0) return std::nullopt;
  std::remove(part.c_str());
  return Error(path + ": cannot be written: " + std::strerror(code));
}

}  // namespace keywalk::conformance
