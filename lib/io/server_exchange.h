// The handler's view of one request on a server connection.
#ifndef KEYWALK_IO_SERVER_EXCHANGE_H_
#define KEYWALK_IO_SERVER_EXCHANGE_H_

#include <memory>
#include <optional>
#include <string_view>

#include "io/deadline.h"
#include "io/http_server.h"
#include "io/server_connection.h"
#include "keywalk/transport.h"

namespace keywalk::io {

// What is left of a request's body after its answer is read up to this, to save the connection.
inline constexpr std::uint64_t kMaxDrainedBody = 64 * 1024;

// The body of the request being served. Outlives the exchange if an upload still holds it; it is
// then detached and fails every read.
class RequestBody final : public BodySource {
 public:
  explicit RequestBody(ServerConnection& connection);

  std::optional<std::uint64_t> size() const override { return size_; }
  bool ready() const override;
  Awaitable<BodyChunk> Read() override;
  std::optional<BodyChunk> TryRead() override;
  Awaitable<BodyChunk> ReadInto(asio::mutable_buffer space) override;
  std::optional<BodyChunk> TryReadInto(asio::mutable_buffer space) override;
  void Cancel() override { cancelled_ = true; }
  const Headers& trailers() const override { return trailers_; }

  // The handler has returned: ends a pending read (the connection with it) and waits for it.
  Awaitable<void> Detach();
  // The same where no read is pending; else false, and nothing is done.
  bool TryDetach();

  bool at_end() const { return at_end_; }
  // The body can still be drained: nothing failed, and the client was told to send it.
  bool drainable() const;

 private:
  friend class Exchange;
  Awaitable<BodyChunk> ReadOnce(asio::mutable_buffer space);
  bool MayReadInto(asio::mutable_buffer space) const;
  BodyChunk Take(const MessageReader::Piece& piece);

  ServerConnection* connection_;  // null once detached
  const std::optional<std::uint64_t> size_;
  Headers trailers_;
  bool watch_at_end_ = false;
  std::optional<SteadyTimer> idle_;  // wakes Detach when no read is pending any more; rarely made
  bool continue_wanted_ = false;
  bool reading_ = false;
  bool at_end_ = false;
  bool failed_ = false;
  bool cancelled_ = false;
};

class Exchange final : public ServerExchange {
 public:
  explicit Exchange(ServerConnection& connection);

  const RequestHead& head() const override { return connection_.head_; }
  std::shared_ptr<BodySource> body() override { return body_; }
  std::string_view peer_address() const override { return connection_.peer_address_; }
  bool is_tls() const override { return connection_.tls_; }
  std::uint64_t connection_id() const override { return connection_.id_; }
  void WatchClient() override;
  Cancellation& client_gone() override { return client_gone_; }
  void WatchUnread() override { connection_.StartWatch(); }
  Awaitable<error_code> Respond(int status, const Headers& headers, std::string_view body,
                                std::string_view reason) override;
  Awaitable<error_code> StartResponse(int status, std::string_view reason, const Headers& headers,
                                      std::optional<std::uint64_t> length) override;
  Awaitable<error_code> WriteBody(std::string_view bytes) override;
  Awaitable<error_code> Flush() override;
  Awaitable<error_code> FinishResponse(const Headers& trailers) override;
  bool response_started() const override { return started_; }
  void CloseAfterResponse() override { connection_.keep_alive_ = false; }
  std::string RenderHead(int status, std::string_view reason, const Headers& headers,
                         std::optional<std::uint64_t> length) override;
  Awaitable<error_code> WriteRaw(std::string_view bytes) override;
  Stream& TakeOver() override;
  void HangUp() override;

  // The whole answer was sent.
  bool complete() const { return complete_; }
  RequestBody& request_body() { return *body_; }

 private:
  void PrepareHead(int status, std::string_view reason, const Headers& headers,
                   std::optional<std::uint64_t> length);
  Awaitable<error_code> Send(std::string_view bytes, std::string_view after);
  // The answer's end is that of the connection, for a client that knows no chunks.
  bool ends_with_close() const { return started_ && !left_ && !chunked_; }

  ServerConnection& connection_;
  const std::shared_ptr<RequestBody> body_;
  Cancellation client_gone_;
  std::optional<std::uint64_t> left_;  // body bytes still owed, where a length was stated
  bool started_ = false;
  bool bodiless_ = false;  // HEAD, 204, 304: what is written is dropped
  bool chunked_ = false;
  bool complete_ = false;
};

}  // namespace keywalk::io

#endif  // KEYWALK_IO_SERVER_EXCHANGE_H_
