#include "proxy/access_log.h"

#include <utility>
#include <vector>

#include "proxy/client_auth.h"
#include "proxy/redact.h"

namespace keywalk::proxy {
namespace {

// A method or target longer than this says nothing more in a log.
constexpr std::size_t kMaxTarget = 2048;

// Keeps a hostile one from ending the line or looking like another one.
std::string Printable(std::string text) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f) c = '?';
  }
  return text;
}

// What the client chose. Cut last: half a secret would not be recognised.
std::string Shown(std::string_view text, const SecretMasker& masker, const SecretMasker& own) {
  std::string shown = own.Mask(masker.Mask(text));
  if (shown.size() > kMaxTarget) shown.resize(kMaxTarget);
  return Printable(std::move(shown));
}

void AppendField(std::string& line, std::string_view name, std::string_view value) {
  if (!value.empty()) line.append(" ").append(name).append("=").append(value);
}

}  // namespace

std::string FormatAccessLine(const AccessRecord& record, const SecretMasker& masker) {
  const SecretMasker own(record.headers != nullptr ? PresentedCredentials(*record.headers)
                                                   : Secrets());
  std::string line = Shown(record.method, masker, own);
  line.append(" ").append(Shown(RedactTarget(record.target), masker, own));
  line.append(" ").append(std::to_string(record.status));
  AppendField(line, "provider", record.provider);
  AppendField(line, "credential", record.credential);
  AppendField(line, "key", record.key_hint);
  AppendField(line, "attempts", std::to_string(record.attempts));
  AppendField(line, "ms", std::to_string(record.elapsed.count()));
  AppendField(line, "client", record.client);
  if (!record.ending.empty()) line.append(" (").append(record.ending).append(")");
  return line;
}

}  // namespace keywalk::proxy
