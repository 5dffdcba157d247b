#include "tests/support/raw_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace keywalk::testing {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

[[noreturn]] void Fail(const std::string& what) {
  throw std::runtime_error("raw client: " + what + ": " + std::strerror(errno));
}

// The reason OpenSSL gives, which for a refused certificate is what a test wants to see.
[[noreturn]] void FailTls(const std::string& what, const SSL* tls) {
  char reason[256] = "";
  ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
  std::string message = "raw client: " + what + ": " + reason;
  const long verified = tls == nullptr ? X509_V_OK : SSL_get_verify_result(tls);
  if (verified != X509_V_OK) message += std::string(": ") + X509_verify_cert_error_string(verified);
  throw std::runtime_error(message);
}

}  // namespace

struct RawClient::Step {
  std::size_t bytes = 0;
  short wait_for = 0;  // poll events, if nothing could be moved yet
  bool closed = false;
  bool reset = false;
};

std::string_view ToString(ReadEnd end) {
  switch (end) {
    case ReadEnd::kDone:
      return "done";
    case ReadEnd::kClosed:
      return "closed";
    case ReadEnd::kReset:
      return "reset";
    case ReadEnd::kTimeout:
      return "timeout";
  }
  return "?";
}

RawClient::RawClient(std::uint16_t port, RawClientOptions options) : options_(std::move(options)) {
  try {
    Connect(port);
    if (!options_.ca_file.empty()) StartTls();
  } catch (...) {
    Close();  // the destructor does not run
    throw;
  }
}

RawClient::~RawClient() { Close(); }

void RawClient::Connect(std::uint16_t port) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ < 0) Fail("socket");
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket_, generic, sizeof address) == 0) return;
  if (errno != EINPROGRESS) Fail("connect");
  if (!WaitFor(POLLOUT, std::chrono::steady_clock::now() + options_.limit)) Fail("connect");
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    errno = error;
    Fail("connect");
  }
}

void RawClient::StartTls() {
  ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes with write(2), which has no MSG_NOSIGNAL
  ERR_clear_error();
  tls_context_ = SSL_CTX_new(TLS_client_method());
  if (tls_context_ == nullptr) FailTls("SSL_CTX_new", nullptr);
  SSL_CTX_set_verify(tls_context_, SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_file(tls_context_, options_.ca_file.c_str()) != 1) {
    FailTls(options_.ca_file, nullptr);
  }
  tls_ = SSL_new(tls_context_);
  SSL_set_fd(tls_, socket_);
  SSL_set_tlsext_host_name(tls_, options_.host.c_str());
  SSL_set1_host(tls_, options_.host.c_str());
  const Deadline deadline = std::chrono::steady_clock::now() + options_.limit;
  for (;;) {
    const int result = SSL_connect(tls_);
    if (result == 1) return;
    const Step step = TlsStep(result);
    if (step.wait_for == 0) FailTls("TLS handshake", tls_);
    if (!WaitFor(step.wait_for, deadline)) throw std::runtime_error("raw client: TLS timeout");
  }
}

bool RawClient::WaitFor(short events, Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      errno = ETIMEDOUT;
      return false;
    }
    pollfd waiting{socket_, events, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) Fail("poll");
  }
}

RawClient::Step RawClient::TlsStep(int result) {
  Step step;
  if (result > 0) {
    step.bytes = static_cast<std::size_t>(result);
    return step;
  }
  switch (SSL_get_error(tls_, result)) {
    case SSL_ERROR_WANT_READ:
      step.wait_for = POLLIN;
      break;
    case SSL_ERROR_WANT_WRITE:
      step.wait_for = POLLOUT;
      break;
    case SSL_ERROR_ZERO_RETURN:
      step.closed = true;
      break;
    default:
      step.reset = true;
  }
  return step;
}

