#include "tests/support/test_certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <memory>
#include <stdexcept>

namespace keywalk::testing {
namespace {

constexpr long kDaySeconds = 24 * 60 * 60;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

// Throws with OpenSSL's own reason.
void Require(bool ok, const char* what) {
  if (ok) return;
  char reason[256] = "";
  ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
  throw std::runtime_error(std::string(what) + ": " + reason);
}

// P-256: made in well under a millisecond, unlike RSA.
Key NewKey() {
  Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  Require(key != nullptr, "EVP_EC_gen");
  return key;
}

void AddExtension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  Require(extension != nullptr, "X509V3_EXT_conf_nid");
  const int added = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  Require(added == 1, "X509_add_ext");
}

struct Validity {
  long from_seconds;  // relative to now
  long to_seconds;
};

// A certificate of `key` with its name and time, not yet signed.
Certificate NewCertificate(EVP_PKEY* key, const std::string& common_name, Validity validity) {
  Certificate certificate(X509_new(), &X509_free);
  Require(certificate != nullptr, "X509_new");
  std::uint32_t serial = 0;  // clients cache by issuer and serial: never twice the same
  Require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "RAND_bytes");
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial | 1u);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), validity.from_seconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), validity.to_seconds);
  X509_set_pubkey(certificate.get(), key);
  const auto* bytes = reinterpret_cast<const unsigned char*>(common_name.c_str());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8, bytes,
                             -1, -1, 0);
  return certificate;
}

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

Bio OpenForWriting(const std::string& file) {
  Bio bio(BIO_new_file(file.c_str(), "wb"), &BIO_free);
  Require(bio != nullptr, file.c_str());
  return bio;
}

void WriteCertificate(const std::string& file, X509* certificate) {
  const Bio bio = OpenForWriting(file);
  Require(PEM_write_bio_X509(bio.get(), certificate) == 1, "PEM_write_bio_X509");
}

void WriteKey(const std::string& file, EVP_PKEY* key) {
  const Bio bio = OpenForWriting(file);
  Require(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "PEM_write_bio_PrivateKey");
}

}  // namespace

TestCertificate MakeTestCertificate(const std::filesystem::path& dir,
                                    const TestCertificateOptions& options) {
  const Key ca_key = NewKey();
  const Certificate ca =
      NewCertificate(ca_key.get(), "keywalk test authority", {-2 * kDaySeconds, kDaySeconds});
  X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
  AddExtension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
  Require(X509_sign(ca.get(), ca_key.get(), EVP_sha256()) > 0, "X509_sign");

  const Key key = NewKey();
  const Validity validity{-2 * kDaySeconds, options.expired ? -kDaySeconds : kDaySeconds};
  const Certificate certificate = NewCertificate(key.get(), options.host, validity);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(ca.get()));
  std::string names = "DNS:" + options.host;
  if (options.host == TestCertificateOptions().host) names += ",IP:127.0.0.1,IP:::1";
  AddExtension(certificate.get(), ca.get(), NID_subject_alt_name, names);
  AddExtension(certificate.get(), ca.get(), NID_ext_key_usage, "serverAuth");
  Require(X509_sign(certificate.get(), ca_key.get(), EVP_sha256()) > 0, "X509_sign");

  TestCertificate files{(dir / (options.name + "-ca.pem")).string(),
                        (dir / (options.name + "-cert.pem")).string(),
                        (dir / (options.name + "-key.pem")).string()};
  WriteCertificate(files.ca_file, ca.get());
  WriteCertificate(files.cert_file, certificate.get());
  WriteKey(files.key_file, key.get());
  return files;
}

}  // namespace keywalk::testing
