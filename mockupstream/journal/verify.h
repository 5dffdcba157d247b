// Whether the requests of a journal are those that a test expected, and if not, what was different:
// in words for the person whose test failed.
#ifndef KEYWALK_MOCKUPSTREAM_JOURNAL_VERIFY_H_
#define KEYWALK_MOCKUPSTREAM_JOURNAL_VERIFY_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/headers.h"
#include "keywalk/result.h"
#include "keywalk/secret.h"
#include "mockupstream/journal/journal.h"

namespace keywalk::mock {

// One request. Only what is set is compared.
struct ExpectedRequest {
  std::optional<std::string> scope;
  std::optional<std::string> lane;
  std::optional<std::string> method;
  std::optional<std::string> path;  // without query; with one ("/v1/x?a=b") the whole target
  std::optional<int> status;        // 0: none was sent
  std::optional<std::size_t> step;
  std::optional<FaultState> fault;
  Headers headers;                             // each with that value, whatever else there is
  std::shared_ptr<const nlohmann::json> json;  // what the body has (json_subset.h); null: anything
  std::optional<std::string> body_sha256;      // lower case hexadecimal
};

enum class ExpectedOrder : std::uint8_t {
  kExact,        // these requests in this order, and no other
  kSubsequence,  // these in this order, others between them
  kAny,          // these in any order, others too; each is another request
};

struct ExpectedCount {
  std::uint64_t min = 0;
  std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
};

struct Expectation {
  static constexpr std::size_t kMaxRequests = 1000;

  std::optional<std::vector<ExpectedRequest>> requests;  // nullopt: any
  ExpectedOrder order = ExpectedOrder::kExact;
  std::map<std::string, ExpectedCount, std::less<>> counts;  // of requests, by lane
  bool all_faults_fired = false;  // each scripted fault: a test whose fault did not tests nothing

  std::uint64_t from = 0;            // only entries from that sequence number on
  std::optional<std::string> scope;  // only entries of that scope; nullopt: of all
};

// Requests of these lanes, exactly in that order.
Expectation ExpectSequence(const std::vector<std::string>& lanes);

// {"sequence": [LANE...]} or {"requests": [{...}], "order", "counts", "faults"}: see README.md.
// Problems name the source, the pointer and what was expected.
Result<Expectation> ParseExpectation(std::string_view json, std::string_view source);

// A step with a fault that no request has been given, or only such as chaos gave another.
struct UnservedFault {
  std::string lane;
  std::size_t step = 0;              // in the script, from 0
  std::optional<std::string> route;  // whose step it is; nullopt: the lane's own
};

struct Difference {
  std::string field;  // "path", "header X-Test", "json /model"
  std::string expected;
  std::string actual;
};

struct VerifyFailure {
  std::string message;                   // a whole sentence
  std::optional<std::size_t> request;    // which of the expected ones
  std::optional<std::uint64_t> nearest;  // the sequence number of the request most like it
  std::vector<Difference> differences;   // of that one
};

struct VerifyResult {
  std::vector<VerifyFailure> failures;
  // With failures: requests that match nothing expected, by sequence number; where all were named.
  std::vector<std::uint64_t> unexpected;
  // With failures, where requests were expected: both sides, as lanes where there are any.
  std::vector<std::string> expected;
  std::vector<std::string> actual;
  // Not 0: so many of the requests that were asked for the journal has dropped, and nothing was
  // compared. Where that is from some request on, it may be fewer.
  std::uint64_t dropped = 0;

  bool ok() const { return failures.empty(); }
  // Each failure on a line; empty if there is none.
  std::string message() const;
};

// Compares. `entries` are in order; `unserved` matters only for `all_faults_fired`. Keys are masked
// in all that it says. The nearest request is the one with the fewest differing fields; of several,
// one of the expected lane, then the first. Pure; safe for concurrent use.
VerifyResult Verify(const Expectation& expectation, const std::vector<JournalEntry>& entries,
                    const std::vector<UnservedFault>& unserved, const SecretMasker& known_keys);

// {"ok", "message", "failures": [...], ...}, see README.md; {"ok": true} without failures.
nlohmann::json ToJson(const VerifyResult& result);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_JOURNAL_VERIFY_H_
