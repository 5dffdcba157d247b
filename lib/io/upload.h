// The sending half of one request on one upstream connection, beside the reading of its answer.
#ifndef KEYWALK_IO_UPLOAD_H_
#define KEYWALK_IO_UPLOAD_H_

#include <boost/container/static_vector.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/connection_pool.h"
#include "io/deadline.h"
#include "io/transport_shared.h"
#include "keywalk/recorded_body.h"
#include "keywalk/secret.h"
#include "keywalk/transport.h"

namespace keywalk::io {

// Sends a head and a body. Confined to its io_context. Shared with its own coroutine, since the
// answer may be read to its end, and the exchange be gone, a moment before the sending has ended.
class Upload final {
 public:
  // Gathered buffers a single write takes (IOV_MAX is 1024; Asio passes on 64).
  static constexpr std::size_t kMaxGathered = 64;

  using Gathered = boost::container::static_vector<asio::const_buffer, kMaxGathered>;

  // A request's beginning, as far as one write takes it: the head and the body in memory.
  static Gathered Gather(const std::string& head, const RecordedBody* body);

  // The first `sent` bytes of what Gather() gives are sent already. With `expects_continue` the
  // head asks for a 100 (RFC 9110 section 10.1.1) and announces a chunked body, which follows when
  // Permit() is called, or after a while without an answer; it is empty if all of it is sent.
  Upload(std::shared_ptr<TransportShared> shared, std::shared_ptr<UpstreamConnection> connection,
         const Request& request, std::string head, std::size_t sent, bool expects_continue);

  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  ~Upload() { Wipe(head_); }  // it has the key

  // Begins to send.
  static void Start(const std::shared_ptr<Upload>& upload);

  // The upstream wants the body.
  void Permit();
  // The upstream has answered: a body that it has not asked for is not sent. Returns true if there
  // is one, which SendEmptyBody() ends before it began: the connection can then be used again. If
  // the answer is whole nobody waits for that, and it may go with the next request.
  bool OnAnswer();
  Awaitable<void> SendEmptyBody(bool answer_is_whole);
  // The connection is closed: there is nobody to send to.
  void OnClosed();

  // Everything was sent.
  bool done() const { return done_; }
  // Reading the request's body failed: a request that can never be finished.
  const std::optional<TransportError>& source_error() const { return source_error_; }

 private:
  enum class Turn : std::uint8_t { kWaiting, kSend, kStop };

  static Awaitable<void> Run(std::shared_ptr<Upload> self);
  Awaitable<void> AwaitContinue();
  Awaitable<void> SendRecorded();
  Awaitable<bool> SendChunks();
  Awaitable<bool> SendSpilled();
  Awaitable<void> SendLastChunk();
  Awaitable<void> SendStreamed();
  std::uint64_t TakeMore(std::uint64_t left, std::vector<asio::const_buffer>& buffers);
  void SetTurn(Turn turn);

  const std::shared_ptr<TransportShared> shared_;
  const std::shared_ptr<UpstreamConnection> connection_;
  std::shared_ptr<const RecordedBody> recorded_;  // these two until all is sent
  std::shared_ptr<BodySource> stream_;
  std::string head_;
  std::size_t sent_before_;
  const bool chunked_;
  bool done_ = false;
  bool ended_ = false;  // done, or given up; the response decides what that means
  Turn turn_;
  bool head_sent_ = false;              // of one that waits
  std::optional<SteadyTimer> waiting_;  // cancelled when the turn changes
  std::optional<TransportError> source_error_;
};

}  // namespace keywalk::io

#endif  // KEYWALK_IO_UPLOAD_H_
