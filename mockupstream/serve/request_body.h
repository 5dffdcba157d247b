// Reads a request's body for the journal: its size, its digest, and its first bytes if asked for.
#ifndef KEYWALK_MOCKUPSTREAM_SERVE_REQUEST_BODY_H_
#define KEYWALK_MOCKUPSTREAM_SERVE_REQUEST_BODY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "io/http_server.h"
#include "keywalk/awaitable.h"
#include "keywalk/transport.h"
#include "mockupstream/serve/sha256.h"

namespace keywalk::mock {

// What is read of a body, and kept.
struct BodyLimits {
  std::uint64_t max_bytes;     // longer bodies are refused
  std::size_t keep_bytes = 0;  // of its beginning
  bool digest = true;
};

// What reading it came to.
class BodyRecord {
 public:
  BodyRecord() = default;

  std::uint64_t bytes = 0;
  std::optional<Sha256Digest> sha256;  // of the bytes that came; nullopt without a digest
  std::string kept;                    // the first bytes that came
  bool complete = false;
  int refusal = 0;  // not complete: the status that says why; 0 if nobody is there to be told

  // True if `kept` is the whole body.
  bool all_kept() const { return complete && kept.size() == bytes; }
};

// Told how far a body has been read, and asked whether to go on.
class BodyGate {
 public:
  virtual ~BodyGate() = default;
  // How many more bytes may be taken now that `bytes` have been: a larger piece is cut there.
  virtual std::uint64_t Room(std::uint64_t bytes) const = 0;
  // So many bytes have been read, 0 at first. May wait; false: no more is read.
  virtual Awaitable<bool> Pass(std::uint64_t bytes) = 0;
};

// The bytes themselves, for admin pages; `record` says how it went.
Awaitable<std::string> ReadRequestText(io::ServerExchange& exchange, std::uint64_t max_bytes,
                                       BodyRecord& record);

// Reads one request's body. Used on the thread of its connection; the exchange outlives it.
class BodyReader {
 public:
  BodyReader(io::ServerExchange& exchange, BodyLimits limits);

  // Takes what has arrived already; true if nothing more has to be read. Most small bodies come
  // with their head, and cost no suspension this way.
  bool TryRead();
  // Takes the rest. The gate, which may be null, outlives the awaitable.
  Awaitable<void> Read(BodyGate* gate = nullptr);

  // Complete once either is done.
  BodyRecord& record() { return record_; }

 private:
  // Takes a piece as far as the gate lets it.
  void Take(const BodyChunk& chunk, const BodyGate* gate);
  void Finish();

  const BodyLimits limits_;
  const std::shared_ptr<BodySource> body_;
  std::optional<Sha256> digest_;
  BodyRecord record_;
  bool over_ = false;  // nothing more is wanted, or to be had
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SERVE_REQUEST_BODY_H_
