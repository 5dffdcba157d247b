#include "proxy/admin_pages.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "proxy/json_answer.h"

namespace keywalk::proxy {
namespace {

using Json = nlohmann::ordered_json;

Json DescribeKey(const KeyPool& pool, KeyIndex index, Instant now) {
  Json key = {{"hint", pool.hint(index)}, {"state", std::string(ToString(pool.state(index, now)))}};
  if (const std::optional<MarkReason> reason = pool.reason(index, now)) {
    key["reason"] = std::string(ToString(*reason));
  }
  if (const Duration left = pool.cooldown_left(index, now); left > Duration::zero()) {
    key["cooldown_left_ms"] = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  }
  return key;
}

Json DescribeRoute(const Route& route, Instant now) {
  Json described = {{"prefix", route.prefix()},
                    {"provider", std::string(route.provider().name())},
                    {"policy", route.policy()->name}};
  Json keys = Json::array();
  if (route.pool() != nullptr) {
    for (KeyIndex i = 0; i < route.pool()->size(); ++i) {
      keys.push_back(DescribeKey(*route.pool(), i, now));
    }
  }
  described["keys"] = std::move(keys);
  return described;
}

}  // namespace

std::string AdminPages::PoolPage() const {
  const Instant now = shared_.clock->now();
  Json routes = Json::array();
  const std::shared_ptr<const Generation> generation = shared_.generation();
  for (const std::unique_ptr<Route>& route : generation->routes) {
    routes.push_back(DescribeRoute(*route, now));
  }
  // A prefix is the operator's text, checked to be ASCII.
  return Json({{"routes", std::move(routes)}}).dump(2) + "\n";
}

bool AdminPages::Admits(const io::RequestHead& head) const {
  const std::shared_ptr<const Generation> generation = shared_.generation();
  return generation->admin_tokens.empty() || generation->admin_tokens.AdmitsBearer(head.headers);
}

Awaitable<void> AdminPages::Handle(io::ServerExchange& exchange) {
  const io::RequestHead& head = exchange.head();
  const std::string_view path = std::string_view(head.target).substr(0, head.target.find('?'));
  // Whether the proxy lives is no secret, and who asks for it often cannot show a token.
  if (path != "/healthz" && !Admits(head)) {
    const Refusal refusal(401, "an admin token is required");
    co_await Answer(exchange, refusal);
    co_return;
  }
  Headers headers;
  headers.Add("Cache-Control", "no-store");
  std::string body;
  int status = 200;
  if (path == "/metrics") {
    headers.Add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    body = shared_.metrics.Text();
  } else if (path == "/healthz") {
    // While draining, balancers should look elsewhere.
    const bool draining = shared_.draining.load();
    headers.Add("Content-Type", "text/plain; charset=utf-8");
    status = draining ? 503 : 200;
    body = draining ? "draining\n" : "ok\n";
  } else if (path == "/pool") {
    headers.Add("Content-Type", "application/json");
    body = PoolPage();
  } else {
    const Refusal unknown(404, "unknown page; there are /metrics, /healthz and /pool");
    co_await Answer(exchange, unknown);
    co_return;
  }
  if (head.method != "GET" && head.method != "HEAD") {
    const Refusal refusal(405, "this page can only be read");
    co_await Answer(exchange, refusal);
    co_return;
  }
  co_await exchange.Respond(status, headers, body);
}

}  // namespace keywalk::proxy
