#include "conformance/wire_upstream.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace keywalk::conformance {

class RefusingPort {
 public:
  RefusingPort() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  RefusingPort(const RefusingPort&) = delete;
  RefusingPort& operator=(const RefusingPort&) = delete;
  ~RefusingPort() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  // Takes a free port; its number, or 0 with the reason in errno.
  int Take() const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (descriptor_ < 0 || ::bind(descriptor_, generic, size) != 0) return 0;
    return ::getsockname(descriptor_, generic, &size) == 0 ? ntohs(address.sin_port) : 0;
  }

 private:
  int descriptor_;
};

WireUpstream::~WireUpstream() = default;

Result<std::unique_ptr<WireUpstream>> WireUpstream::Start(mock::MockServerOptions options,
                                                          bool refused) {
  std::unique_ptr<WireUpstream> upstream(new WireUpstream);
  // Not after it: the mock's clock begins before Start() returns, and what the journal then dates
  // too early is put right by the request that caused it (wire_timeline.cc).
  upstream->started_ = std::chrono::steady_clock::now();
  auto mock = mock::MockServer::Start(std::move(options), mock::Script());
  if (!mock) return mock.error();
  upstream->mock_ = *std::move(mock);
  upstream->url_ = upstream->mock_->url();
  if (!refused) return upstream;
  upstream->refusing_port_ = std::make_unique<RefusingPort>();
  const int port = upstream->refusing_port_->Take();
  if (port == 0) return Error(std::string("no port to refuse on: ") + std::strerror(errno));
  upstream->url_ = "http://127.0.0.1:" + std::to_string(port);
  return upstream;
}

}  // namespace keywalk::conformance
