// Reads HTTP/1.1 answers off a connection, for the load generator: how far the answer goes, its
// status, and how many bytes its body has. It keeps nothing of the body itself.
//
// Not thread-safe. Shares no code with what is measured.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace keywalk::bench {

class AnswerReader {
 public:
  enum class State { kMore, kComplete, kBroken };

  // The next bytes that have arrived. Interim answers (1xx) are passed over. After kComplete the
  // bytes must have been used up (an answer is followed by nothing, since no request is pipelined),
  // else it is kBroken.
  State Feed(std::string_view bytes);

  // As Feed(), for pipelined requests: takes off `bytes` what belongs to this answer, and leaves
  // the next one's. `body` is given the bytes of the answer's body.
  using OnBody = std::function<void(std::string_view)>;
  State Take(std::string_view& bytes, const OnBody& body);

  // The connection has ended: completes an answer that lasts until then.
  State End() const;

  // Ready for the next answer on the same connection.
  void Reset() { *this = AnswerReader(); }

  int status() const { return status_; }
  std::uint64_t body_bytes() const { return body_bytes_; }
  // The server closes the connection after this answer.
  bool closes() const { return closes_; }
  bool begun() const { return phase_ != Phase::kHead || !line_.empty(); }

 private:
  enum class Phase { kHead, kLength, kChunkSize, kChunk, kChunkEnd, kTrailers, kUntilEnd, kDone };

  // Consume a prefix of `bytes`; false: this is no HTTP.
  bool FeedHead(std::string_view& bytes);
  bool FeedLine(std::string_view& bytes);
  void FeedBody(std::string_view& bytes, const OnBody& body);
  bool ReadHead();
  bool ReadField(std::string_view line);

  Phase phase_ = Phase::kHead;
  std::string line_;  // of the head, all of it; later of a chunk's size or a trailer
  int status_ = 0;
  bool closes_ = false;
  bool chunked_ = false;
  bool has_length_ = false;
  std::uint64_t remaining_ = 0;  // of the body, or of the chunk
  std::uint64_t body_bytes_ = 0;
};

}  // namespace keywalk::bench
