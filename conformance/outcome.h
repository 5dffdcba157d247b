// What became of a request or of an operation: the words in which expectations and observations are
// both written, so that they compare by ==.
//
// Plain values; concurrent reads are safe.
#ifndef KEYWALK_CONFORMANCE_OUTCOME_H_
#define KEYWALK_CONFORMANCE_OUTCOME_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/headers.h"
#include "keywalk/key_pool.h"

namespace keywalk::conformance {

// How one request ended, seen from the client.
struct Outcome {
  enum class Kind : std::uint8_t {
    kForward,
    kExhausted,
    kTransportError,
    kRefused,  // the implementation answers by itself: the request is wrong
    kGone,     // nobody was there any more to be answered
    kDropped,  // the implementation ends the connection of a client that is silent
  };
  Kind kind = Kind::kForward;
  int status = 0;           // of kForward and kRefused
  Exhaustion exhaustion{};  // of kExhausted

  bool operator==(const Outcome& other) const;
};
// `forward 200`, `exhausted (rate_limited, 3000 ms)`, `transport error`, `refused 413`, ...
std::string Describe(const Outcome& outcome);

// What one pool operation gave; only the members that its kind of operation has are set.
struct OperationOutcome {
  std::optional<std::string> error;  // of create; an expectation holds a part of it
  std::optional<bool> transition;
  std::optional<std::string> key;
  std::optional<Outcome> exhausted;
  std::optional<std::size_t> attempts;
  std::optional<std::vector<std::string>> states;
  std::optional<std::string> reason;  // "none" for a valid key
};
std::string Describe(const OperationOutcome& outcome);
// True if `actual` has exactly the members of `expected`, with their values.
bool Matches(const OperationOutcome& expected, const OperationOutcome& actual);

// "rate_limited", "unauthorized", "permanent"; "valid", "temporary", "permanent".
std::optional<Exhaustion::Kind> ParseExhaustionKind(std::string_view text);
std::optional<KeyState> ParseKeyState(std::string_view text);

// `k0, k1`, or `(none)`.
std::string DescribeList(const std::vector<std::string>& items);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_OUTCOME_H_
