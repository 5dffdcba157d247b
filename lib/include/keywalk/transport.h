// Transport: one HTTP request and its response, whoever carries it. The counterpart of Go's
// http.RoundTripper, as Asio coroutines.
//
// Everything here is confined to one io_context that one thread runs:
// objects are not safe for concurrent use. What threads share is the KeyPool and the policy.
#ifndef KEYWALK_TRANSPORT_H_
#define KEYWALK_TRANSPORT_H_

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "keywalk/awaitable.h"
#include "keywalk/headers.h"
#include "keywalk/recorded_body.h"
#include "keywalk/result.h"

namespace keywalk {

using boost::system::error_code;

// Why no response (or no body) could be had. Its texts never hold a byte of a key.
struct TransportError {
  enum class Kind : std::uint8_t {
    kConnect,       // refused, unreachable, name not found
    kTls,           // handshake or verification
    kTimeout,       // connect, response head or idle time exceeded
    kReset,         // the connection ended before the message did
    kProtocol,      // not HTTP, or beyond the limits
    kRequestBody,   // reading the request's body from its source failed
    kBodyTooLarge,  // the request's body exceeds the limit
    kBodyStorage,   // the request's body could not be kept: no space for its file
    kCancelled,     // Cancellation::Request() was called
  };
  TransportError(Kind kind, error_code code, std::string message)
      : kind(kind), code(code), message(std::move(message)) {}

  Kind kind;
  error_code code;
  std::string message;  // for a log line: what was attempted, with whom, and what went wrong

  // Filled by the key-failover transport, as in Response.
  std::size_t attempts = 0;
  std::string key_hint;
};
std::string_view ToString(TransportError::Kind kind) noexcept;

// A stop signal from the one who wants the answer to the one who fetches it.
class Cancellation {
 public:
  Cancellation() = default;
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  bool requested() const noexcept { return requested_; }
  // Runs the hook, if one is set, once.
  void Request();

  // Sets what Request() does, for the length of a scope. Scopes nest: the innermost hook is called.
  class [[nodiscard]] Scope {
   public:
    Scope(Cancellation& cancellation, std::function<void()> hook);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Cancellation& cancellation_;
    std::function<void()> previous_;
  };

 private:
  bool requested_ = false;
  std::function<void()> hook_;
};

// A piece of a body, or its end, or the reason why neither came.
class BodyChunk {
 public:
  BodyChunk() = default;  // the end of the body
  explicit BodyChunk(std::string_view bytes) : bytes_(bytes) {}
  explicit BodyChunk(TransportError error)
      : error_(std::make_unique<TransportError>(std::move(error))) {}

  // Valid until the next Read() of the same source. Empty at the end and on an error.
  std::string_view bytes() const { return bytes_; }
  bool failed() const { return error_ != nullptr; }
  bool at_end() const { return !failed() && bytes_.empty(); }
  // REQUIRES: failed()
  const TransportError& error() const { return *error_; }

 private:
  std::string_view bytes_;
  std::unique_ptr<TransportError> error_;
};

// A body that is read once, piece by piece.
class BodySource {
 public:
  BodySource() = default;
  BodySource(const BodySource&) = delete;
  BodySource& operator=(const BodySource&) = delete;
  virtual ~BodySource() = default;

  // The length in bytes where the framing states it (Content-Length), before the first Read().
  virtual std::optional<std::uint64_t> size() const = 0;

  // The next piece, the end, or an error. Not to be called again after an end or an error.
  virtual Awaitable<BodyChunk> Read() = 0;

  // What Read() would give, if that is there already: a coroutine less for most small bodies.
  // nullopt: Read() is to be awaited. Not to be called while a Read() is pending.
  virtual std::optional<BodyChunk> TryRead() { return std::nullopt; }

  // Read() and TryRead() for a reader that keeps the bytes: they may be put into `space` right
  // away, where the piece then lies. They do not read beyond the end of the body.
  virtual Awaitable<BodyChunk> ReadInto(asio::mutable_buffer /*space*/) { return Read(); }
  virtual std::optional<BodyChunk> TryReadInto(asio::mutable_buffer /*space*/) { return TryRead(); }

  // True if the pieces given last stay valid as long as the source: several can be sent at once.
  virtual bool keeps_pieces() const { return false; }

  // True if Again() gives a source of the same bytes, from the beginning.
  virtual bool repeatable() const { return false; }
  // REQUIRES: repeatable()
  virtual std::shared_ptr<BodySource> Again() { return nullptr; }

  // True if Read() would give something at once, without waiting for the peer.
  virtual bool ready() const { return false; }

  // Makes a pending Read() fail soon, from the same executor. Later reads fail too.
  virtual void Cancel() = 0;

  // Trailer fields (RFC 9110 section 6.5), complete once Read() gave the end.
  virtual const Headers& trailers() const = 0;
};

// A request. `headers` hold no framing field (Content-Length, Transfer-Encoding) and no hop-by-hop
// field: the transport frames the body itself. Host is set by the transport if absent.
class Request {
 public:
  Request() = default;

  std::string method = "GET";
  std::string target = "/";  // origin form: path and query, as sent on the request line
  Headers headers;

  // The body: none, recorded (can be sent again), or a stream (can be sent once). At most one is
  // set. Shared, because an upstream may answer before it has read the whole body: the sender then
  // holds it a moment longer than the response lives.
  std::shared_ptr<const RecordedBody> recorded_body;
  std::shared_ptr<BodySource> stream_body;
};

// How much of an unwanted body is read to save its connection.
struct DiscardLimits {
  std::size_t max_bytes = 64 * 1024;
  std::chrono::milliseconds max_time{250};
};

// A response's body, which holds the upstream connection until it is read to its end (then the
// connection is kept for reuse) or destroyed (then it is closed).
class ResponseBody : public BodySource {
 public:
  // From now on all reads together may take this long, whatever is allowed between two pieces;
  // then they fail and the connection is closed. nullopt: no longer.
  virtual void LimitTime(std::optional<std::chrono::milliseconds> time) = 0;

  // Reads to the end within the limits, else closes the connection. (SPEC transport/7)
  virtual Awaitable<void> Discard(DiscardLimits limits) = 0;
  // The same with what is there already: a coroutine less for most answers. False: Discard() is to
  // be awaited.
  virtual bool TryDiscard(DiscardLimits /*limits*/) { return false; }
};

class Response {
 public:
  Response() = default;

  int status = 0;
  std::string reason;
  Headers headers;                     // no framing, no hop-by-hop fields
  std::unique_ptr<ResponseBody> body;  // never null in a response a Transport returns
  // The Content-Length the upstream stated; also for HEAD and 304, which have no body.
  std::optional<std::uint64_t> content_length;

  // Filled by the key-failover transport: what this answer took (SPEC metrics/3).
  std::size_t attempts = 1;
  std::string key_hint;    // masked; empty for BYOK
  bool made_here = false;  // an answer of ours (exhaustion), not the upstream's
};

using RoundTripResult = Result<Response, TransportError>;

class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  // Sends the request and returns once the response's head has arrived; interim (1xx) responses are
  // skipped. Any status is a response, not an error. `request` and `cancel` belong to the caller,
  // are not changed, and outlive the awaitable; `cancel` also outlives the response's body.
  virtual Awaitable<RoundTripResult> RoundTrip(const Request& request, Cancellation& cancel) = 0;
};

}  // namespace keywalk

#endif  // KEYWALK_TRANSPORT_H_
