// Answers that the proxy makes itself: `{"error":{"message":"..."}}`.
#ifndef KEYWALK_PROXY_JSON_ANSWER_H_
#define KEYWALK_PROXY_JSON_ANSWER_H_

#include <string>
#include <string_view>

#include "io/http_server.h"

namespace keywalk::proxy {

// Why a request is not served.
class Refusal {
 public:
  Refusal(int status, std::string_view message) : status_(status), message_(message) {}

  int status() const { return status_; }
  const std::string& message() const { return message_; }

 private:
  int status_;
  std::string message_;  // for the client
};

// Sends the refusal. `refusal` outlives the awaitable.
Awaitable<error_code> Answer(io::ServerExchange& exchange, const Refusal& refusal);

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_JSON_ANSWER_H_
