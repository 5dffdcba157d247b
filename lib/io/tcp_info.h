// What the kernel knows of a TCP connection. In a file of its own: <linux/tcp.h>, which has the
// counters, and <netinet/tcp.h>, which Asio includes, define the same names.
#ifndef KEYWALK_IO_TCP_INFO_H_
#define KEYWALK_IO_TCP_INFO_H_

#include <cstdint>
#include <optional>

namespace keywalk::io {

// Bytes that the peer has acknowledged on this connection so far; nullopt if the kernel does not
// say.
std::optional<std::uint64_t> TcpBytesAcknowledged(int socket) noexcept;

}  // namespace keywalk::io

#endif  // KEYWALK_IO_TCP_INFO_H_
