// The line that every request leaves (SPEC metrics/3).
#ifndef KEYWALK_PROXY_ACCESS_LOG_H_
#define KEYWALK_PROXY_ACCESS_LOG_H_

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "keywalk/headers.h"
#include "keywalk/secret.h"

namespace keywalk::proxy {

// What is known of a request at its end.
class AccessRecord {
 public:
  AccessRecord() = default;

  std::string_view method;
  std::string_view target;            // as the client sent it
  const Headers* headers = nullptr;   // as the client sent them
  std::string_view client;            // its IP address
  std::string_view provider;          // empty if no route took it
  std::string_view credential = "-";  // "pool", "own", "refused"
  std::string key_hint;               // the masked key that was used; empty for the client's own
  int status = 0;
  std::size_t attempts = 0;  // upstream calls
  std::chrono::milliseconds elapsed{};
  std::string_view ending;  // "client gone", "cut off", or empty
};

// One line without its end: method, path (with credential parameters masked), status, and the rest
// as name=value. Neither a secret of `masker` nor one of the request's own is in it. Pure.
std::string FormatAccessLine(const AccessRecord& record, const SecretMasker& masker);

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_ACCESS_LOG_H_
