// An upstream's answer as bytes, and the tag by which request and answer are told apart on the
// wire.
#ifndef KEYWALK_SIM_TRANSPORT_GATEWAY_ANSWER_BYTES_H_
#define KEYWALK_SIM_TRANSPORT_GATEWAY_ANSWER_BYTES_H_

#include <optional>
#include <string>

#include "keywalk/headers.h"
#include "sim/gateway/gateway.h"
#include "sim/upstream/upstream.h"

namespace keywalk::sim {

// Which request a message belongs to: a header field that the client sets, that the gateway passes
// on as any other, and that the upstream sends back.
struct MessageTag {
  Slot slot = 0;
  RequestId request = 0;

  void AddTo(Headers& headers) const;
  static std::optional<MessageTag> In(const Headers& headers);
};

struct AnswerBytes {
  std::string head;
  std::string body;  // framed: with a length, or in chunks
};

// Writes over `out`. `chunked`: a stream of events. `cut`: of the body, only the first half.
void WriteAnswer(const UpstreamAnswer& answer, const MessageTag& tag, bool chunked, bool cut,
                 AnswerBytes& out);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_TRANSPORT_GATEWAY_ANSWER_BYTES_H_
