// Aliases of keys in fixtures: `k0` of the pool, `c0` of a client, `t0` of a client token, and
// `{k0}` in a text for the secret that it stands for, `{k0:hint}` for its masked hint.
#ifndef KEYWALK_CONFORMANCE_KEY_ALIAS_H_
#define KEYWALK_CONFORMANCE_KEY_ALIAS_H_

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "conformance/case.h"

namespace keywalk::conformance {

// Secrets by alias.
using Secrets = std::map<std::string, std::string, std::less<>>;

// Every alias that a case names: its keys, its clients' keys and tokens, its lanes but "default".
Secrets AliasesAsSecrets(const Case& test_case);

// Replaces `{ALIAS}` and `{ALIAS:hint}` in every string of the value, member names aside.
void SubstituteSecrets(nlohmann::json& value, const Secrets& secrets);

// The alias of a secret of which the text holds more than its hint shows; empty: of none.
std::string FindLeak(std::string_view text, const Secrets& secrets);

// Adds the client's own key to a request's headers, as that provider's clients send it.
void AddClientKey(Headers& headers, std::string_view provider, std::string_view secret);

// The alias of the key that the client itself sends, by `byok` or in a credential header; empty if
// there is none.
std::string ClientAlias(const CaseRequest& request, const Secrets& secrets);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_KEY_ALIAS_H_
