#include "proxy/client_auth.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

namespace keywalk::proxy {
namespace {

bool IsCredentialHeader(std::string_view name) {
  const auto same = [name](std::string_view other) { return EqualsIgnoreCase(name, other); };
  return std::ranges::any_of(CredentialHeaders(), same);
}

// What follows the scheme of `auth-scheme 1*SP token68` (RFC 9110 section 11.4), or the whole value
// of a field that has none.
std::string_view WithoutScheme(std::string_view value) {
  value = TrimWhitespace(value);
  const std::size_t space = value.find_first_of(" \t");
  return space == value.npos ? value : TrimWhitespace(value.substr(space));
}

}  // namespace

ClientAuth::ClientAuth(const Secrets& tokens, bool no_byok) : no_byok_(no_byok) {
  for (const std::string& token : tokens) {
    Digest& digest = tokens_.emplace_back();
    SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  }
}

bool ClientAuth::IsToken(std::string_view credential) const {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(credential.data()), credential.size(),
         digest.data());
  unsigned found = 0;
  for (const Digest& token : tokens_) {  // all of them: which one matched must not show in time
    found |= static_cast<unsigned>(CRYPTO_memcmp(token.data(), digest.data(), digest.size()) == 0);
  }
  return found != 0;
}

// In any credential header and with any scheme: what a provider knows as its own differs, and a
// token that is not recognised here would be sent to it.
bool ClientAuth::HoldsToken(const Headers& headers) const {
  bool found = false;
  for (const Headers::Field field : headers) {
    if (!IsCredentialHeader(field.name)) continue;
    found = IsToken(TrimWhitespace(field.value)) || found;
    found = IsToken(WithoutScheme(field.value)) || found;
  }
  return found;
}

Admission ClientAuth::Admit(const Provider& provider, Headers& headers) const {
  const auto present = [&headers](std::string_view name) { return headers.Contains(name); };
  const bool tokens_asked = !tokens_.empty();
  if (!std::ranges::any_of(CredentialHeaders(), present)) {
    if (tokens_asked) return Admission::kRefused;
    return provider.IsByok(headers) ? Admission::kByok : Admission::kCentralized;
  }
  if (tokens_asked && HoldsToken(headers)) {
    for (const std::string_view name : CredentialHeaders()) headers.Erase(name);
    return Admission::kCentralized;
  }
  if (no_byok_) return Admission::kRefused;
  // Where tokens are asked for, a credential that the provider does not know as its own must not
  // open the pool either.
  return tokens_asked || provider.IsByok(headers) ? Admission::kByok : Admission::kCentralized;
}

Secrets PresentedCredentials(const Headers& headers) {
  std::vector<std::string> credentials;
  for (const Headers::Field field : headers) {
    if (!IsCredentialHeader(field.name)) continue;
    const std::string_view credential = WithoutScheme(field.value);
    if (!credential.empty()) credentials.emplace_back(credential);
  }
  return credentials;
}

}  // namespace keywalk::proxy
