// Goal: base URLs are taken apart or refused with a reason; the environment's forward proxy is used
// only where it should be.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "io/http_server.h"
#include "keywalk/http_transport.h"

namespace keywalk {
namespace {

TEST(BaseUrlTest, TakesUrlsApart) {
  const auto url = BaseUrl::Parse("https://api.openai.com/v1/");
  ASSERT_TRUE(url.ok());
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "api.openai.com");
  EXPECT_EQ(url->port, "443");
  EXPECT_EQ(url->authority, "api.openai.com");
  EXPECT_EQ(url->path, "/v1");

  const auto v6 = BaseUrl::Parse("http://[::1]:8080");
  ASSERT_TRUE(v6.ok());
  EXPECT_FALSE(v6->tls);
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->authority, "[::1]:8080");
  EXPECT_EQ(v6->path, "");
}

TEST(BaseUrlTest, RefusesWhatIsNoBaseUrl) {
  for (const char* text :
       {"", "api.openai.com", "ftp://a/", "http://", "http://u:p@a/", "http://a/?q",
        "http://a:99999/", "http://a:0/", "://", "http://a b/", "/v1"}) {
    const auto url = BaseUrl::Parse(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.error().message().rfind("invalid provider base URL", 0), 0u) << text;
  }
}

TEST(BaseUrlTest, EnvironmentProxyHonoursNoProxy) {
  ::setenv("HTTPS_PROXY", "http://proxy:3128", 1);
  ::setenv("NO_PROXY", "localhost, .internal.example", 1);
  EXPECT_EQ(ProxyFromEnvironment(*BaseUrl::Parse("https://api.openai.com")), "http://proxy:3128");
  EXPECT_EQ(ProxyFromEnvironment(*BaseUrl::Parse("https://a.internal.example")), "");
  EXPECT_EQ(ProxyFromEnvironment(*BaseUrl::Parse("https://notinternal.example")),
            "http://proxy:3128");
  EXPECT_EQ(ProxyFromEnvironment(*BaseUrl::Parse("http://api.openai.com")), "");
  ::unsetenv("HTTPS_PROXY");
  ::unsetenv("NO_PROXY");
}

TEST(HostPortTest, TakesAddressesApart) {
  EXPECT_EQ(io::ParseHostPort("127.0.0.1:80")->host, "127.0.0.1");
  EXPECT_EQ(io::ParseHostPort("[::1]:0")->host, "::1");
  for (const char* text : {"", "80", ":80", "a:", "a:x", "a:70000", "::1:80", "a:-1"}) {
    EXPECT_FALSE(io::ParseHostPort(text).ok()) << text;
  }
}

TEST(HostPortTest, KnowsLoopback) {
  for (const char* host : {"127.0.0.1", "127.8.8.8", "::1", "localhost", "a.localhost"}) {
    EXPECT_TRUE(io::IsLoopback(host)) << host;
  }
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "example.com", "localhost.com"}) {
    EXPECT_FALSE(io::IsLoopback(host)) << host;
  }
}

TEST(HostPortTest, KnowsTheNamesThatAlwaysMeanThisHost) {
  for (const char* host : {"localhost", "LOCALHOST", "a.localhost", "a.b.LocalHost"}) {
    EXPECT_TRUE(io::IsLocalhostName(host)) << host;
  }
  for (const char* host : {"", "host", "alocalhost", "localhost.a", "127.0.0.1"}) {
    EXPECT_FALSE(io::IsLocalhostName(host)) << host;
  }
}

}  // namespace
}  // namespace keywalk
