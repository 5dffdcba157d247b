// What became of one request, as its client saw it: a line of the clients' output.
#pragma once

#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>

namespace keywalk::soak {

enum class Ending {
  kWhole,    // a complete answer
  kCut,      // the connection ended within the answer
  kNone,     // it ended before the answer
  kLeft,     // the client left, as it meant to
  kSurplus,  // bytes came that belong to no request
  kBroken,   // what came is no HTTP
  kTimeout,  // nothing came any more
  kRefused,  // no connection
};
std::string_view ToString(Ending ending);

struct Outcome {
  std::string id;
  std::string_view kind;
  std::int64_t begin_us = 0;  // steady clock
  std::int64_t end_us = 0;
  Ending ending = Ending::kNone;
  int status = 0;                // 0: no head
  std::uint64_t body_bytes = 0;  // of the answer
  std::string body_sha256;
  std::uint64_t sent_bytes = 0;  // of the request's body, as far as it is meant to go
  std::string sent_sha256;
};

// Writes outcomes as JSON arrays, in the order of the members of Outcome, a line each. Thread-safe.
class OutcomeLog {
 public:
  explicit OutcomeLog(std::FILE* file) : file_(file) {}
  ~OutcomeLog() { Flush(); }
  OutcomeLog(const OutcomeLog&) = delete;
  OutcomeLog& operator=(const OutcomeLog&) = delete;

  void Write(const Outcome& outcome);
  void Flush();

 private:
  std::mutex mutex_;
  std::FILE* const file_;
};

}  // namespace keywalk::soak
