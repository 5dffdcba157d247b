// From the bytes of an event stream to the events of a script.
#ifndef KEYWALK_MOCKUPSTREAM_RECORD_RECORD_SSE_H_
#define KEYWALK_MOCKUPSTREAM_RECORD_RECORD_SSE_H_

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "mockupstream/script/script.h"

namespace keywalk::mock {

// An event, and where in the stream it ends (the byte after its blank line).
using EndedEvent = std::pair<SseEvent, std::size_t>;

// The events of a stream that a script's `sse` gives again: byte by byte, except that lines that
// end with CR LF are given with LF. nullopt for any other stream, which is legal but holds more
// (comments, `id`, `retry`, other spacing) or ends within an event. Pure.
std::optional<std::vector<EndedEvent>> ReadEventStream(std::string_view stream);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_RECORD_RECORD_SSE_H_
