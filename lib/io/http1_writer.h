// Serialising HTTP/1.1 heads and chunk framing (RFC 9112). No I/O.
#ifndef KEYWALK_IO_HTTP1_WRITER_H_
#define KEYWALK_IO_HTTP1_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "keywalk/headers.h"

namespace keywalk::io {

// "POST /v1/chat HTTP/1.1\r\n". Appends, as all below.
void AppendRequestLine(std::string& out, std::string_view method, std::string_view target);
// "HTTP/1.1 429 Too Many Requests\r\n"; an empty reason gives the standard phrase.
void AppendStatusLine(std::string& out, int status, std::string_view reason);
void AppendField(std::string& out, std::string_view name, std::string_view value);
void AppendFields(std::string& out, const Headers& headers);
void AppendContentLength(std::string& out, std::uint64_t length);
// "1a2b\r\n": what comes before a chunk's bytes; "\r\n" comes after.
void AppendChunkHead(std::string& out, std::uint64_t size);
// "0\r\n" trailers "\r\n".
void AppendLastChunk(std::string& out, const Headers& trailers);

// The standard phrase of a status code (RFC 9110 section 15), or "Unknown".
std::string_view ReasonPhrase(int status) noexcept;

// True for the header fields that frame a message or concern one connection only (RFC 9110 section
// 7.6.1): never part of Request::headers or Response::headers.
bool IsHopByHop(std::string_view name) noexcept;

// The fields that may go on to the other side: no framing, no hop-by-hop field, none that
// `Connection` names. Appends to `out`.
void CopyEndToEnd(const Headers& from, Headers& out);

// The current time as IMF-fixdate, for Date; made once a second.
std::string_view CurrentHttpDate();

}  // namespace keywalk::io

#endif  // KEYWALK_IO_HTTP1_WRITER_H_
