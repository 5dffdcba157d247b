// A folder of a test's own, gone with the object.
#ifndef KEYWALK_TESTS_SUPPORT_TEMP_DIR_H_
#define KEYWALK_TESTS_SUPPORT_TEMP_DIR_H_

#include <filesystem>
#include <string>
#include <string_view>

namespace keywalk::testing {

// Not safe for concurrent use; any number of them may exist side by side. Failures throw
// std::system_error, which fails the test.
class TempDir {
 public:
  // Makes an empty folder below the system's temporary one.
  TempDir();
  // Removes it with all it holds.
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // The path of `name` inside; nothing is made.
  std::string File(std::string_view name) const { return (path_ / name).string(); }
  // Writes a file inside and returns its path.
  std::string Write(std::string_view name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

}  // namespace keywalk::testing

#endif  // KEYWALK_TESTS_SUPPORT_TEMP_DIR_H_
