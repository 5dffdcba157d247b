#include "mockupstream/script/sse.h"

#include <cstddef>
#include <string_view>

namespace keywalk::mock {

std::string EncodeSse(const SseEvent& event) {
  std::string text;
  if (!event.event.empty()) text += "event: " + event.event + "\n";
  std::string_view rest = event.data;
  for (;;) {
    const std::size_t end = rest.find('\n');
    text += "data: ";
    text += rest.substr(0, end);
    text += '\n';
    if (end == rest.npos) break;
    rest.remove_prefix(end + 1);
  }
  return text + "\n";
}

}  // namespace keywalk::mock
