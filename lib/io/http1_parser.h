// Incremental parsing of HTTP/1.1 messages (RFC 9112). Beast's parser does the work; it is confined
// to the .cc file. No I/O: bytes in, heads and pieces of bodies out, without copying a body.
#ifndef KEYWALK_IO_HTTP1_PARSER_H_
#define KEYWALK_IO_HTTP1_PARSER_H_

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "keywalk/headers.h"

namespace keywalk::io {

using boost::system::error_code;

// The head of a request or a response, as received.
class MessageHead {
 public:
  std::string method;  // requests
  std::string target;
  int status = 0;  // responses
  std::string reason;
  int version = 11;  // 10 or 11
  Headers headers;   // all of them
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;  // by version and Connection
};

// Parses one message after another. Not safe for concurrent use.
class Http1Parser {
 public:
  enum class Role { kRequest, kResponse };

  Http1Parser(Role role, std::size_t max_header_bytes);
  ~Http1Parser();
  Http1Parser(const Http1Parser&) = delete;
  Http1Parser& operator=(const Http1Parser&) = delete;

  // Begins the next message. `without_body`: the response to HEAD or a successful CONNECT.
  void Start(bool without_body = false);

  // What one call got out of the input.
  class Progress {
   public:
    std::size_t consumed = 0;  // bytes of the input that are done with
    std::string_view body;     // a piece of the body, inside the input; may be empty
    error_code code;           // not HTTP/1, or beyond a limit
    bool need_more = false;    // nothing can be done without further input
  };
  // Parses a step of `input`: some of a head, or a piece of body. The rest of the input, and what
  // follows it, belong to the next call. REQUIRES: !done()
  Progress Put(std::string_view input);

  // The peer has closed: the end of a body without a length, or an error.
  Progress PutEof();

  bool head_done() const;
  bool done() const;
  // The body ends with the connection.
  bool needs_eof() const;

  MessageHead& head();
  // Trailer fields; complete once done().
  Headers& trailers();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// True if the error means a head larger than the limit (431 for a request).
bool IsHeaderLimit(const error_code& code) noexcept;
// True if the error means that the peer closed within a message.
bool IsCutOff(const error_code& code) noexcept;

}  // namespace keywalk::io

#endif  // KEYWALK_IO_HTTP1_PARSER_H_
