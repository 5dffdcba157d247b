// From the target of a client's request to the target sent upstream, confined to the base URL (SPEC
// proxy/1, proxy/11).
//
//   request-target = origin-form / absolute-form / authority-form / asterisk-form
//   origin-form    = absolute-path [ "?" query ]              (RFC 9112 section 3.2)
//
// for example `/openai/chat/completions?stream=1` on a route with the prefix `/openai` and the base
// URL `https://api.openai.com/v1` becomes `/v1/chat/completions?stream=1`. Pure functions.
#ifndef KEYWALK_PROXY_PATH_JOIN_H_
#define KEYWALK_PROXY_PATH_JOIN_H_

#include <optional>
#include <string>
#include <string_view>

#include "keywalk/result.h"

namespace keywalk::proxy {

// A target taken apart; points into the text it was made from.
struct RequestTarget {
  std::string_view authority;  // of an absolute form; empty for an origin form
  std::string_view path;       // begins with '/'
  std::string_view query;      // with its '?', or empty
};

// Fails, in words for the client, on every other form, on userinfo, on white space, control
// characters, bytes above 7f and fragments, and on a `..` segment however it is written:
// percent-encoded (also twice), behind an encoded slash or a backslash, or before a `;`. Clients
// resolve dot segments themselves (RFC 3986 section 5.2.4), so that none is lost by refusing them
// all.
Result<RequestTarget> ParseTarget(std::string_view target);

// What follows `prefix` ("" or "/name") in `path`: empty, or beginning with '/'. nullopt if the
// path is not below the prefix.
std::optional<std::string_view> StripPrefix(std::string_view path, std::string_view prefix);

// `base_path` (without a trailing slash), then `rest` of the path, then the query as it was. Fails
// if the upstream could read the result as naming a host (`//host`).
Result<std::string> JoinTarget(std::string_view base_path, std::string_view rest,
                               std::string_view query);

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_PATH_JOIN_H_
