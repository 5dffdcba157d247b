#include "io/tcp_info.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

namespace keywalk::io {

std::optional<std::uint64_t> TcpBytesAcknowledged(int socket) noexcept {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  if (size < offsetof(tcp_info, tcpi_bytes_acked) + sizeof(info.tcpi_bytes_acked)) {
    return std::nullopt;  // a kernel before 4.1
  }
  return info.tcpi_bytes_acked;
}

}  // namespace keywalk::io
