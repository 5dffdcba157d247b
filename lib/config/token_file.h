// Files of secrets that clients show, and what is wrong with who may read such a file.
#ifndef KEYWALK_CONFIG_TOKEN_FILE_H_
#define KEYWALK_CONFIG_TOKEN_FILE_H_

#include <string>
#include <string_view>
#include <vector>

#include "keywalk/result.h"
#include "keywalk/secret.h"

namespace keywalk::config {

// Reads tokens, one a line, as a keys file is read. `what` names one in messages: "client token".
// Fails on a file without any, and on a token that no client could show, naming its position. Adds
// a warning where WarnIfOthersMayRead() has one.
Result<Secrets> LoadTokenFile(const std::string& path, std::string_view what,
                              std::vector<std::string>& warnings);

// Adds a warning if other users may read a file of secrets.
void WarnIfOthersMayRead(const std::string& path, std::vector<std::string>& warnings);

}  // namespace keywalk::config

#endif  // KEYWALK_CONFIG_TOKEN_FILE_H_
