// The suite in memory: what fixtures/README.md describes, after all checks. Plain values, read-only
// once loaded; concurrent reads are safe.
#ifndef KEYWALK_CONFORMANCE_CASE_H_
#define KEYWALK_CONFORMANCE_CASE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/outcome.h"
#include "keywalk/headers.h"
#include "mockupstream/script/script.h"

namespace keywalk::conformance {

using Milliseconds = std::chrono::milliseconds;

// A body that an answer must have. At most one member is set.
struct ExpectedContent {
  std::shared_ptr<const std::string> bytes;             // exactly these
  std::shared_ptr<const nlohmann::json> json;           // this value, however it is written
  std::shared_ptr<const nlohmann::json> json_includes;  // at least this much of it
  std::optional<std::vector<mock::SseEvent>> sse;       // these events, their delays aside
};

// The answer that the client gets.
struct ExpectedResponse {
  std::optional<int> status;
  Headers headers;  // of these names exactly these fields
  std::vector<std::string> absent_headers;
  Headers trailers;
  ExpectedContent content;
  bool incomplete = false;  // the body ends before its framing says so
  bool streamed = false;    // its first event is there while the upstream still waits
};

// One attempt as the upstream sees it.
struct ExpectedUpstream {
  std::optional<std::string> path;  // below the base URL, query included
  Headers headers;
  std::vector<std::string> absent_headers;
  bool same_method = false;  // the client's
  bool own_host = false;     // one Host field: the authority of the pool's base URL
  bool same_body = false;    // byte for byte the client's
  bool cut_body = false;     // it ended before its framing said so
  bool reused = false;       // on a connection on which this case has asked before
};

struct ExpectedRequest {
  std::vector<std::string> attempts;  // key aliases in order
  Outcome outcome;
  std::optional<ExpectedResponse> response;
  std::optional<std::vector<ExpectedUpstream>> upstream;
  std::optional<Milliseconds> within;  // real time to the complete answer
};

// Where a client goes away, or falls silent, without a word.
struct Departure {
  enum class At : std::uint8_t {
    kRequestHead,  // after `bytes` of its own head
    kUpload,       // after `bytes` of its body
    kWaiting,      // once the last expected attempt is at the upstream
    kHead,         // once it has the answer's head
    kBody,         // after `bytes` of the answer's body
  };
  enum class By : std::uint8_t {
    kClose,    // FIN
    kReset,    // RST
    kSilence,  // it stays, reads, and says no more
  };
  At at = At::kWaiting;
  By by = By::kClose;
  std::uint64_t bytes = 0;
};

// Where a client holds back the rest of its body.
struct Pause {
  std::uint64_t bytes = 0;  // of its body that it has sent
  // Until so many attempts of the request are at the upstream; 0: for good, it waits for the
  // answer.
  std::size_t attempts = 0;
};

struct CaseRequest {
  std::string id;
  std::optional<Milliseconds> at;  // virtual time; nullopt: when the one before ended
  std::string method = "POST";
  std::string path;    // below the base URL
  std::string origin;  // put before the target: absolute form; empty: origin form
  Headers headers;
  std::string byok;                         // alias of the client's own key; empty: none
  std::shared_ptr<const std::string> body;  // null: the driver's choice
  bool chunked = false;
  std::optional<Departure> leaves;
  std::optional<Pause> pauses;
  ExpectedRequest expect;
};

// Key states at a moment, after everything that is due by then.
struct StateCheck {
  Milliseconds at{0};
  std::vector<std::string> states;
};

// What becomes of connections to the case's upstream, before anybody knows a key.
struct CaseConnections {
  mock::ConnectionScript script;  // no steps: all are served
  bool refused = false;           // nothing listens there

  // True if the case needs an upstream of its own.
  bool any() const { return refused || !script.steps.empty(); }
};

// What the implementation must be set up with beside the pool.
struct CaseSetup {
  std::map<std::string, std::int64_t> limits;  // by the name of proxy_config.schema.json
  std::vector<std::string> client_tokens;      // aliases
  bool byok = true;                            // false: clients' own keys are refused
};

// What of the implementation's own records is looked at once all requests have ended.
struct ExpectedRecords {
  // By the names of kSeries: what they must show of this pool alone.
  std::map<std::string, double> metrics;
  // A record that must be there: one that holds all of these texts.
  struct Record {
    bool access = false;  // an access record, else one of an attempt
    std::vector<std::string> includes;
  };
  std::vector<Record> dump;
};

// What an implementation's metrics can be asked for (fixtures/README.md).
inline constexpr std::string_view kSeries[] = {"keys_valid",
                                               "keys_temporary",
                                               "keys_permanent",
                                               "requests",
                                               "attempts",
                                               "failovers_rate_limited",
                                               "failovers_unauthorized",
                                               "exhausted_rate_limited",
                                               "exhausted_unauthorized",
                                               "exhausted_permanent"};

// One step of a case that acts on a pool directly.
struct Operation {
  enum class Kind : std::uint8_t {
    kCreate,
    kMarkTemporary,
    kMarkPermanent,
    kWalk,
    kNext,
    kAttempts,
    kStates,
    kReason,
  };
  Kind kind = Kind::kCreate;
  Milliseconds at{0};
  std::vector<std::string> keys;  // kCreate: literally these
  std::string key;                // an alias
  std::string walk;
  Duration cooldown{};
  MarkReason reason = MarkReason::kRateLimited;
  std::optional<OperationOutcome> expect;
};

struct Case {
  enum class Kind : std::uint8_t { kDecision, kOperations, kScenario };
  enum class Level : std::uint8_t { kMust, kShould, kMay };

  Kind kind = Kind::kDecision;
  std::string id;
  std::string title;
  std::string area;
  std::string file;  // where it stands: file and JSON pointer
  std::string pointer;
  std::vector<std::string> clauses;
  Level level = Level::kMust;
  std::vector<std::string> policies;
  std::vector<std::string> capabilities;  // `requires`
  std::string provenance_issue;           // "owner/repo#123" or empty
  std::string provenance_note;
  std::vector<std::string> kills;  // the mutants that it kills
  std::string kills_none;          // why there is none, where there is none

  std::string provider;
  std::vector<std::string> keys;                         // aliases, in pool order
  std::map<std::string, mock::Lane, std::less<>> lanes;  // by alias; "default" serves the rest
  std::vector<CaseRequest> requests;
  std::vector<StateCheck> checks;
  CaseConnections connections;
  CaseSetup setup;
  ExpectedRecords records;
  std::vector<Operation> operations;

  std::shared_ptr<const nlohmann::json> source;  // the case as it stands in its file

  // Of a case that is held to an implementation's own policy (computed_expectation.h): where that
  // is not what the fixture states, and why it cannot be run. Else empty.
  std::vector<std::string> differs;
  std::string cannot_run;
};

// How many attempts the lane's steps serve, each counted as often as it says.
std::size_t StepCount(const mock::Lane& lane);

// The lane that serves `alias`: its own, else "default", else null.
const mock::Lane* FindLane(const Case& test_case, std::string_view alias);

std::string_view ToString(Case::Level level) noexcept;  // "must", "should", "may"

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_CASE_H_
