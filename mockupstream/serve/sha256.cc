#include "mockupstream/serve/sha256.h"

#include <openssl/evp.h>

#include <stdexcept>
#include <vector>

namespace keywalk::mock {
namespace {

void Require(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL: SHA-256 failed");
}

// Fetched once: EVP_sha256() looks the algorithm up again in each EVP_DigestInit_ex().
const EVP_MD* Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

// Contexts of digests that have ended, for the next ones of this thread: making one takes four
// allocations, a fifth of a small request's.
class SpareContexts {
 public:
  SpareContexts() { spare_.reserve(kMost); }
  ~SpareContexts() {
    for (EVP_MD_CTX* const context : spare_) EVP_MD_CTX_free(context);
  }
  SpareContexts(const SpareContexts&) = delete;
  SpareContexts& operator=(const SpareContexts&) = delete;

  EVP_MD_CTX* Take() {
    if (spare_.empty()) return EVP_MD_CTX_new();
    EVP_MD_CTX* const context = spare_.back();
    spare_.pop_back();
    return context;
  }
  void Give(EVP_MD_CTX* context) noexcept {
    if (spare_.size() < kMost) {
      spare_.push_back(context);  // reserved: allocates nothing
    } else {
      EVP_MD_CTX_free(context);
    }
  }

 private:
  static constexpr std::size_t kMost = 64;
  std::vector<EVP_MD_CTX*> spare_;
};

SpareContexts& Spares() {
  static thread_local SpareContexts spares;
  return spares;
}

}  // namespace

void Sha256::Free::operator()(EVP_MD_CTX* context) const noexcept { Spares().Give(context); }

Sha256::Sha256() : context_(Spares().Take()) {
  Require(context_ != nullptr && EVP_DigestInit_ex(context_.get(), Algorithm(), nullptr) == 1);
}

void Sha256::Update(std::string_view bytes) {
  Require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

Sha256Digest Sha256::Finish() {
  Sha256Digest digest{};
  unsigned int size = 0;
  Require(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1 && size == digest.size());
  return digest;
}

std::string Sha256::FinishHex() { return ToHex(Finish()); }

std::string ToHex(const Sha256Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex(2 * digest.size(), '\0');
  for (std::size_t i = 0; i < digest.size(); ++i) {
    hex[2 * i] = kDigits[digest[i] >> 4];
    hex[2 * i + 1] = kDigits[digest[i] & 0xf];
  }
  return hex;
}

}  // namespace keywalk::mock
