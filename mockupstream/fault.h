// What a scripted fault is: where an answer goes wrong, and how.
#ifndef KEYWALK_MOCKUPSTREAM_FAULT_H_
#define KEYWALK_MOCKUPSTREAM_FAULT_H_

#include <cstdint>

namespace keywalk::mock {

// Where and how an answer goes wrong.
struct Fault {
  enum class At : std::uint8_t { kBeforeHead, kAfterHead, kBody };
  enum class Kind : std::uint8_t { kReset, kClose, kStall };
  At at = At::kBeforeHead;
  Kind kind = Kind::kReset;
  std::uint64_t body_bytes = 0;  // for kBody: after that many
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_FAULT_H_
