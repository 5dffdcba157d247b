// Certificates for tests: an authority made on the spot and a server certificate that it signed.
#ifndef KEYWALK_TESTS_SUPPORT_TEST_CERTIFICATE_H_
#define KEYWALK_TESTS_SUPPORT_TEST_CERTIFICATE_H_

#include <filesystem>
#include <string>

namespace keywalk::testing {

// PEM files. The authority's private key is kept nowhere.
struct TestCertificate {
  std::string ca_file;    // what a client has to trust
  std::string cert_file;  // the server's certificate
  std::string key_file;   // its private key
};

struct TestCertificateOptions {
  // The DNS name it is for. With the default it is for 127.0.0.1 and ::1 too; with another one it
  // is for that name alone, so that a client that connects to localhost must refuse it.
  std::string host = "localhost";
  bool expired = false;         // ended yesterday
  std::string name = "server";  // the files' stem: several may lie in one folder
};

// Writes the three files into `dir`, which exists. Each call makes an authority of its own, so that
// the certificate of one call is untrusted by a client of another. Throws std::runtime_error.
TestCertificate MakeTestCertificate(const std::filesystem::path& dir,
                                    const TestCertificateOptions& options = {});

}  // namespace keywalk::testing

#endif  // KEYWALK_TESTS_SUPPORT_TEST_CERTIFICATE_H_
