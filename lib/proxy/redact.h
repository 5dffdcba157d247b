// Takes secrets out of what is logged and recorded (SPEC secret/1): known ones wherever they
// stand, unknown ones where credentials are usually put.
#ifndef KEYWALK_PROXY_REDACT_H_
#define KEYWALK_PROXY_REDACT_H_

#include <string>
#include <string_view>
#include <vector>

#include "keywalk/secret.h"

namespace keywalk::proxy {

// The value of a header as it may be shown: the masked hint behind the scheme where the name is one
// that carries credentials (cookies too), else the value itself. Pure.
std::string RedactHeader(std::string_view name, std::string_view value);

// A request target with the values of credential parameters (`?key=`, `access_token`, ...) masked.
// Pure.
std::string RedactTarget(std::string_view target);

// The known secrets of one record. Immutable; safe for concurrent use.
class Redactor {
 public:
  explicit Redactor(Secrets secrets) : secrets_(std::move(secrets)), masker_(secrets_) {}

  std::string Mask(std::string_view text) const { return masker_.Mask(text); }

  // The same for a text that was cut off: what may be the first bytes of a secret goes from its
  // end.
  std::string MaskCutOff(std::string_view text) const;

 private:
  const Secrets secrets_;
  const SecretMasker masker_;
};

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_REDACT_H_
