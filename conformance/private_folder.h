// A temporary folder that leaves nothing behind.
#ifndef KEYWALK_CONFORMANCE_PRIVATE_FOLDER_H_
#define KEYWALK_CONFORMANCE_PRIVATE_FOLDER_H_

#include <string>

namespace keywalk::conformance {

// For this user alone; removed with all that is in it at the end of its scope. Used by one thread.
class PrivateFolder {
 public:
  PrivateFolder() = default;
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  ~PrivateFolder();

  // False, with errno, if it cannot be made. Called once.
  bool Make();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Removes every folder that is there: for a program that ends without leaving its scopes. Safe for
// concurrent use, but not in a signal handler.
void RemovePrivateFolders();

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_PRIVATE_FOLDER_H_
