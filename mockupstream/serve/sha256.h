// The SHA-256 of bytes that come piece by piece.
#ifndef KEYWALK_MOCKUPSTREAM_SERVE_SHA256_H_
#define KEYWALK_MOCKUPSTREAM_SERVE_SHA256_H_

#include <openssl/types.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace keywalk::mock {

using Sha256Digest = std::array<unsigned char, 32>;

// In lower case hexadecimal.
std::string ToHex(const Sha256Digest& digest);

// Not safe for concurrent use. Throws std::runtime_error if OpenSSL has no SHA-256.
class Sha256 {
 public:
  Sha256();

  void Update(std::string_view bytes);
  // Either ends it: nothing may be called after.
  Sha256Digest Finish();
  std::string FinishHex();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const noexcept;
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SERVE_SHA256_H_
