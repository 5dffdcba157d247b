#include "mockupstream/record/record_handler.h"

#include <boost/asio/error.hpp>
#include <nlohmann/json.hpp>
#include <utility>

#include "io/http1_writer.h"
#include "mockupstream/active_scope.h"
#include "mockupstream/lanes/credential.h"

namespace keywalk::mock {
namespace {

using Kind = TransportError::Kind;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// An answer of the recorder's own, which is not recorded.
Awaitable<void> Refuse(io::ServerExchange& exchange, int status, std::string_view message) {
  const nlohmann::json body = {{"error", {{"message", message}, {"type", "mock_record"}}}};
  const std::string text = body.dump();
  const Headers headers{{"Content-Type", "application/json"}};
  co_await exchange.Respond(status, headers, text);
}

// Why a request cannot be passed on; empty if it can.
std::string_view RefusalOf(const io::RequestHead& head) {
  if (head.method == "CONNECT" || head.method == "TRACE") return "the method is not supported";
  if (head.headers.HasToken("Connection", "upgrade")) return "upgrades are not supported";
  if (!head.target.starts_with('/')) return "the target must be a path";
  return "";
}

}  // namespace

// Keeps one answer while it passes; gives up, once and for all, at a limit.
class RecordHandler::Capture {
 public:
  Capture(Recording& recording, std::optional<Recording::Place> place)
      : recording_(recording), place_(place) {}
  ~Capture() { Drop(); }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  bool on() const { return place_.has_value(); }

  void Begin(const io::RequestHead& request, const Response& response) {
    head_at_ = steady_clock::now();
    if (!on() || !Reserve(BytesOf(response.headers))) return;
    RecordedAnswer& answer = answer_.emplace();
    answer.status = response.status;
    answer.to_head = request.method == "HEAD";
    answer.content_length = response.content_length;
    answer.headers = response.headers;
  }

  // False if there is no room for it: then this answer is not recorded.
  bool Add(std::string_view bytes) {
    if (!Reserve(bytes.size() + sizeof(RecordedAnswer::Arrival))) return false;
    const auto time = std::chrono::duration_cast<milliseconds>(steady_clock::now() - head_at_);
    answer_->Add(bytes, time);
    return true;
  }

  std::optional<Error> Finish(const Headers& trailers) {
    if (!Reserve(BytesOf(trailers))) return Error("the recording is full");
    answer_->trailers = trailers;
    const std::optional<Recording::Place> place = std::exchange(place_, std::nullopt);
    return recording_.Finish(*place, *answer_, std::exchange(reserved_, 0));
  }

 private:
  static std::size_t BytesOf(const Headers& fields) {
    std::size_t bytes = 0;
    for (const Headers::Field field : fields) bytes += field.name.size() + field.value.size();
    return bytes;
  }

  bool Reserve(std::size_t bytes) {
    if (!recording_.Reserve(reserved_, bytes)) {
      Drop();
      return false;
    }
    reserved_ += bytes;
    return true;
  }

  void Drop() {
    place_.reset();
    recording_.Release(std::exchange(reserved_, 0));
    answer_.reset();  // its memory with it: the recording counts that as free now
  }

