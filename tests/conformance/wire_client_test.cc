// Goal: a client goes away, or falls silent, where and how its case says.
// Method: a server of one connection that reads to its end and says how that came.
#include "conformance/wire_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <future>
#include <string>

namespace keywalk::conformance {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

// What a server has seen of its one client.
struct Visit {
  std::string bytes;
  bool reset = false;  // ended by RST, not by FIN
};

class OneClientServer {
 public:
  // Closes by itself once it has read `enough` bytes.
  explicit OneClientServer(std::size_t enough = 1'000'000)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_, generic, size), 0);
    EXPECT_EQ(::getsockname(listener_, generic, &size), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    port_ = ntohs(address.sin_port);
    visit_ = std::async(std::launch::async, [this, enough] { return Serve(enough); });
  }
  OneClientServer(const OneClientServer&) = delete;
  OneClientServer& operator=(const OneClientServer&) = delete;
  ~OneClientServer() { ::close(listener_); }

  int port() const { return port_; }
  Visit Wait() { return visit_.get(); }

 private:
  Visit Serve(std::size_t enough) const {
    Visit visit;
    const int client = ::accept(listener_, nullptr, nullptr);
    std::array<char, 4096> buffer;
    while (visit.bytes.size() < enough) {
      const ssize_t count = ::recv(client, buffer.data(), buffer.size(), 0);
      visit.reset = count < 0 && errno == ECONNRESET;
      if (count <= 0) break;
      visit.bytes.append(buffer.data(), static_cast<std::size_t>(count));
    }
    ::close(client);
    return visit;
  }

  const int listener_;
  int port_ = 0;
  std::future<Visit> visit_;
};

WireRequest Leaving(const OneClientServer& server, Departure::At at, std::uint64_t bytes,
                    Departure::By by) {
  WireRequest request;
  request.host = "127.0.0.1";
  request.port = std::to_string(server.port());
  request.authority = "gateway.example";
  request.body = std::make_shared<const std::string>("0123456789");
  request.leaves = Departure{at, by, bytes};
  return request;
}

TEST(WireClientTest, LeavesItsUploadInOrder) {
  OneClientServer server;
  const WireExchange exchange =
      Exchange(Leaving(server, Departure::At::kUpload, 4, Departure::By::kClose));
  EXPECT_TRUE(exchange.left);
  EXPECT_FALSE(exchange.answered);
  const Visit visit = server.Wait();
  EXPECT_THAT(visit.bytes, EndsWith("\r\n\r\n0123"));
  EXPECT_FALSE(visit.reset);
}

TEST(WireClientTest, LeavesByReset) {
  OneClientServer server;
  EXPECT_TRUE(Exchange(Leaving(server, Departure::At::kUpload, 4, Departure::By::kReset)).left);
  EXPECT_TRUE(server.Wait().reset);
}

TEST(WireClientTest, OneThatIsSilentWaitsForTheServerToEndIt) {
  OneClientServer server(10);
  const WireExchange exchange =
      Exchange(Leaving(server, Departure::At::kRequestHead, 10, Departure::By::kSilence));
  EXPECT_FALSE(exchange.left);
  EXPECT_FALSE(exchange.timed_out);
  EXPECT_FALSE(exchange.answered);
  EXPECT_EQ(server.Wait().bytes, "POST / HTT");
}

TEST(WireClientTest, OneThatIsSilentGivesUpAtItsLimit) {
  OneClientServer server;
  WireRequest request =
      Leaving(server, Departure::At::kRequestHead, 1'000, Departure::By::kSilence);
  request.limit = Milliseconds(50);
  EXPECT_TRUE(Exchange(request).timed_out);
  const Visit visit = server.Wait();
  EXPECT_THAT(visit.bytes, StartsWith("POST / HTTP/1.1\r\n"));
  EXPECT_THAT(visit.bytes, EndsWith("\r\n\r")) << "all but the head's last byte";
}

WireRequest Pausing(const OneClientServer& server, std::uint64_t bytes) {
  WireRequest request = Leaving(server, Departure::At::kUpload, 10, Departure::By::kClose);
  request.pauses_after = bytes;
  return request;
}

TEST(WireClientTest, PausesOnceAndSendsTheRest) {
  OneClientServer server;
  WireRequest request = Pausing(server, 4);
  int pauses = 0;
  request.wait_to_go_on = [&pauses] { return ++pauses > 0; };
  const WireExchange exchange = Exchange(request);
  EXPECT_EQ(pauses, 1);
  EXPECT_FALSE(exchange.paused_in_vain);
  EXPECT_THAT(server.Wait().bytes, EndsWith("\r\n\r\n0123456789"));
}

TEST(WireClientTest, SaysThatItHasPausedInVain) {
  OneClientServer server;
  WireRequest request = Pausing(server, 10);
  request.wait_to_go_on = [] { return false; };
  EXPECT_TRUE(Exchange(request).paused_in_vain);
}

TEST(WireClientTest, HoldsTheRestBackForGood) {
  OneClientServer server;
  WireRequest request = Pausing(server, 4);
  request.leaves.reset();
  request.limit = Milliseconds(50);
  EXPECT_TRUE(Exchange(request).timed_out);
  EXPECT_THAT(server.Wait().bytes, EndsWith("\r\n\r\n0123"));
}

}  // namespace
}  // namespace keywalk::conformance
