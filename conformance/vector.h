// A vector: one input of a pure function with its answer. Plain values, read-only once loaded.
#ifndef KEYWALK_CONFORMANCE_VECTOR_H_
#define KEYWALK_CONFORMANCE_VECTOR_H_

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/json_reader.h"
#include "keywalk/headers.h"
#include "keywalk/key_pool.h"
#include "keywalk/policy.h"
#include "keywalk/retry_after.h"

namespace keywalk::conformance {

// The cooldown that a response asks for.
struct RetryAfterVector {
  std::vector<CooldownSource> sources;
  Headers headers;
  std::string body;
  WallTime received_at{};
  std::optional<Duration> expected;
};

// What a response means for its key.
struct ClassifyVector {
  int status = 0;
  Headers headers;
  std::string body;
  WallTime received_at{};
  Classification expected;
};

// Does a request with these headers bring its own key?
struct ByokVector {
  std::string provider;
  Headers headers;
  bool expected = false;
};

// The headers of an attempt: all of them, in any order.
struct InjectVector {
  std::string provider;
  Headers headers;
  std::string key;
  Headers expected;
};

// The answer of an exhausted pool.
struct ExhaustedVector {
  std::string provider;
  Exhaustion exhaustion;
  bool none = false;  // the provider has no such answer
  int status = 0;
  Headers headers;
  std::vector<std::string> absent_headers;
  std::shared_ptr<const nlohmann::json> json;
};

// What may be shown of a key.
struct MaskVector {
  std::string key;
  std::string expected;
};

struct Vector {
  std::string id;
  std::string title;
  std::string function;
  std::string policy;  // where the function has one
  std::string file;
  std::string pointer;
  std::vector<std::string> clauses;
  std::string provenance_issue;
  std::string provenance_note;
  std::variant<RetryAfterVector, ClassifyVector, ByokVector, InjectVector, ExhaustedVector,
               MaskVector>
      what;
};

// The vectors of a file's text. Reads on after a problem and keeps the first in `problems`; the
// result is only good if there was none.
std::vector<Vector> ReadVectors(std::string_view text, config::JsonProblems& problems);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_VECTOR_H_
