// Answers requests from the lanes and writes the journal.
#ifndef KEYWALK_MOCKUPSTREAM_MOCK_HANDLER_H_
#define KEYWALK_MOCKUPSTREAM_MOCK_HANDLER_H_

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "io/http_server.h"
#include "mockupstream/admin/admin.h"
#include "mockupstream/mock_state.h"
#include "mockupstream/serve/answer.h"
#include "mockupstream/serve/request_body.h"

namespace keywalk::mock {

struct HandlerOptions {
  BodyLimits body;  // of each request
  std::chrono::milliseconds max_stall;
  bool serve_admin;
  Secrets admin_tokens;  // empty: none is asked for
  std::chrono::milliseconds tail_ping;
  std::function<void(const JournalEntry&)> on_request;  // may be empty
};

// Confined to its io_context; `state` outlives it and may be shared with other threads.
class MockHandler final : public io::HttpHandler {
 public:
  MockHandler(asio::io_context& context, MockState& state, HandlerOptions options);

  Awaitable<void> Handle(io::ServerExchange& exchange) override;
  std::unique_ptr<io::ConnectionHandler> OnAccept(std::uint64_t connection_id) override;

  // Where the metrics page looks up open connections; null before the server is there.
  void set_server(const io::HttpServer* server) { admin_.set_server(server); }
  // Requests being served.
  std::size_t active() const { return active_; }

 private:
  class Served;

  // In this order: scope, lane, body (where the lane needs it to choose), step, body (else),
  // journal, answer, journal.
  Awaitable<void> HandleAdmin(io::ServerExchange& exchange);
  Awaitable<void> Serve(io::ServerExchange& exchange);
  void FindLane(const ScopedTarget& where, Served& served);
  // For a request that found its lane at an end.
  static std::string WhyNoStep(const Served& served);
  BodyLimits Limits(const Served& served) const;
  Awaitable<void> ReadBody(io::ServerExchange& exchange, Served& served, BodyGate* gate = nullptr);
  // How much of a request's body is held to its end, for who is told of it then.
  std::size_t KeptToTheEnd() const;
  Awaitable<AnswerOutcome> Answer(io::ServerExchange& exchange, Served& served,
                                  std::uint64_t sequence);
  // What its `respond` or the lane's model make of the step; null: it is served as it is, or
  // there is none.
  static std::unique_ptr<const ScriptStep> Render(const Served& served, std::uint64_t sequence);
  // A step with a fault in the request: reads it, and answers if the connection is still there.
  Awaitable<AnswerOutcome> ServeFaultyRequest(io::ServerExchange& exchange, Served& served,
                                              std::uint64_t sequence);
  // Faults tell the journal at once: a stall may last.
  FaultScene Scene(std::uint64_t sequence);
  // The body of a request whose answer is out already.
  Awaitable<void> ReadEarlyBody(io::ServerExchange& exchange, Served& served);
  std::uint64_t RecordRequest(const io::ServerExchange& exchange, Served& served);
  JournalEntry MakeEntry(const io::ServerExchange& exchange, Served& served) const;
  void RecordBody(Served& served, JournalEntry& entry) const;
  // Hides the script's keys in what a log shows.
  void MaskForLog(JournalEntry& entry) const;
  // The entry's last change; the request is counted whether the journal still has it or not.
  void RecordEnd(const io::ServerExchange& exchange, Served& served, std::uint64_t sequence,
                 const AnswerOutcome& outcome);

  asio::io_context& context_;
  MockState& state_;
  const HandlerOptions options_;
  AdminPages admin_;
  std::size_t active_ = 0;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_MOCK_HANDLER_H_
