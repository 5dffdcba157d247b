#include "config/token_file.h"

#include <sys/stat.h>

#include <algorithm>

#include "keywalk/config.h"

namespace keywalk::config {
namespace {

// A token that no credential can hold (RFC 6750 section 2.1) would never match: a broken file.
bool IsToken(std::string_view token) {
  return std::ranges::all_of(token, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f;
  });
}

}  // namespace

Result<Secrets> LoadTokenFile(const std::string& path, std::string_view what,
                              std::vector<std::string>& warnings) {
  Result<Secrets> tokens = LoadKeysFile(path);
  if (!tokens) return tokens;
  const std::string name(what);
  if (tokens->empty()) return Error(path + ": no " + name + "s provided");
  for (std::size_t i = 0; i < tokens->size(); ++i) {
    if (IsToken((*tokens)[i])) continue;
    return Error(path + ": invalid " + name + " (token " + std::to_string(i + 1) + " of " +
                 std::to_string(tokens->size()) + ")");
  }
  WarnIfOthersMayRead(path, warnings);
  return tokens;
}

void WarnIfOthersMayRead(const std::string& path, std::vector<std::string>& warnings) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  if ((status.st_mode & (S_IRGRP | S_IROTH)) == 0) return;
  warnings.push_back(path + ": other users may read this file of secrets (chmod 600 it)");
}

}  // namespace keywalk::config
