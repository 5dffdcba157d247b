#include "conformance/free_ports.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>
#include <string>
#include <utility>

namespace keywalk::conformance {
namespace {

// Below what Linux (32768) and everyone else (49152) give to outgoing connections.
constexpr std::uint32_t kFirstPort = 16'384;
constexpr std::uint32_t kPorts = 16'384;

// A port that stays taken until the end of the scope.
class HeldPort {
 public:
  HeldPort() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  HeldPort(HeldPort&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  HeldPort(const HeldPort&) = delete;
  HeldPort& operator=(const HeldPort&) = delete;
  ~HeldPort() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  bool Bind(std::uint16_t port) const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return descriptor_ >= 0 &&
           ::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }

 private:
  int descriptor_;
};

}  // namespace

Result<std::vector<std::uint16_t>> FindFreePorts(std::size_t count) {
  // Whoever looks at the same time begins elsewhere.
  std::random_device random;
  std::uint32_t next = random() % kPorts;
  std::vector<HeldPort> held;  // all at once, so that they differ
  std::vector<std::uint16_t> ports;
  for (std::uint32_t tried = 0; ports.size() < count; ++tried, next = (next + 1) % kPorts) {
    if (tried == kPorts) return Error(std::string("no free port: ") + std::strerror(errno));
    const auto port = static_cast<std::uint16_t>(kFirstPort + next);
    HeldPort candidate;
    if (!candidate.Bind(port)) continue;
    held.push_back(std::move(candidate));
    ports.push_back(port);
  }
  return ports;
}

}  // namespace keywalk::conformance
