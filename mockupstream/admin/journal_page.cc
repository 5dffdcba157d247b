#include "mockupstream/admin/journal_page.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>
#include <cstdint>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/deadline.h"
#include "mockupstream/admin/admin_reply.h"
#include "mockupstream/script/sse.h"

namespace keywalk::mock {
namespace {

// Small: while a piece is written as JSON, the server's thread does nothing else.
constexpr JournalPiece kPiece{.max_entries = 64, .max_bytes = 256 * 1024};

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

// The parameters that both pages have.
JournalFilter ReadFilter(AdminQuery& query) {
  JournalFilter filter;
  filter.from = query.Number("from").value_or(0);
  filter.lane = query.Text("lane");
  filter.scope = query.Scope();
  return filter;
}

Awaitable<void> Refuse(io::ServerExchange& exchange, const std::string& problem) {
  const AdminReply reply = ErrorReply(400, problem);
  const Headers headers = reply.headers();
  co_await exchange.Respond(reply.status, headers, reply.body);
}

Headers StreamHeaders(std::string_view content_type) {
  return {{"Content-Type", content_type}, {"Cache-Control", "no-store"}};
}

// The last event that an EventSource has seen, when it comes again.
std::optional<std::uint64_t> LastEventId(const Headers& headers) {
  const std::optional<std::string_view> text = headers.Find("Last-Event-ID");
  if (!text) return std::nullopt;
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), id);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return id;
}

// Where a tail is, and what it has still to be told.
struct TailState {
  JournalFilter filter;
  std::uint64_t place = 0;
  std::uint64_t missed = 0;
};

TailState StartTail(const JournalStore& journal, const Headers& headers, AdminQuery& query) {
  TailState tail;
  const bool asked_for = query.Number("from").has_value();
  tail.filter = ReadFilter(query);
  tail.place = journal.first_place();
  std::uint64_t wanted = tail.filter.from;
  const std::optional<std::uint64_t> seen = LastEventId(headers);
  if (seen) {
    if (const auto behind = journal.PlaceBehind(*seen)) {
      tail.place = *behind;
      return tail;
    }
    wanted = *seen < journal.next() ? *seen + 1 : 0;  // an id of another server says nothing
  }
  // Without a wish there is nothing to be missed of what was before.
  if (!asked_for && !seen) return tail;
  JournalFilter range = tail.filter;
  range.from = wanted;
  tail.missed = journal.DroppedOf(range);
  return tail;
}

std::string TailText(const JournalStore::Ended& ended, std::uint64_t missed,
                     const SecretMasker& masker) {
  std::string text;
  if (missed > 0) {
    SseEvent event;
    event.event = "dropped";
    event.data = DumpJson({{"count", missed}});
    text += EncodeSse(event);
  }
  for (const JournalEntry& entry : ended.entries) {
    SseEvent event;
    event.data = DumpJson(ToJson(entry, masker));
    text += "id: " + std::to_string(entry.sequence) + "\n" + EncodeSse(event);
  }
  return text;
}

}  // namespace

Awaitable<void> JournalPage::Get(io::ServerExchange& exchange) {
  AdminQuery query(exchange.head().target);
  const bool ndjson = query.Choice("format", {"json", "ndjson"}) == "ndjson";
  JournalFilter filter = ReadFilter(query);
  filter.until = state_.journal.next();  // or a busy server's page would never end
  std::uint64_t left = query.Number("limit").value_or(kNoLimit);
  if (left == 0) filter.until = 0;
  if (const std::optional<std::string> problem = query.Problem()) {
    co_await Refuse(exchange, *problem);
    co_return;
  }
  const Headers headers = StreamHeaders(ndjson ? "application/x-ndjson" : "application/json");
  error_code code = co_await exchange.StartResponse(200, "", headers, std::nullopt);
  const SecretMasker masker = state_.scopes.masker();
  std::string text = ndjson ? "" : "[";
  std::string_view separator;
  bool more = exchange.head().method != "HEAD";
  while (!code && more) {
    JournalPiece piece = kPiece;
    piece.max_entries = static_cast<std::size_t>(std::min<std::uint64_t>(left, kPiece.max_entries));
    const std::vector<JournalEntry> entries = state_.journal.Read(filter, piece);
    for (const JournalEntry& entry : entries) {
      text.append(separator).append(DumpJson(ToJson(entry, masker)));
      if (ndjson) text += "\n";
      separator = ndjson ? "" : ",\n";
    }
    left -= entries.size();
    more = left > 0 && !entries.empty();
    if (!more && !ndjson) text += "]\n";
    code = co_await exchange.WriteBody(text);
    text.clear();
  }
  const Headers no_trailers;
  if (!code) co_await exchange.FinishResponse(no_trailers);
}

Awaitable<void> JournalPage::Tail(io::ServerExchange& exchange) {
  AdminQuery query(exchange.head().target);
  TailState tail = StartTail(state_.journal, exchange.head().headers, query);
  if (const std::optional<std::string> problem = query.Problem()) {
    co_await Refuse(exchange, *problem);
    co_return;
  }
  const Headers headers = StreamHeaders("text/event-stream");
  error_code code = co_await exchange.StartResponse(200, "", headers, std::nullopt);
  if (exchange.head().method == "HEAD") co_return;

  exchange.WatchClient();
  Cancellation& gone = exchange.client_gone();
  const auto timer = std::make_shared<io::SteadyTimer>(context_.get_executor());
  const Cancellation::Scope on_gone(gone, [&timer] { timer->cancel(); });
  JournalWatch watch(state_.journal, [this, weak = std::weak_ptr(timer)] {
    asio::post(context_, [weak] {
      if (const auto waiting = weak.lock()) waiting->cancel();
    });
  });
  while (!code && !gone.requested()) {
    const JournalStore::Ended ended = state_.journal.ReadEnded(tail.place, tail.filter, kPiece);
    tail.place = ended.next;
    tail.missed += ended.missed;
    // Made of all keys there are: not for a wake that has nothing to tell.
    const SecretMasker masker = ended.entries.empty() ? SecretMasker() : state_.scopes.masker();
    std::string text = TailText(ended, std::exchange(tail.missed, 0), masker);
    if (text.empty() && watch.Arm(tail.place)) {
      timer->expires_after(ping_);
      const auto [woken] = co_await timer->async_wait(kAwaitTuple);
      if (!woken) text = ": ping\n\n";
    }
    code = co_await exchange.WriteBody(text);
  }
}

}  // namespace keywalk::mock
