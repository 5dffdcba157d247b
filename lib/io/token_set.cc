#include "io/token_set.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <string>

namespace keywalk::io {

TokenSet::TokenSet(const Secrets& tokens) {
  for (const std::string& token : tokens) {
    Digest& digest = tokens_.emplace_back();
    SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  }
}

bool TokenSet::Contains(std::string_view presented) const {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(presented.data()), presented.size(), digest.data());
  unsigned found = 0;
  for (const Digest& token : tokens_) {  // all of them: which one matched must not show in time
    found |= static_cast<unsigned>(CRYPTO_memcmp(token.data(), digest.data(), digest.size()) == 0);
  }
  return found != 0;
}

bool TokenSet::AdmitsBearer(const Headers& headers) const {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view shown = TrimWhitespace(headers.Find("Authorization").value_or(""));
  return EqualsIgnoreCase(shown.substr(0, kScheme.size()), kScheme) &&
         Contains(WithoutAuthScheme(shown));
}

std::string_view WithoutAuthScheme(std::string_view value) {
  value = TrimWhitespace(value);
  const std::size_t space = value.find_first_of(" \t");
  return space == value.npos ? value : TrimWhitespace(value.substr(space));
}

}  // namespace keywalk::io
