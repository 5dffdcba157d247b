// The file that a recording is written to: whole at any moment, and for its owner alone.
#ifndef KEYWALK_MOCKUPSTREAM_RECORD_RECORD_FILE_H_
#define KEYWALK_MOCKUPSTREAM_RECORD_RECORD_FILE_H_

#include <optional>
#include <string>
#include <string_view>

#include "keywalk/result.h"

namespace keywalk::mock {

// Creates the file with that text, mode 0600. Fails if it exists already, unless `replace`, or
// cannot be written. The errors name the file.
std::optional<Error> CreateRecordFile(const std::string& path, std::string_view text, bool replace);

// Replaces the file's content at once (by a file beside it, "PATH.part", that takes its name), so
// that a reader, or a crash, also of the machine, finds the old text or the new one. Fails if
// something else than a regular file is there: a device, a symbolic link.
std::optional<Error> ReplaceRecordFile(const std::string& path, std::string_view text);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_RECORD_RECORD_FILE_H_
