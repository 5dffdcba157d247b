// What the mock upstream saw: one entry a request.
#ifndef KEYWALK_MOCKUPSTREAM_JOURNAL_JOURNAL_H_
#define KEYWALK_MOCKUPSTREAM_JOURNAL_JOURNAL_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "keywalk/headers.h"
#include "keywalk/secret.h"

namespace keywalk::mock {

// How a scripted fault of the served step ended.
enum class FaultState : std::uint8_t { kNone, kPending, kFired, kNotReached };

// "none", "pending", "fired", "not_reached".
std::string_view ToString(FaultState fault);

struct JournalEntry {
  std::uint64_t sequence = 0;        // from 0, in order of arrival
  std::int64_t time_ms = 0;          // since the server started
  std::int64_t end_ms = 0;           // the same for its end; 0 before that
  std::uint64_t connection = 0;      // the same number: the same connection
  std::string scope;                 // its id; empty: the default one
  std::string route;                 // the name of the lane's route; empty: none, its own steps
  std::optional<std::size_t> chaos;  // the draw that replaced the step
  std::string lane;                  // the lane's name; "default" for unknown keys
  std::string key_hint;              // masked
  std::optional<std::size_t>
      step;  // its number in the lane, counted over repeats; nullopt: past the end, or refused
  std::string model;  // of a modelled lane: "admitted", or why not (ToString(Refusal)); else empty
  std::string method;
  std::string target;  // without the prefix that names a scope
  Headers headers;     // as received, keys in clear: for assertions in process only
  std::uint64_t body_bytes = 0;
  std::string body_sha256;      // hex; empty where digests are switched off
  std::string body;             // its first bytes, as many as the server keeps; keys in clear
  bool body_truncated = false;  // bytes are kept, and more came than were kept
  bool body_complete = false;
  int status = 0;  // answered; 0 if none was
  FaultState fault = FaultState::kNone;
  bool answered = false;  // the whole answer was written
  bool ended = false;     // nothing of this entry changes any more
};

// The entry for the admin page, a report or a log: keys masked in every header and in the target.
nlohmann::json ToJson(const JournalEntry& entry);
// The same, with these keys masked too wherever they stand.
nlohmann::json ToJson(const JournalEntry& entry, const SecretMasker& known_keys);

// The target for a log line: the request's own credentials masked.
std::string MaskedTarget(const JournalEntry& entry);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_JOURNAL_JOURNAL_H_
