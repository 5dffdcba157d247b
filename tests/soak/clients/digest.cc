#include "tests/soak/clients/digest.h"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace keywalk::soak {
namespace {

void Require(int result) {
  if (result != 1) throw std::runtime_error("no SHA-256 from OpenSSL");
}

}  // namespace

void Digest::Free::operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }

Digest::Digest() : context_(EVP_MD_CTX_new()) {
  Require(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

void Digest::Add(std::string_view bytes) {
  Require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

std::string Digest::Take() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  Require(EVP_DigestFinal_ex(context_.get(), bytes.data(), &size));
  Require(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

std::string DigestOf(std::string_view bytes) {
  Digest digest;
  digest.Add(bytes);
  return digest.Take();
}

}  // namespace keywalk::soak
