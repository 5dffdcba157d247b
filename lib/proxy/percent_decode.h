// Percent-decoding of a part of a URL.
//
//   pct-encoded = "%" HEXDIG HEXDIG        (RFC 3986 section 2.1), for example `%2e` for `.`
#ifndef KEYWALK_PROXY_PERCENT_DECODE_H_
#define KEYWALK_PROXY_PERCENT_DECODE_H_

#include <string>
#include <string_view>

namespace keywalk::proxy {

// Decodes once; a '%' that no two hexadecimal digits follow stays as it is, as lenient servers read
// it. Pure.
std::string PercentDecode(std::string_view text);

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_PERCENT_DECODE_H_
