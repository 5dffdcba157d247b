#include "mockupstream/record/record_sse.h"

#include <string>

#include "mockupstream/script/sse.h"

namespace keywalk::mock {
namespace {

constexpr std::string_view kEventField = "event: ";
constexpr std::string_view kDataField = "data: ";

// Removes the next line from `rest`, its end not included; false if the line does not end.
bool TakeLine(std::string_view& rest, std::string_view& line) {
  const std::size_t end = rest.find('\n');
  if (end == rest.npos) return false;
  line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line.find('\r') == line.npos;
}

// One event with its blank line; `plain` collects its lines with LF.
bool TakeEvent(std::string_view& rest, SseEvent& event, std::string& plain) {
  bool has_data = false;
  std::string_view line;
  while (TakeLine(rest, line)) {
    plain.append(line) += '\n';
    if (line.empty()) return has_data;
    if (line.starts_with(kEventField)) {
      event.event = line.substr(kEventField.size());
    } else if (line.starts_with(kDataField)) {
      if (has_data) event.data += '\n';
      event.data += line.substr(kDataField.size());
      has_data = true;
    } else {
      return false;
    }
  }
  return false;
}

}  // namespace

std::optional<std::vector<EndedEvent>> ReadEventStream(std::string_view stream) {
  std::vector<EndedEvent> events;
  std::string_view rest = stream;
  while (!rest.empty()) {
    SseEvent event;
    std::string plain;
    if (!TakeEvent(rest, event, plain)) return std::nullopt;
    // What was read must be what is written: field order, repeated `event` lines.
    if (EncodeSse(event) != plain) return std::nullopt;
    events.emplace_back(std::move(event), stream.size() - rest.size());
  }
  if (events.empty()) return std::nullopt;
  return events;
}

}  // namespace keywalk::mock
