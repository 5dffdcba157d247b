#include "mockupstream/admin.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "config/json_reader.h"
#include "mockupstream/credential.h"
#include "mockupstream/request_body.h"
#include "mockupstream/script_json.h"

namespace keywalk::mock {
namespace {

using nlohmann::json;

constexpr std::string_view kPrefix = "/__mock";
constexpr std::uint64_t kMaxAdminBodyBytes = 64ull * 1024 * 1024;

// Header values and paths may hold bytes that are not UTF-8.
std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

AdminReply JsonReply(int status, const json& value) {
  AdminReply reply;
  reply.status = status;
  reply.body = Dump(value) + "\n";
  return reply;
}

AdminReply ErrorReply(int status, std::string_view message) {
  return JsonReply(status, {{"error", {{"message", message}}}});
}

std::string_view PathOf(std::string_view target) { return target.substr(0, target.find('?')); }

// ?from=N; 0 without it; nullopt if it is not a number.
std::optional<std::uint64_t> FromParameter(std::string_view target) {
  const std::string_view text = QueryParameter(target, "from");
  if (text.data() == nullptr) return 0;
  std::uint64_t from = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), from);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return from;
}

}  // namespace

struct AdminPages::Route {
  std::string_view method;
  std::string_view path;
  Page page;
};

const AdminPages::Route AdminPages::kRoutes[] = {
    {"GET", "/__mock/script", &AdminPages::GetScript},
    {"PUT", "/__mock/script", &AdminPages::PutScript},
    {"GET", "/__mock/journal", &AdminPages::GetJournal},
    {"DELETE", "/__mock/journal", &AdminPages::DeleteJournal},
    {"POST", "/__mock/reset", &AdminPages::Reset},
    {"POST", "/__mock/verify", &AdminPages::Verify},
    {"GET", "/__mock/healthz", &AdminPages::GetHealth},
    {"GET", "/__mock/metrics", &AdminPages::GetMetrics},
    {"GET", "/__mock/clock", &AdminPages::GetClock},
};

bool AdminPages::Owns(std::string_view target) {
  const std::string_view path = PathOf(target);
  return path.starts_with(kPrefix) &&
         (path.size() == kPrefix.size() || path[kPrefix.size()] == '/');
}

Awaitable<void> AdminPages::Handle(io::ServerExchange& exchange) {
  BodyRecord record;
  const std::string body = co_await ReadRequestText(exchange, kMaxAdminBodyBytes, record);
  AdminReply reply;
  std::string allow;
  if (record.complete) {
    reply = Dispatch(exchange.head(), body, allow);
  } else {
    exchange.CloseAfterResponse();
    const bool too_large = record.refusal == 413;
    reply = ErrorReply(too_large ? 413 : 400,
                       too_large ? "the body is larger than 64 MiB" : "the body could not be read");
  }
  Headers headers{{"Content-Type", reply.content_type}, {"Cache-Control", "no-store"}};
  if (!allow.empty()) headers.Add("Allow", allow);
  // A client that does not take its answer is the connection's matter.
  co_await exchange.Respond(reply.status, headers, reply.body);
}

AdminReply AdminPages::Dispatch(const io::RequestHead& head, const std::string& body,
                                std::string& allow) {
  const std::string_view path = PathOf(head.target);
  const std::string_view method = head.method == "HEAD" ? "GET" : std::string_view(head.method);
  for (const Route& route : kRoutes) {
    if (route.path != path) continue;
    if (route.method == method) return (this->*route.page)(head.target, body);
    allow += (allow.empty() ? "" : ", ") + std::string(route.method);
  }
  if (!allow.empty()) return ErrorReply(405, "this page knows " + allow);
  json paths = json::array();
  for (const Route& route : kRoutes) {
    paths.push_back(std::string(route.method) + " " + std::string(route.path));
  }
  return JsonReply(404, {{"error", {{"message", "no such admin page"}, {"pages", paths}}}});
}

