#include "proxy/recording_transport.h"

#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "io/deadline.h"

namespace keywalk::proxy {
namespace {

// One attempt under way; hands its record in when nothing refers to it any more, however it ended.
class Recording {
 public:
  Recording(DumpWriter& writer, std::shared_ptr<const Secrets> secrets, const std::string& provider,
            std::shared_ptr<const Clock> clock)
      : writer_(writer),
        secrets_(std::move(secrets)),
        clock_(std::move(clock)),
        begin_(clock_->now()) {
    record.provider = provider;
    record.started = clock_->wall_now();
  }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  ~Recording() {
    const auto elapsed = clock_->now() - begin_;
    record.elapsed_ms = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
    writer_.Enqueue(std::move(record), secrets_);
  }

  AttemptRecord record;

 private:
  DumpWriter& writer_;
  const std::shared_ptr<const Secrets> secrets_;
  const std::shared_ptr<const Clock> clock_;
  const Instant begin_;
};

// The request's body on its way out. It may be held a moment longer than the response.
class CapturingSource final : public BodySource {
 public:
  CapturingSource(std::shared_ptr<BodySource> inner, std::shared_ptr<Recording> recording)
      : inner_(std::move(inner)), recording_(std::move(recording)) {}

  std::optional<std::uint64_t> size() const override { return inner_->size(); }
  bool ready() const override { return inner_->ready(); }
  void Cancel() override { inner_->Cancel(); }
  const Headers& trailers() const override { return inner_->trailers(); }

  Awaitable<BodyChunk> Read() override {
    BodyChunk chunk = co_await inner_->Read();
    if (!chunk.failed()) recording_->record.request_body.Add(chunk.bytes());
    co_return chunk;
  }

  // On a connection in place of one that the upstream had closed: still the same attempt.
  bool repeatable() const override { return inner_->repeatable(); }
  std::shared_ptr<BodySource> Again() override {
    recording_->record.request_body = BodyCapture();
    return std::make_shared<CapturingSource>(inner_->Again(), recording_);
  }

 private:
  const std::shared_ptr<BodySource> inner_;
  const std::shared_ptr<Recording> recording_;
};

// The response's body on its way in.
class RecordingBody final : public ResponseBody {
 public:
  RecordingBody(std::shared_ptr<Recording> recording, std::unique_ptr<ResponseBody> inner)
      : recording_(std::move(recording)), inner_(std::move(inner)) {}

  std::optional<std::uint64_t> size() const override { return inner_->size(); }
  bool ready() const override { return inner_->ready(); }
  void Cancel() override { inner_->Cancel(); }
  const Headers& trailers() const override { return inner_->trailers(); }
  void LimitTime(std::optional<std::chrono::milliseconds> time) override {
    inner_->LimitTime(time);
  }

  Awaitable<BodyChunk> Read() override {
    BodyChunk chunk = co_await inner_->Read();
    Record(chunk);
    co_return chunk;
  }

  // Reads through our own Read(), so that the answer of a failed attempt is recorded too.
  Awaitable<void> Discard(DiscardLimits limits) override {
    const Executor executor = co_await asio::this_coro::executor;
    io::SteadyTimer timer(executor, limits.max_time);
    // The expiry may already be under way when the reading ends.
    const auto target = std::make_shared<ResponseBody*>(inner_.get());
    timer.async_wait([target](error_code error) {
      if (!error && *target != nullptr) (*target)->Cancel();
    });
    std::size_t read = 0;
    bool more = inner_->size().value_or(0) <= limits.max_bytes;
    while (more && read <= limits.max_bytes) {
      const BodyChunk chunk = co_await Read();
      if (chunk.failed() || chunk.at_end()) break;
      read += chunk.bytes().size();
      more = read <= limits.max_bytes;
    }
    *target = nullptr;
    // Read to its end, the body has given its connection back; a longer one is closed.
    if (!more) inner_->Cancel();
    if (!recording_->record.complete) recording_->record.error = "discarded before its end";
  }

 private:
  void Record(const BodyChunk& chunk) {
    AttemptRecord& record = recording_->record;
    if (chunk.failed()) {
      record.error = chunk.error().message;
    } else if (chunk.at_end()) {
      record.complete = true;
      record.trailers = inner_->trailers();
    } else {
      record.response_body.Add(chunk.bytes());
    }
  }

  const std::shared_ptr<Recording> recording_;
  const std::unique_ptr<ResponseBody> inner_;
};

class RecordingTransport final : public Transport {
 public:
  RecordingTransport(std::shared_ptr<Transport> inner, std::string provider,
                     std::shared_ptr<const Clock> clock, std::shared_ptr<const Secrets> secrets,
                     DumpWriter& writer)
      : inner_(std::move(inner)),
        provider_(std::move(provider)),
        clock_(std::move(clock)),
        secrets_(std::move(secrets)),
        writer_(writer) {}

  Awaitable<RoundTripResult> RoundTrip(const Request& request, Cancellation& cancel) override {
    auto recording = std::make_shared<Recording>(writer_, secrets_, provider_, clock_);
    Request sent = request;
    Capture(sent, recording);
    RoundTripResult result = co_await inner_->RoundTrip(sent, cancel);
    AttemptRecord& record = recording->record;
    if (!result) {
      record.error = result.error().message;
      co_return result;
    }
    record.status = result->status;
    record.reason = result->reason;
    record.response_headers = result->headers;
    result->body = std::make_unique<RecordingBody>(std::move(recording), std::move(result->body));
    co_return result;
  }

 private:
  static void CaptureRecorded(const RecordedBody& body, BodyCapture& capture) {
    RecordedBody::Reader reader(body);
    while (!capture.cut_off()) {
      const auto bytes = reader.Next();
      if (!bytes || bytes->empty()) break;
      capture.Add(*bytes);
    }
    capture.Count(body.size() - reader.position());
  }

  // Records the request and puts a capturing source in place of a streamed body.
  static void Capture(Request& sent, const std::shared_ptr<Recording>& recording) {
    AttemptRecord& record = recording->record;
    record.method = sent.method;
    record.target = sent.target;
    record.request_headers = sent.headers;
    if (sent.recorded_body != nullptr) {
      CaptureRecorded(*sent.recorded_body, record.request_body);
    }
    if (sent.stream_body != nullptr) {
      sent.stream_body = std::make_shared<CapturingSource>(std::move(sent.stream_body), recording);
    }
  }

  const std::shared_ptr<Transport> inner_;
  const std::string provider_;
  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<const Secrets> secrets_;
  DumpWriter& writer_;
};

}  // namespace

std::shared_ptr<Transport> NewRecordingTransport(std::shared_ptr<Transport> inner,
                                                 std::string provider,
                                                 std::shared_ptr<const Clock> clock,
                                                 std::shared_ptr<const Secrets> secrets,
                                                 DumpWriter& writer) {
  return std::make_shared<RecordingTransport>(std::move(inner), std::move(provider),
                                              std::move(clock), std::move(secrets), writer);
}

}  // namespace keywalk::proxy
