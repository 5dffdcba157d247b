// The pages under /__mock/: script, journal, verification and metrics over HTTP.
#ifndef KEYWALK_MOCKUPSTREAM_ADMIN_ADMIN_H_
#define KEYWALK_MOCKUPSTREAM_ADMIN_ADMIN_H_

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "io/http_server.h"
#include "io/token_set.h"
#include "keywalk/awaitable.h"
#include "mockupstream/admin/admin_reply.h"
#include "mockupstream/admin/journal_page.h"
#include "mockupstream/mock_state.h"

namespace keywalk::mock {

// Confined to its io_context; `state` outlives it. No answer holds a key beyond its hint.
class AdminPages {
 public:
  // Without `tokens` the pages ask for none.
  AdminPages(asio::io_context& context, MockState& state, const Secrets& tokens,
             std::chrono::milliseconds tail_ping)
      : state_(state), tokens_(tokens), journal_(context, state, tail_ping) {}

  // True for targets that are admin pages, known or not.
  static bool Owns(std::string_view target);

  Awaitable<void> Handle(io::ServerExchange& exchange);

  void set_server(const io::HttpServer* server) { server_ = server; }

 private:
  // `target` is the request's; `body` its body.
  using Page = AdminReply (AdminPages::*)(std::string_view target, const std::string& body);
  // One that answers by itself, piece by piece; the request's body has been read.
  using Stream = Awaitable<void> (JournalPage::*)(io::ServerExchange& exchange);
  struct Route;
  static const Route kRoutes[];

  // The route of a request, or null and the reply that says why not, or what there is instead.
  const Route* FindRoute(const io::RequestHead& head, AdminReply& refusal) const;

  // A page is for the scope of ?scope=ID; without it, for the default one or for the whole server.
  AdminReply GetScopes(std::string_view target, const std::string& body);
  AdminReply DeleteScope(std::string_view target, const std::string& body);
  AdminReply GetScript(std::string_view target, const std::string& body);
  AdminReply GetConnections(std::string_view target, const std::string& body);
  AdminReply PutScript(std::string_view target, const std::string& body);
  AdminReply DeleteJournal(std::string_view target, const std::string& body);
  AdminReply Reset(std::string_view target, const std::string& body);
  AdminReply Verify(std::string_view target, const std::string& body);
  AdminReply GetHealth(std::string_view target, const std::string& body);
  AdminReply GetMetrics(std::string_view target, const std::string& body);
  AdminReply GetClock(std::string_view target, const std::string& body);
  AdminReply AdvanceClock(std::string_view target, const std::string& body);

  // The scope that the query names, as it is or made anew; null, and the reply that says why not.
  std::shared_ptr<Scope> FindScope(std::string_view target, AdminReply& refusal);
  std::shared_ptr<Scope> UseScope(std::string_view target, AdminReply& refusal);

  MockState& state_;
  const io::TokenSet tokens_;
  JournalPage journal_;
  const io::HttpServer* server_ = nullptr;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_ADMIN_ADMIN_H_
