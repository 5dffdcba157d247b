// A file that a report is written to: checked before the work begins, whole whenever it is there.
#ifndef KEYWALK_CONFORMANCE_REPORT_OUTPUT_FILE_H_
#define KEYWALK_CONFORMANCE_REPORT_OUTPUT_FILE_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "keywalk/result.h"

namespace keywalk::conformance {

class OutputFile {
 public:
  // Makes sure that Write() will do, as far as can be known: creates the folder, and fails if the
  // path is a folder or nothing can be created beside it. Leaves no file.
  static Result<OutputFile> Claim(const std::string& path);

  // Puts the text there at once, by a file beside it that takes its name: a reader finds the old
  // text or the new one. What is no regular file (/dev/stdout, a pipe) is written as it is.
  std::optional<Error> Write(std::string_view text) const;

  // What `path` stands for, symbolic links resolved.
  const std::string& target() const { return target_; }

 private:
  OutputFile(std::string path, std::string target)
      : path_(std::move(path)), target_(std::move(target)) {}

  std::string path_;  // as it was given
  std::string target_;
};

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_REPORT_OUTPUT_FILE_H_
