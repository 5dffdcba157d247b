#include "tests/soak/clients/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace keywalk::soak {
namespace {

Connection::Moved Moved(ssize_t count) {
  using State = Connection::State;
  if (count > 0) return {State::kDone, static_cast<std::size_t>(count)};
  if (count == 0) return {State::kEnded, 0};
  const bool would_wait = errno == EAGAIN || errno == EINTR;
  return {would_wait ? State::kWouldWait : State::kFailed, 0};
}

}  // namespace

bool Connection::Open(std::uint16_t port) {
  Close();
  descriptor_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    Close();
    return false;
  }
  const int on = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return true;
}

void Connection::Close() {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
}

void Connection::Reset() {
  const linger at_once{1, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  Close();
}

void Connection::ReadLittle() {
  const int bytes = 8 * 1024;
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

Connection::Ready Connection::Wait(bool read, bool write, int timeout_ms) const {
  pollfd asked{descriptor_, 0, 0};
  if (read) asked.events |= POLLIN;
  if (write) asked.events |= POLLOUT;
  if (!read && !write) asked.fd = -1;  // an end would be told at once, and a pause be none
  if (poll(&asked, 1, timeout_ms) <= 0) return {};
  const bool ended = (asked.revents & (POLLERR | POLLHUP)) != 0;
  return {(asked.revents & POLLIN) != 0 || (ended && read), (asked.revents & POLLOUT) != 0};
}

Connection::Moved Connection::Send(std::string_view bytes) {
  return soak::Moved(send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
}

Connection::Moved Connection::Receive(char* buffer, std::size_t size) {
  return soak::Moved(recv(descriptor_, buffer, size, MSG_DONTWAIT));
}

Connection::Moved Connection::Peek() const {
  char byte = 0;
  return soak::Moved(recv(descriptor_, &byte, 1, MSG_DONTWAIT | MSG_PEEK));
}

}  // namespace keywalk::soak
