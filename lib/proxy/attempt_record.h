// One upstream call as the API dump shows it (SPEC proxy/7).
#ifndef KEYWALK_PROXY_ATTEMPT_RECORD_H_
#define KEYWALK_PROXY_ATTEMPT_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "keywalk/clock.h"
#include "keywalk/headers.h"
#include "keywalk/secret.h"

namespace keywalk::proxy {

// The first bytes of a body that passes by, and how many there were in all.
class BodyCapture {
 public:
  static constexpr std::size_t kMaxBytes = 64 * 1024;

  void Add(std::string_view bytes);
  // So many more passed by unseen.
  void Count(std::uint64_t bytes) { total_ += bytes; }

  std::uint64_t total() const { return total_; }
  const std::string& kept() const { return kept_; }
  bool cut_off() const { return total_ > kept_.size(); }

 private:
  std::string kept_;
  std::uint64_t total_ = 0;
};

// A plain value, keys in clear: to be rendered, not shown.
class AttemptRecord {
 public:
  AttemptRecord() = default;

  std::string provider;
  WallTime started{};
  std::int64_t elapsed_ms = 0;
  std::string method;
  std::string target;
  Headers request_headers;
  BodyCapture request_body;
  int status = 0;  // 0: no response
  std::string reason;
  Headers response_headers;
  BodyCapture response_body;
  Headers trailers;
  bool complete = false;  // the response was received to its end
  std::string error;      // why there was none, or no end
};

// The record as JSON text with a newline at its end. `secrets`, and the credentials in the record's
// own request, are masked wherever they stand; an encoded (compressed) body, which could hide one,
// is left out. Pure.
std::string RenderAttempt(const AttemptRecord& record, const Secrets& secrets);

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_ATTEMPT_RECORD_H_
