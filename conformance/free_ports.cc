#include "conformance/free_ports.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

namespace keywalk::conformance {
namespace {

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

  std::optional<std::uint16_t> Bind() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (descriptor_ < 0 || ::bind(descriptor_, generic, size) != 0) return std::nullopt;
    if (::getsockname(descriptor_, generic, &size) != 0) return std::nullopt;
    return ntohs(address.sin_port);
  }

 private:
  int descriptor_;
};

}  // namespace

Result<std::vector<std::uint16_t>> FindFreePorts(std::size_t count) {
  std::vector<HeldPort> held;  // all at once, so that they differ
  std::vector<std::uint16_t> ports;
  for (std::size_t i = 0; i < count; ++i) {
    const std::optional<std::uint16_t> port = held.emplace_back().Bind();
    if (!port) return Error(std::string("no free port: ") + std::strerror(errno));
    ports.push_back(*port);
  }
  return ports;
}

}  // namespace keywalk::conformance