AdminReply AdminPages::GetScript(std::string_view, const std::string&) {
  return JsonReply(200, LanesJson(state_.lanes));
}

AdminReply AdminPages::PutScript(std::string_view, const std::string& body) {
  Result<Script> script = ParseScript(body, "script");
  if (!script.ok()) return ErrorReply(400, script.error().message());
  const std::size_t lanes = script->lanes.size() + (script->default_lane ? 1 : 0);
  state_.lanes.Replace(std::move(*script));
  return JsonReply(200, {{"ok", true}, {"lanes", lanes}});
}

AdminReply AdminPages::GetJournal(std::string_view target, const std::string&) {
  const std::optional<std::uint64_t> from = FromParameter(target);
  if (!from) return ErrorReply(400, "from: expected a sequence number");
  const std::string_view format = QueryParameter(target, "format");
  if (!format.empty() && format != "json" && format != "ndjson") {
    return ErrorReply(400, "format: expected json or ndjson");
  }
  const bool ndjson = format == "ndjson";
  const SecretMasker masker = state_.lanes.masker();
  AdminReply reply;
  if (ndjson) reply.content_type = "application/x-ndjson";
  // Line by line: a whole document of a large journal would take its memory several times.
  std::string_view separator = ndjson ? "" : "[";
  for (const JournalEntry& entry : state_.journal.From(*from)) {
    reply.body += separator;
    reply.body += Dump(ToJson(entry, masker));
    separator = ndjson ? "\n" : ",\n";
  }
  if (ndjson) {
    if (!reply.body.empty()) reply.body += "\n";
  } else {
    reply.body += reply.body.empty() ? "[]\n" : "]\n";
  }
  return reply;
}

AdminReply AdminPages::DeleteJournal(std::string_view, const std::string&) {
  state_.journal.Clear();
  return JsonReply(200, {{"ok", true}});
}

AdminReply AdminPages::Reset(std::string_view, const std::string&) {
  state_.lanes.Reset();
  state_.journal.Clear();
  return JsonReply(200, {{"ok", true}});
}

AdminReply AdminPages::Verify(std::string_view, const std::string& body) {
  config::JsonProblems problems("verify");
  const json root = config::ParseJson(body, problems);
  config::ObjectReader object(root, "", problems);
  object.RequiredArray("sequence");
  const std::vector<std::string> expected = object.Strings("sequence");
  object.Finish();
  if (problems.any())
    return ErrorReply(400, state_.lanes.masker().Mask(problems.error().message()));

  std::vector<std::string> actual;
  for (JournalEntry& entry : state_.journal.From(0)) actual.push_back(std::move(entry.lane));
  if (actual == expected) return JsonReply(200, {{"ok", true}});

  const auto differing =
      std::mismatch(expected.begin(), expected.end(), actual.begin(), actual.end());
  const SecretMasker masker = state_.lanes.masker();
  const auto masked = [&masker](std::vector<std::string> lanes) {
    for (std::string& lane : lanes) lane = masker.Mask(lane);
    return lanes;
  };
  return JsonReply(409, {{"ok", false},
                         {"expected", masked(expected)},
                         {"actual", masked(actual)},
                         {"first_difference", differing.first - expected.begin()}});
}

AdminReply AdminPages::GetHealth(std::string_view, const std::string&) {
  return JsonReply(200, {{"ok", true}});
}

AdminReply AdminPages::GetMetrics(std::string_view, const std::string&) {
  AdminReply reply;
  reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  const std::size_t open = server_ == nullptr ? 0 : server_->open_connections();
  const Gauges gauges{open, state_.journal.dropped()};
  reply.body = state_.lanes.masker().Mask(state_.metrics.Text(gauges));
  return reply;
}

AdminReply AdminPages::GetClock(std::string_view, const std::string&) {
  return JsonReply(200, {{"now_ms", state_.now_ms()}});
}

}  // namespace keywalk::mock
