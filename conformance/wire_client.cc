#include "conformance/wire_client.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>

#include "conformance/response_parser.h"

namespace keywalk::conformance {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kChunkBytes = 64 * 1024;

// A connected socket, closed at the end of its scope.
class Socket {
 public:
  Socket() = default;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  int descriptor() const { return descriptor_; }

  // The end of the scope then closes with RST.
  void ResetOnClose() const {
    const linger option{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &option, sizeof option);
  }

  // Connects to the first address that takes the connection; why not, or empty. A refusal comes at
  // once; an address that does not answer at all is left after the kernel's own time.
  std::string Connect(const std::string& host, const std::string& port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
    if (error != 0) return std::string("cannot resolve the address: ") + ::gai_strerror(error);
    std::string why = "no address";
    for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
      const int descriptor =
          ::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
      if (descriptor < 0) continue;
      if (::connect(descriptor, at->ai_addr, at->ai_addrlen) == 0) {
        descriptor_ = descriptor;
        break;
      }
      why = std::string("cannot connect: ") + std::strerror(errno);
      ::close(descriptor);
    }
    ::freeaddrinfo(list);
    if (descriptor_ < 0) return why;
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(descriptor_, F_SETFL, O_NONBLOCK);
    return "";
  }

 private:
  int descriptor_ = -1;
};

void AppendChunked(std::string& bytes, std::string_view body) {
  for (std::size_t at = 0; at < body.size(); at += kChunkBytes) {
    const std::string_view chunk = body.substr(at, kChunkBytes);
    std::array<char, 32> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", chunk.size());
    bytes += size.data();
    bytes += chunk;
    bytes += "\r\n";
  }
  bytes += "0\r\n\r\n";
}

