// What an adapter's lines say, once they have arrived (DESIGN "The adapter protocol").
//
// Pure functions; safe for concurrent use. What they refuse is said in words that may hold what the
// adapter said, its keys too: to be masked by who shows it.
#ifndef KEYWALK_CONFORMANCE_ADAPTER_REPLY_H_
#define KEYWALK_CONFORMANCE_ADAPTER_REPLY_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/adapter.h"
#include "conformance/trace.h"
#include "keywalk/result.h"

namespace keywalk::conformance {

// The reply to the command of that number: a JSON object, not nested deeper than a document may be.
// An error says what the line is instead, without quoting it: nothing more can be expected of who
// printed it.
Result<nlohmann::json> ParseReply(std::string_view line, std::uint64_t sequence);

// `{"skipped": {...}}` or `{"error": {...}}` in place of an answer.
std::optional<Refusal> ReadRefusal(const nlohmann::json& reply);

// The answers to `hello`, `setup`, `key_states` and `decide`. Members that are not known are
// ignored in the reply itself, for newer adapters, and refused below it.
Reply<Identity> ReadIdentity(const nlohmann::json& reply);
Reply<PoolEndpoints> ReadEndpoints(const nlohmann::json& reply);
Reply<std::vector<std::string>> ReadKeyStates(const nlohmann::json& reply);
// `is_operations`: of the kind of cases that ParseTrace() is told of.
Reply<Trace> ReadTrace(const nlohmann::json& reply, bool is_operations);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_ADAPTER_REPLY_H_
