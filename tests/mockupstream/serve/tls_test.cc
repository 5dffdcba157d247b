// Goal: the mock serves TLS, and says what is wrong with its files.
// Method: a certificate made on the spot, a client that verifies it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/mockupstream/mock_client.h"
#include "tests/support/raw_client.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_certificate.h"

namespace keywalk::mock::testing {
namespace {

using keywalk::testing::MakeTestCertificate;
using keywalk::testing::RawClientOptions;
using keywalk::testing::TempDir;
using keywalk::testing::TestCertificate;
using keywalk::testing::TestCertificateOptions;

MockServerOptions WithTls(const TestCertificate& certificate) {
  MockServerOptions options;
  options.tls_cert_file = certificate.cert_file;
  options.tls_key_file = certificate.key_file;
  return options;
}

RawClientOptions Trusting(const TestCertificate& certificate) {
  RawClientOptions options;
  options.ca_file = certificate.ca_file;
  return options;
}

TEST(TlsTest, ServesAClientThatTrustsItsAuthority) {
  const TempDir dir;
  const TestCertificate certificate = MakeTestCertificate(dir.path());
  const auto server = StartMock(
      OneLane(R"([{"text": "secret", "times": 2}, {"text": "cut", "fault": {"at": "after_head",
          "kind": "reset"}}])"),
      WithTls(certificate));
  EXPECT_THAT(server->url(), ::testing::StartsWith("https://127.0.0.1:"));
  RawClient client(server->port(), Trusting(certificate));
  for (int i = 0; i < 2; ++i) {
    client.Send(Post(kKey));
    EXPECT_EQ(ReadReply(client).body, "secret");
  }
  client.Send(Post(kKey));
  const RawReply cut = ReadReply(client);
  EXPECT_EQ(cut.status, 200);
  EXPECT_FALSE(cut.complete);
  EXPECT_EQ(server->Journal().size(), 3u);
}

TEST(TlsTest, IsRefusedByAClientThatDoesNotTrustIt) {
  const TempDir dir;
  const TestCertificate certificate = MakeTestCertificate(dir.path());
  const TestCertificate other = MakeTestCertificate(dir.path(), {.name = "other"});
  const TestCertificate expired =
      MakeTestCertificate(dir.path(), {.expired = true, .name = "expired"});
  const TestCertificate elsewhere =
      MakeTestCertificate(dir.path(), {.host = "example.org", .name = "elsewhere"});
  const auto server = StartMock(OneLane("[{}]"), WithTls(certificate));
  EXPECT_THROW(RawClient(server->port(), Trusting(other)), std::runtime_error);
  const auto expired_server = StartMock(OneLane("[{}]"), WithTls(expired));
  EXPECT_THROW(RawClient(expired_server->port(), Trusting(expired)), std::runtime_error);
  const auto elsewhere_server = StartMock(OneLane("[{}]"), WithTls(elsewhere));
  EXPECT_THROW(RawClient(elsewhere_server->port(), Trusting(elsewhere)), std::runtime_error);
}

TEST(TlsTest, NamesTheFileThatItCannotUse) {
  const TempDir dir;
  MockServerOptions options;
  options.tls_cert_file = dir.Write("cert.pem", "not a certificate");
  options.tls_key_file = dir.Write("key.pem", "not a key");
  const auto server = MockServer::Start(options, OneLane("[{}]"));
  ASSERT_FALSE(server.ok());
  EXPECT_THAT(server.error().message(), ::testing::HasSubstr("cert.pem"));
}

}  // namespace
}  // namespace keywalk::mock::testing
