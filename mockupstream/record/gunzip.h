// Reading a gzip body (RFC 1952), to search it for what must not be recorded.
#ifndef KEYWALK_MOCKUPSTREAM_RECORD_GUNZIP_H_
#define KEYWALK_MOCKUPSTREAM_RECORD_GUNZIP_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace keywalk::mock {

// The content of one gzip member; nullopt if `bytes` is anything else (a second member after the
// first, a cut-off one), or if the content is larger than `max_bytes`. The checksum is not
// compared: whoever reads the body does that. Pure; safe for concurrent use.
std::optional<std::string> Gunzip(std::string_view bytes, std::size_t max_bytes);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_RECORD_GUNZIP_H_
