// Server-Sent Events on the wire (HTML Living Standard, section 9.2.6):
//   event = ["event: " name LF] 1*("data: " line LF) LF      for example "event: ping\ndata:
//   {}\n\n"
#ifndef KEYWALK_MOCKUPSTREAM_SCRIPT_SSE_H_
#define KEYWALK_MOCKUPSTREAM_SCRIPT_SSE_H_

#include <string>

#include "mockupstream/script/script.h"

namespace keywalk::mock {

// The event's bytes, one data field for each line of its data. REQUIRES: no CR in either text and
// no LF in the event's name. Pure; safe for concurrent use.
std::string EncodeSse(const SseEvent& event);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SCRIPT_SSE_H_
