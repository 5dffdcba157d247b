// What a scripted fault is: where an exchange goes wrong, and how.
#ifndef KEYWALK_MOCKUPSTREAM_SCRIPT_FAULT_H_
#define KEYWALK_MOCKUPSTREAM_SCRIPT_FAULT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/headers.h"

namespace keywalk::mock {

// An interim response.
struct InterimResponse {
  int status = 100;
  Headers headers;
};

// Where and how an exchange goes wrong. README, "Faults", says what each pair means.
struct Fault {
  // In the order in which an exchange comes to them.
  enum class At : std::uint8_t {
    kAccept,           // before a handshake and before anything is read
    kRequestHeaders,   // the request's head has been read, its body not
    kRequestBody,      // after `body_bytes` of the request's body
    kBeforeHead,       // the request has been read, the answer not begun
    kStatusLine,       // in the middle of it
    kResponseHeaders,  // after the header fields, before the empty line
    kAfterHead,        // after the empty line
    kBody,             // after `body_bytes` of the answer's body
    kSseEvent,         // before event number `event`, or in its middle
  };
  enum class Kind : std::uint8_t {
    kClose,
    kReset,
    kStall,
    kDrip,
    kWrongContentLength,
    kBadChunk,
    kGarbage,
    kEndless,
    kErrorEvent,
    kEarlyResponse,
    kInterim,
  };

  At at = At::kBeforeHead;
  Kind kind = Kind::kReset;
  std::uint64_t body_bytes = 0;
  std::size_t event = 0;               // from 0
  bool within = false;                 // after half of the event's bytes
  std::uint64_t bytes_per_second = 1;  // kDrip
  std::uint64_t content_length = 0;    // kWrongContentLength: what is stated
  bool then_close = false;             // kErrorEvent: without the body's end
  // kGarbage: what is sent; kErrorEvent: the event's bytes. Not null for those.
  std::shared_ptr<const std::string> bytes;
  std::vector<InterimResponse> interim;  // kInterim: at least one
};

std::string_view ToString(Fault::At at);
std::string_view ToString(Fault::Kind kind);

// False for pairs that no exchange can have, such as a bad chunk in a request's head.
bool IsMeaningful(Fault::At at, Fault::Kind kind);

// True if it happens before the request has been read.
bool IsInRequest(Fault::At at);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SCRIPT_FAULT_H_
