#include "proxy/client_auth.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace keywalk::proxy {
namespace {

bool IsCredentialHeader(std::string_view name) {
  const auto same = [name](std::string_view other) { return EqualsIgnoreCase(name, other); };
  return std::ranges::any_of(CredentialHeaders(), same);
}

// Each word costs a digest, and clients decide on their number.
constexpr std::size_t kMostWords = 128;

}  // namespace

// In any credential header and with any scheme: what a provider knows as its own differs, and a
// token that is not recognised here would be sent to it.
bool ClientAuth::HoldsToken(const Headers& headers) const {
  bool found = false;
  for (const Headers::Field field : headers) {
    if (!IsCredentialHeader(field.name)) continue;
    found = tokens_.Contains(TrimWhitespace(field.value)) || found;
    found = tokens_.Contains(io::WithoutAuthScheme(field.value)) || found;
  }
  return found;
}

// As one word of several, such as `Bearer Bearer TOKEN`, or a list of two credentials.
bool ClientAuth::NamesToken(const Headers& headers) const {
  std::size_t words = 0;
  for (const Headers::Field field : headers) {
    if (!IsCredentialHeader(field.name)) continue;
    // Credentials in a list stand between commas, and a token may hold some.
    for (const std::string_view between : {" \t", " \t,"}) {
      std::string_view rest = field.value;
      while (true) {
        rest.remove_prefix(std::min(rest.find_first_not_of(between), rest.size()));
        if (rest.empty()) break;
        // So many words are nobody's credential, and a token may be among those not looked at.
        if (++words > kMostWords) return true;
        const std::string_view word = rest.substr(0, rest.find_first_of(between));
        if (tokens_.Contains(word)) return true;
        rest.remove_prefix(word.size());
      }
    }
  }
  return false;
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
  // A token that is written wrongly is no key of the client's own: as one it would go upstream.
  if (no_byok_ || (tokens_asked && NamesToken(headers))) return Admission::kRefused;
  // Where tokens are asked for, a credential that the provider does not know as its own must not
  // open the pool either.
  return tokens_asked || provider.IsByok(headers) ? Admission::kByok : Admission::kCentralized;
}

Secrets PresentedCredentials(const Headers& headers) {
  std::vector<std::string> credentials;
  credentials.reserve(headers.size());
  for (const Headers::Field field : headers) {
    if (!IsCredentialHeader(field.name)) continue;
    const std::string_view credential = io::WithoutAuthScheme(field.value);
    if (!credential.empty()) credentials.emplace_back(credential);
  }
  return credentials;
}

}  // namespace keywalk::proxy
