// The pages under /__mock/: script, journal, verification and metrics over HTTP.
#ifndef KEYWALK_MOCKUPSTREAM_ADMIN_H_
#define KEYWALK_MOCKUPSTREAM_ADMIN_H_

#include <string>
#include <string_view>

#include "io/http_server.h"
#include "keywalk/awaitable.h"
#include "mockupstream/mock_state.h"

namespace keywalk::mock {

// An admin page's answer.
class AdminReply {
 public:
  AdminReply() = default;

  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

// Confined to its io_context; `state` outlives it. No answer holds a key beyond its hint.
class AdminPages {
 public:
  explicit AdminPages(MockState& state) : state_(state) {}

  // True for targets that are admin pages, known or not.
  static bool Owns(std::string_view target);

  Awaitable<void> Handle(io::ServerExchange& exchange);

  void set_server(const io::HttpServer* server) { server_ = server; }

 private:
  // `target` is the request's; `body` its body.
  using Page = AdminReply (AdminPages::*)(std::string_view target, const std::string& body);
  struct Route;
  static const Route kRoutes[];

  AdminReply Dispatch(const io::RequestHead& head, const std::string& body, std::string& allow);

  AdminReply GetScript(std::string_view target, const std::string& body);
  AdminReply PutScript(std::string_view target, const std::string& body);
  AdminReply GetJournal(std::string_view target, const std::string& body);
  AdminReply DeleteJournal(std::string_view target, const std::string& body);
  AdminReply Reset(std::string_view target, const std::string& body);
  AdminReply Verify(std::string_view target, const std::string& body);
  AdminReply GetHealth(std::string_view target, const std::string& body);
  AdminReply GetMetrics(std::string_view target, const std::string& body);
  AdminReply GetClock(std::string_view target, const std::string& body);

  MockState& state_;
  const io::HttpServer* server_ = nullptr;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_ADMIN_H_
