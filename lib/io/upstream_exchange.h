// One request and its response on one upstream connection.
#ifndef KEYWALK_IO_UPSTREAM_EXCHANGE_H_
#define KEYWALK_IO_UPSTREAM_EXCHANGE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "io/connection_pool.h"
#include "io/transport_shared.h"
#include "io/upload.h"
#include "keywalk/http_transport.h"
#include "keywalk/transport.h"

namespace keywalk::io {

// Sends a request, reads the response's head, then serves as its body. Confined to its io_context.
class UpstreamExchange final : public ResponseBody {
 public:
  UpstreamExchange(std::shared_ptr<TransportShared> shared,
                   std::shared_ptr<UpstreamConnection> connection, Cancellation& cancel);
  // Closes the connection unless the response was read to its end.
  ~UpstreamExchange() override;

  // The head of the final response, or why there is none.
  Awaitable<std::optional<TransportError>> Run(const Request& request);

  // After a failed Run: true if the upstream had closed this reused connection before it saw a byte
  // of the request, so that a fresh one may carry it (SPEC transport/6, RFC 9112 section 9.3.1).
  bool replaceable() const { return replaceable_; }

  // The upstream wants no `Expect` (417, RFC 9110 section 10.1.1) or no chunks (411): the request
  // is to be sent without. REQUIRES: Run gave no error
  bool expectation_failed() const {
    if (!expects_continue_ || connection_ == nullptr) return false;
    const int status = connection_->reader.head().status;
    return status == 417 || status == 411;
  }

  // Fills everything but the body. REQUIRES: Run gave no error
  void FillHead(Response& response);

  std::optional<std::uint64_t> size() const override;
  bool ready() const override;
  std::optional<BodyChunk> TryRead() override;
  Awaitable<BodyChunk> Read() override;
  void Cancel() override;
  const Headers& trailers() const override { return trailers_; }
  void LimitTime(std::optional<std::chrono::milliseconds> time) override;
  Awaitable<void> Discard(DiscardLimits limits) override;
  bool TryDiscard(DiscardLimits limits) override;

 private:
  bool ExpectsContinue(const Request& request) const;
  void SerializeHead(const Request& request, std::string& out) const;
  std::size_t SendAtOnce(const Request& request, std::string& unsent_head);
  Awaitable<void> SendSmall(const Request& request, const std::string& head, std::size_t sent);
  Awaitable<error_code> ReadFinalHead(bool to_head_request);
  BodyChunk Take(const MessageReader::Piece& piece);
  TransportError Explain(error_code code, const char* doing) const;
  void Release();
  void EndOfBody();

  const std::shared_ptr<TransportShared> shared_;
  std::shared_ptr<UpstreamConnection> connection_;  // null once released
  Cancellation& cancel_;
  std::optional<Cancellation::Scope> cancel_scope_;
  std::shared_ptr<Upload> upload_;  // null: the request was sent before the response was awaited
  std::optional<std::uint64_t> content_length_;
  Headers trailers_;
  bool keep_alive_ = false;
  bool replaceable_ = false;
  bool expects_continue_ = false;
};

}  // namespace keywalk::io

#endif  // KEYWALK_IO_UPSTREAM_EXCHANGE_H_
