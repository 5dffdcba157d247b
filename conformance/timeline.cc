#include "conformance/timeline.h"

#include <array>
#include <cstdio>

namespace keywalk::conformance {

std::string_view ToString(Actor actor) noexcept {
  switch (actor) {
    case Actor::kClient:
      return "client";
    case Actor::kUpstream:
      return "upstream";
    case Actor::kClock:
      break;
  }
  return "clock";
}

std::string Describe(const TimelineEvent& event) {
  std::array<char, 64> head{};
  std::snprintf(head.data(), head.size(), "%9.1f ms  %-8s ", event.at_ms,
                ToString(event.actor).data());
  std::string text = head.data();
  for (const std::string& word : {event.request, event.key, event.event}) {
    if (!word.empty()) text += " " + word;
  }
  if (event.status) text += " " + std::to_string(*event.status);
  if (!event.detail.empty()) text += " (" + event.detail + ")";
  return text;
}

}  // namespace keywalk::conformance
