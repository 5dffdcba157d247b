// SHA-256 of what comes piece by piece. Not the mock's own: what it says is checked with this.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>

namespace keywalk::soak {

class Digest {
 public:
  Digest();
  void Add(std::string_view bytes);
  // In lower case hexadecimal digits. Afterwards the digest begins anew.
  std::string Take();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const;
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

std::string DigestOf(std::string_view bytes);

}  // namespace keywalk::soak
