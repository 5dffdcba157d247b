// Base64 as RFC 4648 section 4 defines it, strictly: the standard alphabet, padded, nothing else.
//   base64 = *4BASE64CHAR [ 2BASE64CHAR "==" / 3BASE64CHAR "=" ]      for example "aGk=" is "hi"
#ifndef KEYWALK_MOCKUPSTREAM_SCRIPT_BASE64_H_
#define KEYWALK_MOCKUPSTREAM_SCRIPT_BASE64_H_

#include <optional>
#include <string>
#include <string_view>

namespace keywalk::mock {

// The decoded bytes; nullopt if `text` is anything else than base64, also if unused bits are set
// (section 3.5). Pure; safe for concurrent use.
std::optional<std::string> DecodeBase64(std::string_view text);

// Pure; safe for concurrent use.
std::string EncodeBase64(std::string_view bytes);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SCRIPT_BASE64_H_
