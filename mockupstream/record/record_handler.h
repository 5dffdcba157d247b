// Passes requests on to an upstream, and its answers back and into a recording.
#ifndef KEYWALK_MOCKUPSTREAM_RECORD_RECORD_HANDLER_H_
#define KEYWALK_MOCKUPSTREAM_RECORD_RECORD_HANDLER_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/http_server.h"
#include "keywalk/http_transport.h"
#include "mockupstream/record/recording.h"

namespace keywalk::mock {

// What happened, for a log; no text holds a key. `problem`: something was not recorded.
using RecordLog = std::function<void(bool problem, const std::string& text)>;

// Confined to its io_context. Everything passes as it comes, unchanged but for hop-by-hop fields,
// Host, and Accept-Encoding, which asks for what a script can show: no compression.
class RecordHandler final : public io::HttpHandler {
 public:
  // `recording` outlives the handler. `on_recorded` is called after each recorded answer.
  RecordHandler(BaseUrl base, std::shared_ptr<Transport> transport, Recording& recording,
                std::function<void()> on_recorded, RecordLog log);

  Awaitable<void> Handle(io::ServerExchange& exchange) override;

  // Requests being served.
  std::size_t active() const { return active_; }

 private:
  class Capture;

  Request ToUpstream(io::ServerExchange& exchange) const;
  Awaitable<void> Exchange(io::ServerExchange& exchange);
  Awaitable<void> Forward(io::ServerExchange& exchange, Response& response, Capture& capture);
  Awaitable<void> AnswerFailure(io::ServerExchange& exchange, const TransportError& error);
  void Log(bool problem, const io::RequestHead& request, std::string_view text) const;

  const BaseUrl base_;
  const std::shared_ptr<Transport> transport_;
  Recording& recording_;
  const std::function<void()> on_recorded_;
  const RecordLog log_;
  std::size_t active_ = 0;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_RECORD_RECORD_HANDLER_H_
