// UTF-8 as RFC 3629 section 4 defines it: no overlong forms, no surrogates, up to U+10FFFF.
//   UTF8-char = UTF8-1 / UTF8-2 / UTF8-3 / UTF8-4        for example %xE2.82.AC is U+20AC
#ifndef KEYWALK_MOCKUPSTREAM_JOURNAL_UTF8_H_
#define KEYWALK_MOCKUPSTREAM_JOURNAL_UTF8_H_

#include <cstddef>
#include <string_view>

namespace keywalk::mock {

// How many bytes at the beginning of `text` are whole characters. Pure; safe for concurrent use.
std::size_t Utf8Prefix(std::string_view text);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_JOURNAL_UTF8_H_
