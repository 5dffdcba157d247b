// What happened in one case, in order of time: the client, the upstream's side of each attempt, and
// the implementation's clock. Plain values; they hold aliases, never keys.
#ifndef KEYWALK_CONFORMANCE_TIMELINE_H_
#define KEYWALK_CONFORMANCE_TIMELINE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keywalk::conformance {

enum class Actor : std::uint8_t { kClient, kUpstream, kClock };
std::string_view ToString(Actor actor) noexcept;  // "client", "upstream", "clock"

struct TimelineEvent {
  double at_ms = 0;  // real time since the case began
  Actor actor = Actor::kClient;
  // Client: "request sent", "response", "no response". Upstream: "attempt arrived", "answered",
  // "fault fired", "not answered". Clock: "advanced".
  std::string event;
  std::string request;        // its id; empty where it cannot be told
  std::string key;            // alias; empty: none
  std::optional<int> status;  // answered or received
  std::string detail;
};
using Timeline = std::vector<TimelineEvent>;

// `   12.3 ms  upstream  k0 answered 429`, without a newline.
std::string Describe(const TimelineEvent& event);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_TIMELINE_H_
