// The credential of a request: what chooses its lane.
#ifndef KEYWALK_MOCKUPSTREAM_LANES_CREDENTIAL_H_
#define KEYWALK_MOCKUPSTREAM_LANES_CREDENTIAL_H_

#include <string>
#include <string_view>
#include <vector>

#include "keywalk/headers.h"

namespace keywalk::mock {

// The key a request carries: the first that is there of
//   1. Authorization: Bearer KEY   (the scheme in any case, RFC 9110 section 11.1)
//   2. x-api-key    3. api-key    4. x-goog-api-key
//   5. the query parameter `key`, percent-decoded
// and empty if there is none. Pure; safe for concurrent use.
std::string FindCredential(const Headers& headers, std::string_view target);

// Everything in a request that is or may be a credential, for masking: the token after "Bearer",
// else the whole value, of fields whose name ends in "authorization", "api-key",
// "subscription-key", "-token", "-secret" or "cookie"; and the query parameters `key`, `api_key`,
// `access_token` and `token`, as sent and decoded. Names in any case.
std::vector<std::string> AllCredentials(const Headers& headers, std::string_view target);

// The query's first value of that name, as sent; an empty view with a null data() if there is none.
std::string_view QueryParameter(std::string_view target, std::string_view name);

// "%41+b" to "A+b": RFC 3986 section 2.1; what is not an escape stays as it is.
std::string PercentDecode(std::string_view text);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_LANES_CREDENTIAL_H_
