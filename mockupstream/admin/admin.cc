#include "mockupstream/admin/admin.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "mockupstream/journal/verify.h"
#include "mockupstream/journal/verify_state.h"
#include "mockupstream/script/known_names.h"
#include "mockupstream/script/script_fault.h"
#include "mockupstream/script/script_json.h"
#include "mockupstream/serve/request_body.h"

namespace keywalk::mock {
namespace {

using nlohmann::json;

constexpr std::string_view kPrefix = "/__mock";
constexpr std::string_view kHealthPath = "/__mock/healthz";
constexpr std::uint64_t kMaxAdminBodyBytes = 64ull * 1024 * 1024;

// ?scope=ID; empty without it; nullopt and the reply that says why if the query is wrong.
std::optional<std::string> ScopeParameter(std::string_view target, AdminReply& refusal) {
  AdminQuery query(target);
  std::string id = query.Scope().value_or("");
  if (const auto problem = query.Problem()) {
    refusal = ErrorReply(400, *problem);
    return std::nullopt;
  }
  return id;
}

}  // namespace

struct AdminPages::Route {
  std::string_view method;
  std::string_view path;
  Page page;  // null: `stream`
  Stream stream = nullptr;
};

const AdminPages::Route AdminPages::kRoutes[] = {
    {"GET", "/__mock/script", &AdminPages::GetScript},
    {"PUT", "/__mock/script", &AdminPages::PutScript},
    {"GET", "/__mock/connections", &AdminPages::GetConnections},
    {"GET", "/__mock/journal", nullptr, &JournalPage::Get},
    {"DELETE", "/__mock/journal", &AdminPages::DeleteJournal},
    {"GET", "/__mock/journal/tail", nullptr, &JournalPage::Tail},
    {"POST", "/__mock/reset", &AdminPages::Reset},
    {"POST", "/__mock/verify", &AdminPages::Verify},
    {"GET", kHealthPath, &AdminPages::GetHealth},
    {"GET", "/__mock/metrics", &AdminPages::GetMetrics},
    {"GET", "/__mock/clock", &AdminPages::GetClock},
    {"POST", "/__mock/clock", &AdminPages::AdvanceClock},
    {"GET", "/__mock/scopes", &AdminPages::GetScopes},
    {"DELETE", "/__mock/scopes", &AdminPages::DeleteScope},
};

bool AdminPages::Owns(std::string_view target) {
  const std::string_view path = PathOf(target);
  return path.starts_with(kPrefix) &&
         (path.size() == kPrefix.size() || path[kPrefix.size()] == '/');
}

Awaitable<void> AdminPages::Handle(io::ServerExchange& exchange) {
  AdminReply reply;
  const Route* const route = FindRoute(exchange.head(), reply);
  BodyRecord record;
  const std::string body = co_await ReadRequestText(exchange, kMaxAdminBodyBytes, record);
  if (!record.complete) {
    exchange.CloseAfterResponse();
    const bool too_large = record.refusal == 413;
    reply = ErrorReply(too_large ? 413 : 400,
                       too_large ? "the body is larger than 64 MiB" : "the body could not be read");
  } else if (route != nullptr && route->stream != nullptr) {
    co_await (journal_.*route->stream)(exchange);
    co_return;
  } else if (route != nullptr) {
    reply = (this->*route->page)(exchange.head().target, body);
  }
  const Headers headers = reply.headers();
  // A client that does not take its answer is the connection's matter.
  co_await exchange.Respond(reply.status, headers, reply.body);
}

const AdminPages::Route* AdminPages::FindRoute(const io::RequestHead& head,
                                               AdminReply& refusal) const {
  const std::string_view path = PathOf(head.target);
  // Whether the server lives is no secret, and who asks for it often cannot show a token.
  if (!tokens_.empty() && path != kHealthPath && !tokens_.AdmitsBearer(head.headers)) {
    refusal = ErrorReply(401, "an admin token is required");
    return nullptr;
  }
  const std::string_view method = head.method == "HEAD" ? "GET" : std::string_view(head.method);
  std::string allow;
  for (const Route& route : kRoutes) {
    if (route.path != path) continue;
    if (route.method == method) return &route;
    allow += (allow.empty() ? "" : ", ") + std::string(route.method);
  }
  if (!allow.empty()) {
    refusal = ErrorReply(405, "this page knows " + allow);
    refusal.allow = std::move(allow);
    return nullptr;
  }
  json paths = json::array();
  for (const Route& route : kRoutes) {
    paths.push_back(std::string(route.method) + " " + std::string(route.path));
  }
  refusal = JsonReply(404, {{"error", {{"message", "no such admin page"}, {"pages", paths}}}});
  return nullptr;
}

std::shared_ptr<Scope> AdminPages::FindScope(std::string_view target, AdminReply& refusal) {
  const std::optional<std::string> id = ScopeParameter(target, refusal);
  if (!id) return nullptr;
  std::shared_ptr<Scope> scope = state_.scopes.Find(*id);
  if (!scope) refusal = ErrorReply(404, "scope: nobody has used a scope of this name");
  return scope;
}

std::shared_ptr<Scope> AdminPages::UseScope(std::string_view target, AdminReply& refusal) {
  const std::optional<std::string> id = ScopeParameter(target, refusal);
  if (!id) return nullptr;
  std::shared_ptr<Scope> scope = state_.scopes.Use(*id);
  if (!scope) refusal = ErrorReply(409, TooManyScopes(state_.scopes.max_scopes()));
  return scope;
}

AdminReply AdminPages::GetScopes(std::string_view target, const std::string&) {
  if (const auto problem = AdminQuery(target).Problem()) return ErrorReply(400, *problem);
  const SecretMasker masker = state_.scopes.masker();
  json list = json::array();
  for (const std::shared_ptr<Scope>& scope : state_.scopes.Named()) {
    list.push_back({{"scope", masker.Mask(scope->id())},
                    {"served", scope->lanes().served()},
                    {"now_ms", scope->clock.now_ms()}});
  }
  return JsonReply(200, {{"scopes", std::move(list)}, {"max_scopes", state_.scopes.max_scopes()}});
}

AdminReply AdminPages::DeleteScope(std::string_view target, const std::string&) {
  AdminReply refusal;
  const std::optional<std::string> id = ScopeParameter(target, refusal);
  if (!id) return refusal;
  if (id->empty()) return ErrorReply(400, "scope: which one? DELETE /__mock/scopes?scope=ID");
  if (!state_.scopes.Forget(*id)) {
    return ErrorReply(404, "scope: nobody has used a scope of this name");
  }
  state_.journal.Clear(*id);
  return JsonReply(200, {{"ok", true}});
}

AdminReply AdminPages::GetScript(std::string_view target, const std::string&) {
  AdminReply refusal;
  const std::shared_ptr<Scope> scope = FindScope(target, refusal);
  return scope ? JsonReply(200, LanesJson(scope->lanes())) : refusal;
}

AdminReply AdminPages::PutScript(std::string_view target, const std::string& body) {
  Result<Script> script = ParseScript(body, "script");
  if (!script.ok()) return ErrorReply(400, script.error().message());
  const std::size_t lanes = script->lanes.size() + (script->default_lane ? 1 : 0);
  AdminReply refusal;
  const std::optional<std::string> id = ScopeParameter(target, refusal);
  if (!id) return refusal;
  if (!id->empty() && !script->connections.steps.empty()) {
    return ErrorReply(400, "script: /connections: belongs to the server, not to a scope");
  }
  const std::shared_ptr<Scope> scope = UseScope(target, refusal);
  if (!scope) return refusal;
  if (scope->id().empty()) {
    state_.Replace(std::move(*script));
  } else {
    scope->lanes().Replace(std::move(*script));
  }
  return JsonReply(200, {{"ok", true}, {"lanes", lanes}});
}

AdminReply AdminPages::DeleteJournal(std::string_view target, const std::string&) {
  AdminQuery query(target);
  const std::optional<std::string> scope = query.Scope();
  if (const auto problem = query.Problem()) return ErrorReply(400, *problem);
  state_.journal.Clear(scope);
  return JsonReply(200, {{"ok", true}});
}

AdminReply AdminPages::Reset(std::string_view target, const std::string&) {
  AdminQuery query(target);
  const std::optional<std::string> named = query.Scope();
  if (const auto problem = query.Problem()) return ErrorReply(400, *problem);
  // One that nobody has used is at its start.
  const std::shared_ptr<Scope> scope = state_.scopes.Find(named.value_or(""));
  if (scope) scope->lanes().Reset();
  if (!named) {
    state_.connections.Reset();
    state_.scopes.ForgetAll();
  }
  state_.journal.Clear(named);
  return JsonReply(200, {{"ok", true}});
}

AdminReply AdminPages::Verify(std::string_view target, const std::string& body) {
  AdminQuery query(target);
  const std::uint64_t from = query.Number("from").value_or(0);
  std::optional<std::string> scope = query.Scope();
  if (const auto problem = query.Problem()) return ErrorReply(400, *problem);
  Result<Expectation> expectation = ParseExpectation(body, "verify");
  if (!expectation.ok()) {
    return ErrorReply(400, state_.scopes.masker().Mask(expectation.error().message()));
  }
  expectation->from = from;
  expectation->scope = std::move(scope);
  const VerifyResult result = VerifyState(state_, *expectation);
  return JsonReply(result.ok() ? 200 : 409, ToJson(result));
}

AdminReply AdminPages::GetConnections(std::string_view, const std::string&) {
  const SecretMasker masker = state_.scopes.masker();
  json list = json::array();
  for (const AcceptFaultReport& report : state_.connections.Report()) {
    list.push_back({{"step", report.step},
                    {"fault", FaultJson(report.fault, masker)},
                    {"fired", report.fired},
                    {"state", report.fired > 0 ? "fired" : "not_reached"}});
  }
  return JsonReply(200, list);
}

AdminReply AdminPages::GetHealth(std::string_view, const std::string&) {
  return JsonReply(200, {{"ok", true}});
}

AdminReply AdminPages::GetMetrics(std::string_view, const std::string&) {
  AdminReply reply;
  reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  const std::size_t open = server_ == nullptr ? 0 : server_->open_connections();
  const Gauges gauges{open, state_.journal.dropped()};
  reply.body = state_.scopes.masker().Mask(state_.metrics.Text(gauges));
  return reply;
}

AdminReply AdminPages::GetClock(std::string_view target, const std::string&) {
  AdminReply refusal;
  const std::shared_ptr<Scope> scope = FindScope(target, refusal);
  return scope ? JsonReply(200, {{"now_ms", scope->clock.now_ms()}}) : refusal;
}

AdminReply AdminPages::AdvanceClock(std::string_view target, const std::string& body) {
  config::JsonProblems problems("clock");
  problems.MaskNamesUnless([](std::string_view, std::string_view name) {
    constexpr std::string_view kKnown[] = {"advance_ms"};
    return IsNearName(name, kKnown);
  });
  const json root = config::ParseJson(body, problems);
  config::ObjectReader object(root, "", problems);
  const std::chrono::milliseconds by(
      object.RequiredInteger("advance_ms", {0, MockClock::kMaxAdvance.count()}));
  object.Finish();
  if (problems.any()) return ErrorReply(400, problems.error().message());
  AdminReply refusal;
  const std::shared_ptr<Scope> scope = UseScope(target, refusal);
  if (!scope) return refusal;
  if (!scope->clock.Advance(by)) {
    return ErrorReply(400, "advance_ms: beyond what a clock can be advanced in all");
  }
  return JsonReply(200, {{"now_ms", scope->clock.now_ms()}});
}

}  // namespace keywalk::mock
