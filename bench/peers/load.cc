#include "bench/peers/load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/peers/answer_reader.h"

namespace keywalk::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = 64 * 1024;

struct Counts {
  std::vector<std::int64_t> latencies_ns;  // of what was measured
  std::uint64_t requests = 0;              // all that were answered, warm-up and end included
  std::uint64_t body_bytes_least = UINT64_MAX;
  std::uint64_t body_bytes_most = 0;
  std::map<int, std::uint64_t> statuses;
  std::map<std::string, std::uint64_t> errors;
};

struct Connection {
  int descriptor = -1;
  std::size_t written = 0;
  bool wants_write = false;
  bool busy = false;
  Clock::time_point begun;
  AnswerReader answer;
};

// sendmsg() takes what it only reads as if it wrote to it.
iovec Piece(const std::string& text, std::size_t from) {
  return {const_cast<char*>(text.data()) + from, text.size() - from};
}

std::string RequestHead(const LoadOptions& options) {
  std::string head = "POST " + options.path +
                     " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(options.port) + "\r\n";
  for (const std::string& field : options.headers) head += field + "\r\n";
  return head + "Content-Length: " + std::to_string(options.body.size()) + "\r\n\r\n";
}

class Load {
 public:
  explicit Load(const LoadOptions& options)
      : options_(options),
        head_(RequestHead(options)),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        connections_(options.connections) {}
  ~Load() {
    for (Connection& connection : connections_) Close(connection);
    close(epoll_);
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // All of the run; what is on its way at the end is waited for.
  void Run() {
    start_ = Clock::now();
    measure_from_ = start_ + Seconds(options_.warmup_seconds);
    measure_to_ = measure_from_ + Seconds(options_.seconds);
    const Clock::time_point give_up = measure_to_ + Seconds(options_.timeout_seconds);
    for (Connection& connection : connections_) Begin(connection);
    while (busy_ > 0) {
      std::array<epoll_event, 64> events;
      const int count = epoll_wait(epoll_, events.data(), events.size(), 1000);
      for (int i = 0; i < count; ++i) OnEvent(events[i]);
      if (Clock::now() > give_up) {
        counts_.errors["timeout"] += busy_;
        return;
      }
    }
  }

  nlohmann::json Result() {
    std::vector<std::int64_t>& times = counts_.latencies_ns;
    std::sort(times.begin(), times.end());
    const auto at = [&times](double part) {
      if (times.empty()) return 0.0;
      return times[static_cast<std::size_t>(part * (times.size() - 1) + 0.5)] / 1000.0;
    };
    nlohmann::json statuses = nlohmann::json::object();
    for (const auto& [status, count] : counts_.statuses) statuses[std::to_string(status)] = count;
    // From the last answer before the measured ones to the last of them: the time that was asked
    // for ends in the middle of a request, which counts if requests are few and large.
    const double span = std::chrono::duration<double>(last_measured_ - first_mark_).count();
    return {
        {"requests", counts_.requests},
        {"measured", times.size()},
        {"requests_per_second", span > 0 ? times.size() / span : 0.0},
        {"p50_us", at(0.5)},
        {"p90_us", at(0.9)},
        {"p99_us", at(0.99)},
        {"min_us", at(0)},
        {"max_us", at(1)},
        {"body_bytes", {counts_.requests ? counts_.body_bytes_least : 0, counts_.body_bytes_most}},
        {"statuses", statuses},
        {"errors", counts_.errors}};
  }

 private:
  static Clock::duration Seconds(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  bool Open(Connection& connection) {
    connection.descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // To this host a connection is there at once; what is sent afterwards must not wait.
    if (connect(connection.descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) !=
        0) {
      Close(connection);
      return false;
    }
    const int on = 1;
    setsockopt(connection.descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection.wants_write = false;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.descriptor, &event);
    return true;
  }

  static void Close(Connection& connection) {
    if (connection.descriptor >= 0) close(connection.descriptor);
    connection.descriptor = -1;
  }

  bool EndsNow(Clock::time_point now) const {
    return now >= measure_to_ && counts_.latencies_ns.size() >= options_.min_requests;
  }

  void Begin(Connection& connection) {
    if (connection.descriptor < 0 && !Open(connection)) {
      ++counts_.errors["connect"];
      return;
    }
    connection.written = 0;
    connection.answer.Reset();
    connection.busy = true;
    ++busy_;
    connection.begun = Clock::now();
    Send(connection);
  }

  void Send(Connection& connection) {
    const std::size_t total = head_.size() + options_.body.size();
    while (connection.written < total) {
      std::array<iovec, 2> pieces;
      std::size_t used = 0;
      if (connection.written < head_.size()) {
        pieces[used++] = Piece(head_, connection.written);
      }
      const std::size_t of_body = std::max(connection.written, head_.size()) - head_.size();
      if (of_body < options_.body.size()) pieces[used++] = Piece(options_.body, of_body);
      msghdr message{};
      message.msg_iov = pieces.data();
      message.msg_iovlen = used;
      const ssize_t sent = sendmsg(connection.descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && errno != EAGAIN) return Fail(connection, "write");
      if (sent < 0) break;
      connection.written += static_cast<std::size_t>(sent);
    }
    const bool wants_write = connection.written < total;
    if (wants_write == connection.wants_write) return;
    connection.wants_write = wants_write;
    epoll_event event{};
    event.events = wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.ptr = &connection;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.descriptor, &event);
  }

  void OnEvent(const epoll_event& event) {
    auto& connection = *static_cast<Connection*>(event.data.ptr);
    // An earlier event of the same wait may have ended it.
    if (connection.descriptor >= 0 && (event.events & ~EPOLLOUT) != 0) Receive(connection);
    if (connection.descriptor >= 0 && connection.busy && (event.events & EPOLLOUT) != 0 &&
        connection.wants_write) {
      Send(connection);
    }
  }

  void Receive(Connection& connection) {
    const ssize_t size = recv(connection.descriptor, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (!connection.busy) return Close(connection);  // the server has had enough of an idle one
    if (size < 0) return Fail(connection, "read");
    const AnswerReader::State state =
        size == 0 ? connection.answer.End()
                  : connection.answer.Feed({buffer_.data(), static_cast<std::size_t>(size)});
    if (state == AnswerReader::State::kBroken) return Fail(connection, size == 0 ? "read" : "http");
    if (state == AnswerReader::State::kComplete) Finish(connection);
  }

  void Finish(Connection& connection) {
    const Clock::time_point now = Clock::now();
    const AnswerReader& answer = connection.answer;
    const bool too_early = connection.written < head_.size() + options_.body.size();
    ++counts_.requests;
    ++counts_.statuses[answer.status()];
    counts_.body_bytes_least = std::min(counts_.body_bytes_least, answer.body_bytes());
    counts_.body_bytes_most = std::max(counts_.body_bytes_most, answer.body_bytes());
    if (answer.status() < 200 || answer.status() > 299) ++counts_.errors["status"];
    if (too_early) ++counts_.errors["answered before the request was sent"];
    if (now < measure_from_) {
      first_mark_ = now;
    } else if (!EndsNow(now)) {
      if (first_mark_ == Clock::time_point()) first_mark_ = start_;
      last_measured_ = now;
      counts_.latencies_ns.push_back(std::chrono::nanoseconds(now - connection.begun).count());
    }
    End(connection, answer.closes() || too_early);
  }

  void Fail(Connection& connection, const char* what) {
    ++counts_.errors[what];
    ++failures_;
    End(connection, true);
  }

  void End(Connection& connection, bool closes) {
    connection.busy = false;
    --busy_;
    if (closes) Close(connection);
    // A server that refuses everything would otherwise be asked for ever.
    if (!EndsNow(Clock::now()) && failures_ < 1000) Begin(connection);
  }

  const LoadOptions& options_;  // the caller's
  const std::string head_;
  const int epoll_;
  std::vector<Connection> connections_;
  std::array<char, kReadBytes> buffer_;
  Counts counts_;
  std::size_t busy_ = 0;
  std::size_t failures_ = 0;
  Clock::time_point start_, measure_from_, measure_to_, first_mark_, last_measured_;
};

}  // namespace

nlohmann::json RunLoad(const LoadOptions& options) {
  Load load(options);
  load.Run();
  return load.Result();
}

}  // namespace keywalk::bench
