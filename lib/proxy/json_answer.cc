#include "proxy/json_answer.h"

#include <nlohmann/json.hpp>

namespace keywalk::proxy {

Awaitable<error_code> Answer(io::ServerExchange& exchange, const Refusal& refusal) {
  const nlohmann::json json = {{"error", {{"message", refusal.message()}}}};
  const std::string body = json.dump() + "\n";
  Headers headers;
  headers.Add("Content-Type", "application/json");
  // RFC 9110 section 15.5.2 asks for a challenge, section 15.5.6 for the methods.
  if (refusal.status() == 401) headers.Add("WWW-Authenticate", "Bearer");
  if (refusal.status() == 405) headers.Add("Allow", "GET, HEAD");
  co_return co_await exchange.Respond(refusal.status(), headers, body);
}

}  // namespace keywalk::proxy
