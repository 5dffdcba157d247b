// Reads one HTTP/1.1 response piece by piece (RFC 9112), for the suite's own client.
#ifndef KEYWALK_CONFORMANCE_RESPONSE_PARSER_H_
#define KEYWALK_CONFORMANCE_RESPONSE_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "conformance/response_comparison.h"

namespace keywalk::conformance {

// Not safe for concurrent use. Interim (1xx) responses are skipped.
class ResponseParser {
 public:
  // A body beyond this, or a head beyond 1 MiB, is an error.
  static constexpr std::size_t kMaxBodyBytes = 512u * 1024 * 1024;

  // `is_head`: the answer to a HEAD request, which has no body.
  explicit ResponseParser(bool is_head) : is_head_(is_head) {}

  // Takes what came. Nothing more is taken after done() or failed().
  void Push(std::string_view bytes);
  // The peer closed its side: the end of a body without other framing, else of the connection.
  void PushEnd();

  bool head_done() const { return state_ != State::kHead; }
  bool done() const { return state_ == State::kDone; }
  bool failed() const { return !error_.empty(); }
  const std::string& error() const { return error_; }

  // What came so far; `complete` is set by done().
  ReceivedResponse& response() { return response_; }
  std::size_t body_bytes() const { return response_.body.size(); }

 private:
  enum class State {
    kHead,
    kLength,
    kUntilClose,
    kChunkSize,
    kChunkData,
    kChunkEnd,
    kTrailers,
    kDone
  };

  bool Step();
  bool ParseHead();
  bool ParseFields(std::string_view lines, Headers& fields);
  void ChooseFraming();
  bool TakeBody();
  bool TakeChunkSize();
  bool TakeTrailers();
  bool TakeLine(std::string& line);
  bool Fail(std::string why);
  void Finish();

  const bool is_head_;
  State state_ = State::kHead;
  std::string pending_;          // received, not yet understood
  std::uint64_t remaining_ = 0;  // of the body or chunk
  ReceivedResponse response_;
  std::string error_;
};

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_RESPONSE_PARSER_H_
