#include "conformance/private_folder.h"

#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <set>
#include <system_error>
#include <utility>

namespace keywalk::conformance {
namespace {

// The folders that are there, for RemovePrivateFolders().
struct FolderList {
  std::mutex mutex;
  std::set<std::string> paths;
};

FolderList& Folders() {
  static auto* folders = new FolderList;  // outlives every thread
  return *folders;
}

void Remove(const std::string& path) {
  std::error_code error;  // what is left then is no more than a temporary file
  std::filesystem::remove_all(path, error);
}

}  // namespace

PrivateFolder::~PrivateFolder() {
  if (path_.empty()) return;
  Remove(path_);
  const std::lock_guard lock(Folders().mutex);
  Folders().paths.erase(path_);
}

bool PrivateFolder::Make() {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::temp_directory_path(error);
  std::string path = (parent / "keywalk-conform-XXXXXX").string();
  const std::lock_guard lock(Folders().mutex);
  if (::mkdtemp(path.data()) == nullptr) return false;
  Folders().paths.insert(path);
  path_ = std::move(path);
  return true;
}

void RemovePrivateFolders() {
  const std::lock_guard lock(Folders().mutex);
  for (const std::string& path : Folders().paths) Remove(path);
}

}  // namespace keywalk::conformance
