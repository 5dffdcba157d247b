// Tokens that a caller may show, without the tokens themselves.
#ifndef KEYWALK_IO_TOKEN_SET_H_
#define KEYWALK_IO_TOKEN_SET_H_

#include <array>
#include <string_view>
#include <vector>

#include "keywalk/headers.h"
#include "keywalk/secret.h"

namespace keywalk::io {

// Immutable; safe for concurrent use. No answer takes longer for a token that is nearly right.
class TokenSet {
 public:
  explicit TokenSet(const Secrets& tokens);

  bool empty() const { return tokens_.empty(); }
  bool Contains(std::string_view presented) const;
  // True if `Authorization: Bearer TOKEN` (RFC 6750 section 2.1) shows one of them.
  bool AdmitsBearer(const Headers& headers) const;

 private:
  using Digest = std::array<unsigned char, 32>;  // SHA-256: equal lengths, whatever was presented

  std::vector<Digest> tokens_;
};

// What follows the scheme of `auth-scheme 1*SP token68` (RFC 9110 section 11.4), or the whole value
// of a field that has none.
std::string_view WithoutAuthScheme(std::string_view value);

}  // namespace keywalk::io

#endif  // KEYWALK_IO_TOKEN_SET_H_
