// One HTTP/1.1 response as it came over a RawClient, taken apart just enough for a test.
#ifndef KEYWALK_TESTS_SUPPORT_RAW_REPLY_H_
#define KEYWALK_TESTS_SUPPORT_RAW_REPLY_H_

#include <string>
#include <string_view>
#include <vector>

#include "keywalk/headers.h"
#include "tests/support/raw_client.h"

namespace keywalk::testing {

struct RawReply {
  int status = 0;    // 0: no whole head came
  std::string head;  // status line and fields, as received, without the blank line
  Headers headers;
  std::string body;                 // unframed
  std::vector<std::string> chunks;  // as framed, if it was chunked
  Headers trailers;
  bool complete = false;         // the framing says that nothing is missing
  ReadEnd end = ReadEnd::kDone;  // how reading it ended
};

// Reads one response and takes it from the client, so that a pipelined one may follow. Interim
// (1xx) responses are returned like any other. `method` is the request's: HEAD has no body.
// Framing is judged strictly; a broken one throws std::runtime_error.
RawReply ReadReply(RawClient& client, std::string_view method = "GET");

// A request's text: request line, the fields, Host and Content-Length (left out if there is no
// body).
std::string RequestText(std::string_view method, std::string_view target, const Headers& headers,
                        std::string_view body = "");

}  // namespace keywalk::testing

#endif  // KEYWALK_TESTS_SUPPORT_RAW_REPLY_H_