// The request's bytes; `head_bytes` of them are its head.
std::string Serialize(const WireRequest& request, std::size_t& head_bytes) {
  std::string bytes = request.method + " " + request.target + " HTTP/1.1\r\n";
  if (!request.headers.Contains("Host")) bytes += "Host: " + request.authority + "\r\n";
  const bool has_body = request.body != nullptr;
  if (has_body && request.chunked) {
    bytes += "Transfer-Encoding: chunked\r\n";
  } else if (has_body) {
    bytes += "Content-Length: " + std::to_string(request.body->size()) + "\r\n";
  }
  for (const Headers::Field field : request.headers) {
    bytes.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  bytes += "\r\n";
  head_bytes = bytes.size();
  if (has_body && request.chunked) {
    AppendChunked(bytes, *request.body);
  } else if (has_body) {
    bytes += *request.body;
  }
  return bytes;
}

// Sends and receives at the same time: an answer may come before the request has been read.
class Conversation {
 public:
  Conversation(int descriptor, const WireRequest& request, SteadyClock::time_point deadline)
      : descriptor_(descriptor),
        request_(request),
        parser_(request.method == "HEAD"),
        deadline_(deadline) {
    std::size_t head_bytes = 0;
    unsent_ = Serialize(request, head_bytes);
    if (request.leaves && request.leaves->at == Departure::At::kRequestHead) {
      unsent_.resize(std::min<std::size_t>(request.leaves->bytes, head_bytes - 1));
    } else if (request.leaves && request.leaves->at == Departure::At::kUpload) {
      unsent_.resize(std::min<std::size_t>(unsent_.size(), head_bytes + request.leaves->bytes));
    }
    held_from_ = unsent_.size();
    if (!request.pauses_after) return;
    held_from_ = std::min<std::size_t>(held_from_, head_bytes + *request.pauses_after);
    pauses_ = request.wait_to_go_on != nullptr;
  }

  void Run(WireExchange& exchange) {
    while (!parser_.done() && !parser_.failed() && error_.empty()) {
      if (pauses_ && sent_ == held_from_) {
        exchange.paused_in_vain = !request_.wait_to_go_on();
        GoOn();
      }
      exchange.left = IsTimeToLeave();
      if (exchange.left) break;
      Turn();
    }
    exchange.answered = parser_.head_done();
    exchange.timed_out = timed_out_;
    exchange.error = error_.empty() ? parser_.error() : error_;
    exchange.response = std::move(parser_.response());
    exchange.response.complete = parser_.done();
    exchange.body_time = last_body_ - first_body_;
  }

 private:
  void GoOn() {
    pauses_ = false;
    held_from_ = unsent_.size();
  }

  bool IsTimeToLeave() const {
    if (!request_.leaves || request_.leaves->by == Departure::By::kSilence) return false;
    switch (request_.leaves->at) {
      case Departure::At::kRequestHead:
      case Departure::At::kUpload:
        return sent_ == unsent_.size();
      case Departure::At::kWaiting:
        if (sent_ < unsent_.size()) return false;
        if (request_.wait_to_leave) request_.wait_to_leave();
        return true;
      case Departure::At::kHead:
        return parser_.head_done();
      case Departure::At::kBody:
        break;
    }
    return parser_.head_done() && parser_.body_bytes() >= request_.leaves->bytes;
  }

  void Turn() {
    pollfd fd{descriptor_, POLLIN, 0};
    if (sent_ < held_from_) fd.events |= POLLOUT;
    const auto left = std::chrono::ceil<Milliseconds>(deadline_ - SteadyClock::now()).count();
    const int ready = left <= 0 ? 0 : ::poll(&fd, 1, static_cast<int>(left));
    if (ready == 0) {
      timed_out_ = true;
      error_ = "no complete answer within the time limit";
    } else if (ready > 0) {
      if ((fd.revents & (POLLIN | POLLHUP | POLLERR)) != 0) Receive();
      if ((fd.revents & POLLOUT) != 0) Send();
    }
  }

  void Send() {
    const ssize_t count =
        ::send(descriptor_, unsent_.data() + sent_, held_from_ - sent_, MSG_NOSIGNAL);
    if (count > 0) sent_ += static_cast<std::size_t>(count);
    // A server that refuses the rest may still have answered: what it said is read.
    if (count >= 0 || errno == EAGAIN || errno == EINTR) return;
    GoOn();
    sent_ = unsent_.size();
  }

  void Receive() {
    std::array<char, 64 * 1024> buffer;
    const ssize_t count = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (count > 0) {
      const std::size_t before = parser_.body_bytes();
      parser_.Push(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
      if (parser_.body_bytes() > before) {
        last_body_ = SteadyClock::now();
        if (before == 0) first_body_ = last_body_;
      }
    } else if (count == 0) {
      parser_.PushEnd();
    } else if (errno != EAGAIN && errno != EINTR) {
      error_ = std::string("the connection broke: ") + std::strerror(errno);
    }
  }

  const int descriptor_;
  const WireRequest& request_;
  std::string unsent_;
  std::size_t sent_ = 0;
  std::size_t held_from_ = 0;  // the rest is held back
  bool pauses_ = false;        // until it is time to go on
  ResponseParser parser_;
  const SteadyClock::time_point deadline_;
  SteadyClock::time_point first_body_;
  SteadyClock::time_point last_body_;
  std::string error_;
  bool timed_out_ = false;
};

}  // namespace

WireExchange Exchange(const WireRequest& request) {
  WireExchange exchange;
  exchange.response.complete = false;
  exchange.started = SteadyClock::now();
  Socket socket;
  exchange.error = socket.Connect(request.host, request.port);
  if (exchange.error.empty()) {
    Conversation(socket.descriptor(), request, exchange.started + request.limit).Run(exchange);
    const bool resets = exchange.left && request.leaves->by == Departure::By::kReset;
    if (resets) socket.ResetOnClose();
  }
  exchange.duration = SteadyClock::now() - exchange.started;
  return exchange;
}

}  // namespace keywalk::conformance
