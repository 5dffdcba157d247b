// A small HTTP/1.1 client for the suite: it sends exactly the bytes it is told and sees exactly
// what comes back, framing and hop-by-hop fields included. It shares no code with the transport
// under test. One connection a request; http only.
//
// Blocking, with a time limit; safe for concurrent use.
#ifndef KEYWALK_CONFORMANCE_WIRE_CLIENT_H_
#define KEYWALK_CONFORMANCE_WIRE_CLIENT_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "conformance/case.h"
#include "conformance/response_comparison.h"
#include "keywalk/headers.h"

namespace keywalk::conformance {

struct WireRequest {
  std::string host;
  std::string port;
  std::string authority;  // as it stands in Host
  std::string method = "POST";
  std::string target = "/";                 // sent as it is
  Headers headers;                          // sent in this order, after Host and the framing
  std::shared_ptr<const std::string> body;  // null: none
  bool chunked = false;
  Milliseconds limit{30'000};  // for everything
  // The client goes away without a word, and what it has by then is the exchange; one that falls
  // silent waits for the server to end it. Before it leaves a server that it waits for it calls
  // `wait_to_leave`, which may block.
  std::optional<Departure> leaves;
  std::function<void()> wait_to_leave;
  // The client sends so much of its body, and the rest once `wait_to_go_on` has returned true,
  // which may block; false: nothing of what it waited for has happened. Without that function it
  // never sends the rest.
  std::optional<std::uint64_t> pauses_after;
  std::function<bool()> wait_to_go_on;
};

struct WireExchange {
  // True once a whole head has come; `response` then holds what came, complete or not.
  bool answered = false;
  bool left = false;            // as the request said; false if its end came before
  bool timed_out = false;       // the request's own limit ended it
  bool paused_in_vain = false;  // `wait_to_go_on` returned false
  ReceivedResponse response;
  std::string error;  // why there is no answer, or why it is incomplete
  std::chrono::steady_clock::time_point started;
  std::chrono::nanoseconds duration{};   // from the start to the end of what came
  std::chrono::nanoseconds body_time{};  // from the first byte of the body to the last
};

WireExchange Exchange(const WireRequest& request);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_WIRE_CLIENT_H_
