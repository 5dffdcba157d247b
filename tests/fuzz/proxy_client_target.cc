// Goal: whatever a client sends, the proxy sends well-formed requests on, with one credential each;
// it answers each request once at most, shows no key, and has nothing left running in the end.
// Method: the server, the handler and the transports that the proxy runs, over connections in
// memory; once with all bytes at once, once in small pieces, which must make no difference.
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/http_transport.h"
#include "keywalk/config.h"
#include "keywalk/provider.h"
#include "proxy/proxy_handler.h"
#include "tests/fuzz/answering_upstream.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/memory_connector.h"
#include "tests/fuzz/server_run.h"
#include "tests/fuzz/target.h"

namespace keywalk::fuzz {
namespace {

using proxy::ProxyConfig;
using proxy::ProxyShared;
using testing::MemoryStreamOptions;

constexpr std::string_view kToken = "token-of-a-client";
constexpr std::size_t kMaxHeaderBytes = 4096;

enum class Setup { kOpen, kTokens };

ProxyConfig ConfigOf(Setup setup) {
  static const auto kPolicy = std::make_shared<const Policy>(*LoadPolicy("every-clause"));
  ProxyConfig config;
  proxy::RouteConfig route;
  route.provider = FindProvider("openai");
  route.base_url = "http://upstream.test/v1";
  route.policy = kPolicy;
  route.keys = {std::string(kFirstKey), std::string(kSecondKey)};
  config.routes.push_back(std::move(route));
  config.limits.max_header_bytes = kMaxHeaderBytes;
  config.limits.max_body_bytes = 64 * 1024;
  if (setup == Setup::kTokens) {
    config.client_tokens = {std::string(kToken)};
    config.body.mode = BodyMode::kStream;
  }
  return config;
}

// What came of a client's bytes.
struct Seen {
  std::vector<StrictMessage> answers;
  std::vector<StrictMessage> requests;  // that the upstream got
};

void CheckLogLine(std::string_view line, Setup setup) {
  ExpectNoKey(line);
  const bool shows_token = setup == Setup::kTokens && line.find(kToken) != line.npos;
  Expect(!shows_token, "no client token is logged", line);
  Expect(line.find('\n') == line.npos, "a log line is one line", line);
}

// What is glued to it is a word that nobody could know.
bool HasTokenAsWord(std::string_view value) {
  const auto ends = [value](std::size_t at) {
    return at >= value.size() || std::string_view(" \t,").find(value[at]) != std::string_view::npos;
  };
  for (std::size_t at = value.find(kToken); at != value.npos; at = value.find(kToken, at + 1)) {
    if ((at == 0 || ends(at - 1)) && ends(at + kToken.size())) return true;
  }
  return false;
}

bool IsCredentialHeader(std::string_view name) {
  return std::ranges::any_of(CredentialHeaders(), [name](std::string_view known) {
    return EqualsIgnoreCase(name, known);
  });
}

// Whose credential an upstream's request carries. `has_token`: the client may have sent one.
void CheckCredential(const StrictMessage& request, Setup setup, bool has_token) {
  std::size_t own = 0;
  std::size_t credentials = 0;
  for (const auto& [name, value] : request.fields) {
    own += RevealsKey(value) ? 1 : 0;
    if (!IsCredentialHeader(name)) continue;
    ++credentials;
    const bool passed = setup == Setup::kTokens && HasTokenAsWord(value);
    Expect(!passed, "a client token is no credential of the upstream", name + ": " + value);
  }
  Expect(own <= 1, "at most one field holds a key of the pool");
  if (own == 0) return;
  Expect(setup == Setup::kOpen || has_token, "without a client token no key of the pool is used");
  Expect(RevealsKey(request.Find("Authorization")), "the pool's key is in the provider's field");
  Expect(credentials == 1, "no credential of the client is beside the pool's");
}

// Where only the connection's end tells the client that an answer is whole.
void CheckEnd(const ServerRun& run, const StrictMessage& last) {
  if (!last.until_close) return;
  Expect(run.was_reset() == (last.body != kWholeBody),
         "an answer that ends with its connection ends in order if it is whole, else by a reset",
         run.output());
}

Seen PlayClient(std::string_view input, Setup setup, MemoryStreamOptions options) {
  asio::io_context context;
  AnsweringUpstream upstream(context, options);
  auto made = ProxyShared::Make(
      ConfigOf(setup), std::make_shared<ManualClock>(),
      [setup](proxy::LogLevel, std::string_view line) { CheckLogLine(line, setup); });
  ProxyShared& shared = **made;
  shared.listen_address = "127.0.0.1:8080";
  Seen seen;
  {
    const std::shared_ptr<const proxy::Generation> generation = shared.generation();
    const proxy::Route& route = *generation->routes.front();
    HttpTransportOptions http;
    http.base = *route.base();
    http.max_header_bytes = kMaxHeaderBytes;
    std::vector<proxy::RouteTransports> transports;
    transports.push_back(proxy::MakeRouteTransports(
        shared, *generation, route,
        io::NewHttpTransport(
            context, std::move(http),
            std::make_unique<MemoryConnector>([&upstream] { return upstream.Open(); }))));
    proxy::ProxyHandler handler(
        shared, std::make_shared<proxy::Serving>(generation, std::move(transports)));
    ServerRun run(context, handler, options);
    run.Serve(input, [&] {
      // A request may be tried with each key, and each attempt be met with silence.
      while (upstream.ExpireAll()) Settle(context);
    });
    ExpectNoKey(run.output());
    seen.answers = run.Answers();
    if (!seen.answers.empty()) CheckEnd(run, seen.answers.back());
    // What the server refuses by itself. Of a head that is wrong and never ends, it depends on how
    // it comes whether it is seen to be wrong, or waited for.
    if (seen.answers.size() > run.methods().size()) seen.answers.pop_back();
  }
  Settle(context);
  Expect(upstream.all_closed(), "no upstream connection outlives its transport");
  Expect(context.stopped(), "nothing is left to be done");
  seen.requests = upstream.requests();
  const bool has_token = input.find(kToken) != input.npos;
  for (const StrictMessage& request : seen.requests) CheckCredential(request, setup, has_token);
  return seen;
}

std::string Listed(const Seen& seen) {
  std::string text;
  for (const StrictMessage& answer : seen.answers) {
    text += "answer " + answer.second + " " + answer.body + "\n";
  }
  for (const StrictMessage& request : seen.requests) {
    text += request.first + " " + request.second + " " + request.body + "\n";
    for (const auto& [name, value] : request.fields) text += name + ": " + value + "\n";
  }
  return text;
}

}  // namespace

void FuzzProxyClient(std::string_view input) {
  // What a client sends of the keys itself is its own to see.
  if (RevealsKey(input)) return;
  constexpr MemoryStreamOptions kPieces{3, false};
  const Seen whole = PlayClient(input, Setup::kOpen, {});
  const Seen pieces = PlayClient(input, Setup::kOpen, kPieces);
  Expect(Listed(whole) == Listed(pieces), "how bytes arrive changes nothing",
         Listed(whole) + "--- in pieces:\n" + Listed(pieces));
  PlayClient(input, Setup::kTokens, {});
  PlayClient(input, Setup::kTokens, kPieces);
}

}  // namespace keywalk::fuzz