RawClient::Step RawClient::ReadOnce(char* buffer, std::size_t size) {
  if (tls_ != nullptr) {
    ERR_clear_error();
    return TlsStep(SSL_read(tls_, buffer, static_cast<int>(size)));
  }
  Step step;
  const ssize_t count = ::recv(socket_, buffer, size, 0);
  if (count > 0) {
    step.bytes = static_cast<std::size_t>(count);
  } else if (count == 0) {
    step.closed = true;
  } else if (errno == EAGAIN || errno == EINTR) {
    step.wait_for = POLLIN;
  } else if (errno == ECONNRESET || errno == EPIPE) {
    step.reset = true;
  } else {
    Fail("recv");
  }
  return step;
}

RawClient::Step RawClient::WriteOnce(std::string_view bytes) {
  if (tls_ != nullptr) {
    ERR_clear_error();
    return TlsStep(SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size())));
  }
  Step step;
  const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count >= 0) {
    step.bytes = static_cast<std::size_t>(count);
  } else if (errno == EAGAIN || errno == EINTR) {
    step.wait_for = POLLOUT;
  } else if (errno == ECONNRESET || errno == EPIPE) {
    step.reset = true;
  } else {
    Fail("send");
  }
  return step;
}

void RawClient::Send(std::string_view bytes) {
  if (!TrySend(bytes)) throw std::runtime_error("raw client: the peer ended the connection");
}

bool RawClient::TrySend(std::string_view bytes) {
  const Deadline deadline = std::chrono::steady_clock::now() + options_.limit;
  while (!bytes.empty()) {
    const Step step = WriteOnce(bytes);
    if (step.closed || step.reset) return false;
    bytes.remove_prefix(step.bytes);
    if (step.wait_for != 0 && !WaitFor(step.wait_for, deadline)) Fail("send");
  }
  return true;
}

void RawClient::CloseWrite() {
  assert(tls_ == nullptr);
  ::shutdown(socket_, SHUT_WR);
}

void RawClient::Close() {
  if (tls_ != nullptr) SSL_shutdown(tls_);
  SSL_free(std::exchange(tls_, nullptr));
  SSL_CTX_free(std::exchange(tls_context_, nullptr));
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

void RawClient::Reset() {
  const linger now{1, 0};  // close() then discards and sends RST (tcp(7), socket(7))
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  SSL_free(std::exchange(tls_, nullptr));
  Close();
}

ReadEnd RawClient::ReadUntil(const std::function<bool(std::string_view)>& done) {
  return ReadUntil(done, options_.limit);
}

ReadEnd RawClient::ReadUntil(const std::function<bool(std::string_view)>& done,
                             std::chrono::milliseconds limit) {
  const Deadline deadline = std::chrono::steady_clock::now() + limit;
  char buffer[64 * 1024];
  while (!done(received_)) {
    const Step step = ReadOnce(buffer, sizeof buffer);
    if (step.closed) return ReadEnd::kClosed;
    if (step.reset) return ReadEnd::kReset;
    received_.append(buffer, step.bytes);
    if (step.wait_for != 0 && !WaitFor(step.wait_for, deadline)) return ReadEnd::kTimeout;
  }
  return ReadEnd::kDone;
}

ReadEnd RawClient::ReadUntil(std::string_view text) {
  // Of many MiB, each is searched once.
  return ReadUntil([text, from = std::size_t{0}](std::string_view bytes) mutable {
    const bool found = bytes.find(text, from) != std::string_view::npos;
    from = bytes.size() - std::min(bytes.size(), text.size());
    return found;
  });
}

ReadEnd RawClient::ReadAtLeast(std::size_t bytes) {
  return ReadUntil([bytes](std::string_view received) { return received.size() >= bytes; });
}

ReadEnd RawClient::ReadToEnd() { return ReadToEnd(options_.limit); }

ReadEnd RawClient::ReadToEnd(std::chrono::milliseconds limit) {
  return ReadUntil([](std::string_view) { return false; }, limit);
}

std::string RawClient::Take(std::size_t bytes) {
  assert(bytes <= received_.size());
  std::string taken = received_.substr(0, bytes);
  received_.erase(0, bytes);
  return taken;
}

}  // namespace keywalk::testing
