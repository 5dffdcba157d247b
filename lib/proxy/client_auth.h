// Who may use the pool: client tokens and keys that clients bring themselves (SPEC proxy/10).
#ifndef KEYWALK_PROXY_CLIENT_AUTH_H_
#define KEYWALK_PROXY_CLIENT_AUTH_H_

#include <cstdint>

#include "io/token_set.h"
#include "keywalk/headers.h"
#include "keywalk/provider.h"
#include "keywalk/secret.h"

namespace keywalk::proxy {

// How a request is served.
enum class Admission : std::uint8_t {
  kCentralized,  // with the pool's keys; no credential of the client is left in the headers
  kByok,         // with the client's own credential, which passes as it is
  kRefused,      // 401; also where a client token stands among other words
};

// Immutable; safe for concurrent use.
class ClientAuth {
 public:
  // Without tokens, everybody who brings no key of their own may use the pool. `no_byok` refuses
  // credentials that are not client tokens.
  ClientAuth(const Secrets& tokens, bool no_byok) : tokens_(tokens), no_byok_(no_byok) {}

  // Decides on a request, whose `headers` lose every credential if one of them is a client token.
  // `headers` are the ones that go upstream, so that what is judged is what is sent. Time does not
  // depend on how much of a token is right.
  Admission Admit(const Provider& provider, Headers& headers) const;

 private:
  bool HoldsToken(const Headers& headers) const;
  bool NamesToken(const Headers& headers) const;

  const io::TokenSet tokens_;
  const bool no_byok_;
};

// The credentials in a request's headers, without a scheme such as `Bearer`: what must not show in
// a log line or a dump of that request. Empty ones are left out.
Secrets PresentedCredentials(const Headers& headers);

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_CLIENT_AUTH_H_