  Recording& recording_;
  std::optional<Recording::Place> place_;
  std::size_t reserved_ = 0;
  std::optional<RecordedAnswer> answer_;  // there from Begin() on, while `on()`
  steady_clock::time_point head_at_;
};

RecordHandler::RecordHandler(BaseUrl base, std::shared_ptr<Transport> transport,
                             Recording& recording, std::function<void()> on_recorded, RecordLog log)
    : base_(std::move(base)),
      transport_(std::move(transport)),
      recording_(recording),
      on_recorded_(std::move(on_recorded)),
      log_(std::move(log)) {}

Awaitable<void> RecordHandler::Handle(io::ServerExchange& exchange) {
  const ActiveScope active(active_);
  const std::string_view refusal = RefusalOf(exchange.head());
  if (refusal.empty()) {
    co_await Exchange(exchange);
  } else {
    Log(true, exchange.head(), refusal);
    co_await Refuse(exchange, exchange.head().target.starts_with('/') ? 501 : 400, refusal);
  }
}

Request RecordHandler::ToUpstream(io::ServerExchange& exchange) const {
  const io::RequestHead& head = exchange.head();
  Request request;
  request.method = head.method;
  request.target = base_.path + head.target;
  io::CopyEndToEnd(head.headers, request.headers);
  request.headers.Erase("Expect");  // answered here
  request.headers.Set("Host", base_.authority);
  request.headers.Set("Accept-Encoding", "identity");
  if (head.has_body()) request.stream_body = exchange.body();
  return request;
}

Awaitable<void> RecordHandler::Exchange(io::ServerExchange& exchange) {
  std::string problem;
  Capture capture(recording_, recording_.Begin(exchange.head(), problem));
  if (!capture.on()) Log(true, exchange.head(), "passed on, not recorded: " + problem);
  const Request request = ToUpstream(exchange);
  exchange.WatchClient();
  RoundTripResult result = co_await transport_->RoundTrip(request, exchange.client_gone());
  if (!result) {
    const TransportError error = std::move(result).error();
    co_await AnswerFailure(exchange, error);
    co_return;
  }
  Response response = std::move(*result);
  capture.Begin(exchange.head(), response);
  co_await Forward(exchange, response, capture);
}

Awaitable<void> RecordHandler::Forward(io::ServerExchange& exchange, Response& response,
                                       Capture& capture) {
  const io::RequestHead& head = exchange.head();
  error_code gone = co_await exchange.StartResponse(response.status, response.reason,
                                                    response.headers, response.content_length);
  if (!gone && !response.body->ready()) gone = co_await exchange.Flush();
  while (!gone) {
    const BodyChunk chunk = co_await response.body->Read();
    if (chunk.failed()) {
      if (chunk.error().kind == Kind::kCancelled) break;
      Log(true, head, "not recorded: the upstream's answer broke off: " + chunk.error().message);
      co_return;  // the answer is left unfinished, for the client to see
    }
    if (chunk.at_end()) {
      const Headers trailers = response.body->trailers();
      if (capture.on()) {
        const std::optional<Error> error = capture.Finish(trailers);
        Log(error.has_value(), head,
            error ? "passed on, not recorded: " + error->message()
                  : "recorded: " + std::to_string(response.status));
        if (!error) on_recorded_();
      }
      gone = co_await exchange.FinishResponse(trailers);
      co_return;
    }
    if (capture.on() && !capture.Add(chunk.bytes())) {
      Log(true, head, "passed on, not recorded: the answer, or all of them, are too large");
    }
    gone = co_await exchange.WriteBody(chunk.bytes());
  }
  Log(true, head, "not recorded: the client went away");
}

Awaitable<void> RecordHandler::AnswerFailure(io::ServerExchange& exchange,
                                             const TransportError& error) {
  const io::RequestHead& head = exchange.head();
  if (error.kind == Kind::kCancelled) {
    Log(true, head, "not recorded: the client went away");
    co_return;
  }
  Log(true, head, "not recorded: " + error.message);
  if (error.kind == Kind::kRequestBody) {
    exchange.CloseAfterResponse();
    const bool late = error.code == asio::error::timed_out;
    co_await Refuse(exchange, late ? 408 : 400, "the request's body could not be read");
  } else {
    co_await Refuse(exchange, 502, "the upstream cannot be reached, or gave no HTTP answer");
  }
}

void RecordHandler::Log(bool problem, const io::RequestHead& request, std::string_view text) const {
  if (!log_) return;
  // The request's own first: the recording does not know those that it has no room for.
  const SecretMasker own(AllCredentials(request.headers, request.target));
  const std::string line = request.method + " " + request.target + ": " + std::string(text);
  log_(problem, recording_.masker().Mask(own.Mask(line)));
}

}  // namespace keywalk::mock
