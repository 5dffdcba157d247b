#include "proxy/forwarded_headers.h"

#include <algorithm>
#include <array>
#include <optional>

#include "io/http1_writer.h"

namespace keywalk::proxy {
namespace {

constexpr std::string_view kUserAgent = "keywalk-proxy/" KEYWALK_VERSION;
constexpr std::string_view kForwardedFor = "X-Forwarded-For";
constexpr std::string_view kForwardedHost = "X-Forwarded-Host";
constexpr std::string_view kForwardedProto = "X-Forwarded-Proto";

// Answered by us or written anew; the hop-by-hop and framing fields are the transport's knowledge.
constexpr std::array<std::string_view, 5> kNotCopied = {"Expect", "Host", kForwardedFor,
                                                        kForwardedHost, kForwardedProto};

bool IsCopied(const Headers& received, bool has_connection, std::string_view name) {
  const auto same = [name](std::string_view other) {
    return name.size() == other.size() && EqualsIgnoreCase(name, other);
  };
  if (io::IsHopByHop(name) || std::ranges::any_of(kNotCopied, same)) return false;
  return !has_connection || !received.HasToken("Connection", name);
}

// The chain that was there, however many fields it was spread over, and the peer at its end.
std::string ForwardedFor(const Headers& received, std::string_view peer) {
  std::string chain;
  for (const Headers::Field field : received) {
    if (!EqualsIgnoreCase(field.name, kForwardedFor)) continue;
    const std::string_view value = TrimWhitespace(field.value);
    if (!value.empty()) chain.append(value).append(", ");
  }
  return chain.append(peer);
}

}  // namespace

Headers ForwardedHeaders(const Headers& received, const ClientSide& client, std::string_view host) {
  Headers headers;
  constexpr std::size_t kAdded = 5;
  constexpr std::size_t kAddedBytes = 192;  // their names, an address and our own name
  headers.Reserve(received.size() + kAdded, received.text_bytes() + host.size() + kAddedBytes);
  headers.Add("Host", host);
  const bool has_connection = received.Contains("Connection");
  bool has_user_agent = false;
  for (const Headers::Field field : received) {
    if (!IsCopied(received, has_connection, field.name)) continue;
    headers.AddField(field);
    has_user_agent = has_user_agent || EqualsIgnoreCase(field.name, "User-Agent");
  }
  if (!has_user_agent) headers.Add("User-Agent", kUserAgent);
  headers.Add(kForwardedFor, ForwardedFor(received, client.address));
  if (const std::optional<std::string_view> named = received.Find("Host")) {
    headers.Add(kForwardedHost, *named);
  }
  headers.Add(kForwardedProto, client.tls ? "https" : "http");
  return headers;
}

bool IsWebSocketUpgrade(const Headers& received) noexcept {
  return received.HasToken("Upgrade", "websocket") && received.HasToken("Connection", "upgrade");
}

}  // namespace keywalk::proxy
