// Writing a file that holds other people's secrets, or may.
#ifndef KEYWALK_CONFIG_NEW_FILE_H_
#define KEYWALK_CONFIG_NEW_FILE_H_

#include <string>
#include <string_view>

namespace keywalk::config {

// Whether a file has to survive a crash of the machine once it is renamed to its place.
enum class Durability { kCached, kSynced };

// Creates a file for its owner alone (0600) and writes `text` into it; 0 or an errno value, EEXIST
// if there is one of that name. What was written before an error stays. Safe for concurrent use.
int WriteNewFile(const std::string& path, std::string_view text, Durability durability);

}  // namespace keywalk::config

#endif  // KEYWALK_CONFIG_NEW_FILE_H_
