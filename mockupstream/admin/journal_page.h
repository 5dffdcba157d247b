// The journal over HTTP: as JSON, as lines, and as a stream of what ends from now on.
//
// All of it goes out in pieces, read from the store one by one: neither a large journal nor a slow
// reader takes memory here.
#ifndef KEYWALK_MOCKUPSTREAM_ADMIN_JOURNAL_PAGE_H_
#define KEYWALK_MOCKUPSTREAM_ADMIN_JOURNAL_PAGE_H_

#include <boost/asio/io_context.hpp>
#include <chrono>

#include "io/http_server.h"
#include "keywalk/awaitable.h"
#include "mockupstream/mock_state.h"

namespace keywalk::mock {

// Confined to its io_context; `state` outlives it. No answer holds a key beyond its hint.
class JournalPage {
 public:
  // An idle tail is written a comment at each `ping`, for proxies that end silent connections.
  JournalPage(asio::io_context& context, MockState& state, std::chrono::milliseconds ping)
      : context_(context), state_(state), ping_(ping) {}

  // GET /__mock/journal: entries in order of arrival. ?format=json|ndjson, ?from=N, ?limit=N,
  // ?lane=NAME, ?scope=ID.
  Awaitable<void> Get(io::ServerExchange& exchange);

  // GET /__mock/journal/tail: Server-Sent Events, one for each entry that has ended, in that order,
  // with its sequence number as id; first those that have ended already. ?from=N, ?lane=NAME,
  // ?scope=ID; the field Last-Event-ID goes on behind that entry. An event `dropped` says how many
  // were forgotten before they could be sent. Ends with the client or the server.
  Awaitable<void> Tail(io::ServerExchange& exchange);

 private:
  asio::io_context& context_;
  MockState& state_;
  const std::chrono::milliseconds ping_;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_ADMIN_JOURNAL_PAGE_H_
