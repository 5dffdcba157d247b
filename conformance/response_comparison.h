// Compares the answer that a client got with the one a case expects.
#ifndef KEYWALK_CONFORMANCE_RESPONSE_COMPARISON_H_
#define KEYWALK_CONFORMANCE_RESPONSE_COMPARISON_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "conformance/verdict.h"
#include "keywalk/headers.h"

namespace keywalk::conformance {

// An answer as it reached the client.
struct ReceivedResponse {
  int status = 0;
  Headers headers;
  Headers trailers;
  std::string body;
  bool complete = true;  // as its framing says
};

// Adds what differs. `where` names the request.
void CompareResponse(const ExpectedResponse& expected, const ReceivedResponse& received,
                     std::string_view where, std::vector<Mismatch>& mismatches);

// Every field of a name in `expected` must stand in `actual` with exactly these values in order; of
// `absent` none.
void CompareHeaders(const Headers& expected, const std::vector<std::string>& absent,
                    const Headers& actual, std::string_view where,
                    std::vector<Mismatch>& mismatches);

// True if `actual` holds all of `part`: every member of an object, every element of an array of the
// same length. `message` members compare up to the first '('.
bool Includes(const nlohmann::json& actual, const nlohmann::json& part);

// The events of a text/event-stream body; comments and unknown fields are passed over.
std::vector<mock::SseEvent> ParseEvents(std::string_view body);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_RESPONSE_COMPARISON_H_
