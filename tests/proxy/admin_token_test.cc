// Who may read the admin pages: anybody without admin tokens, with them only who shows one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/proxy/proxy_harness.h"

namespace keywalk::proxy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawReply;

constexpr const char* kAdminToken = "admin-token-VVVVWWWWXXXX-w5w5";

Headers Bearer(std::string_view token) {
  return {{"Authorization", "Bearer " + std::string(token)}};
}

HarnessOptions WithAdminToken() {
  HarnessOptions options;
  options.lanes = R"({"k0": {"steps": [{}]}})";
  options.adjust = [](ProxyConfig& config) {
    config.admin_tokens = {kAdminToken};
    config.client_tokens = {kToken};
  };
  return options;
}

TEST(AdminTokenTest, PagesAskForItAndNothingElseWillDo) {
  ProxyHarness harness(WithAdminToken());
  for (const char* page : {"/metrics", "/pool", "/unknown", "/metrics?x=1", "/healthz/.."}) {
    for (const Headers& headers :
         {Headers(), Bearer(kToken), Bearer(std::string(kAdminToken) + "x"),
          Headers({{"X-Api-Key", kAdminToken}})}) {
      const RawReply reply = harness.Admin(page, "GET", headers);
      EXPECT_EQ(reply.status, 401) << page;
      EXPECT_EQ(reply.headers.Find("WWW-Authenticate"), "Bearer");
      EXPECT_THAT(reply.body, Not(HasSubstr("w0w0")));
    }
  }
  EXPECT_THAT(harness.Admin("/metrics", "GET", Bearer(kAdminToken)).body,
              HasSubstr("keywalk_keys"));
  EXPECT_THAT(harness.Admin("/pool", "GET", Bearer(kAdminToken)).body, HasSubstr("w0w0"));
  EXPECT_EQ(harness.Admin("/unknown", "GET", Bearer(kAdminToken)).status, 404);
  EXPECT_EQ(harness.Admin("/healthz").body, "ok\n");
}

TEST(AdminTokenTest, IsNoClientToken) {
  ProxyHarness harness(WithAdminToken());
  EXPECT_EQ(harness.Post(Bearer(kToken)).status, 200);
  EXPECT_EQ(harness.mock().Journal().at(0).lane, "k0");
  ASSERT_TRUE(harness.Reload([](ProxyConfig& config) { config.no_byok = true; }));
  EXPECT_EQ(harness.Post(Bearer(kAdminToken)).status, 401);
}

TEST(AdminTokenTest, ReloadExchangesIt) {
  ProxyHarness harness(WithAdminToken());
  ASSERT_TRUE(harness.Reload([](ProxyConfig& config) { config.admin_tokens = {"another-one"}; }));
  EXPECT_EQ(harness.Admin("/pool", "GET", Bearer(kAdminToken)).status, 401);
  EXPECT_EQ(harness.Admin("/pool", "GET", Bearer("another-one")).status, 200);
  EXPECT_TRUE(harness.WaitForLog("configuration reloaded: admin tokens"));
}

}  // namespace
}  // namespace keywalk::proxy
