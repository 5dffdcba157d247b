// The mock upstream behind a case's pool: one that most cases share, or one of its own for a case
// that says what becomes of connections.
#ifndef KEYWALK_CONFORMANCE_WIRE_UPSTREAM_H_
#define KEYWALK_CONFORMANCE_WIRE_UPSTREAM_H_

#include <chrono>
#include <memory>
#include <string>

#include "conformance/case.h"
#include "keywalk/result.h"
#include "mockupstream/mock_server.h"

namespace keywalk::conformance {

// A socket that holds a port of the loopback on which nothing listens.
class RefusingPort;

// Safe for concurrent use.
class WireUpstream {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Serves nothing before its script is set. Where connections are `refused`, `url` leads to a port
  // on which nothing listens, and the mock sees nobody.
  static Result<std::unique_ptr<WireUpstream>> Start(mock::MockServerOptions options, bool refused);
  WireUpstream(const WireUpstream&) = delete;
  WireUpstream& operator=(const WireUpstream&) = delete;
  ~WireUpstream();

  mock::MockServer& mock() { return *mock_; }
  // Where an implementation is told to connect to, without a path: http://HOST:PORT.
  const std::string& url() const { return url_; }
  // What the mock's journal counts from, to the millisecond.
  TimePoint started() const { return started_; }

 private:
  WireUpstream() = default;

  TimePoint started_;
  std::unique_ptr<mock::MockServer> mock_;
  std::unique_ptr<RefusingPort> refusing_port_;  // null: connections are taken
  std::string url_;
};

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_WIRE_UPSTREAM_H_
