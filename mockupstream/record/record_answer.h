// From an upstream's answer, as it was seen, to a step of a script that gives it again.
#ifndef KEYWALK_MOCKUPSTREAM_RECORD_RECORD_ANSWER_H_
#define KEYWALK_MOCKUPSTREAM_RECORD_RECORD_ANSWER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/headers.h"
#include "keywalk/result.h"
#include "keywalk/secret.h"

namespace keywalk::mock {

// An answer that came whole.
class RecordedAnswer {
 public:
  RecordedAnswer() = default;

  // Keeps a piece of the body, which came that long after the head.
  void Add(std::string_view bytes, std::chrono::milliseconds after_head);

  // A piece of the body ends here, and came then.
  class Arrival {
   public:
    Arrival(std::size_t given_end, std::chrono::milliseconds given_time)
        : end(given_end), time(given_time) {}
    std::size_t end;
    std::chrono::milliseconds time;
  };

  int status = 0;
  bool to_head = false;  // it answers a HEAD request
  Headers headers;       // end-to-end fields
  std::optional<std::uint64_t> content_length;
  std::string body;
  std::vector<Arrival> arrivals;  // in order
  Headers trailers;
};

// The step as scripts write it (README.md, "A step"), without `times`; secrets masked wherever they
// stand. Of the header fields those are left out that the server sets, that change from answer to
// answer without meaning (dates, request numbers), and that tell who asked (cookies,
// organisations). Fails, with the reason, if the body is compressed so that it cannot be searched
// for secrets. Pure.
Result<nlohmann::json> StepFor(const RecordedAnswer& answer, const SecretMasker& secrets);

// A step of StepFor(), with more secrets known: what StepFor() would have made of the answer with
// them. Pure.
Result<nlohmann::json> StepAgain(const nlohmann::json& step, const SecretMasker& secrets);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_RECORD_RECORD_ANSWER_H_
