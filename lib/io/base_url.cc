// Base URLs and the forward proxy that the environment names for them.
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <cstdlib>
#include <string>
#include <string_view>

#include "keywalk/http_transport.h"

namespace keywalk {
namespace {

constexpr std::string_view kInvalid = "invalid provider base URL";

std::string Environment(const char* upper, const char* lower) {
  for (const char* name : {upper, lower}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

// NO_PROXY: names separated by commas; "*", a host, or a domain that covers what ends in it.
bool IsExempt(std::string_view host, std::string_view exempt) {
  while (!exempt.empty()) {
    const std::size_t comma = exempt.find(',');
    std::string_view entry = TrimWhitespace(exempt.substr(0, comma));
    exempt = comma == std::string_view::npos ? std::string_view{} : exempt.substr(comma + 1);
    if (entry == "*") return true;
    if (entry.starts_with('.')) entry.remove_prefix(1);
    if (entry.empty() || host.size() < entry.size()) continue;
    const std::string_view tail = host.substr(host.size() - entry.size());
    const bool at_label =
        host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.';
    if (at_label && EqualsIgnoreCase(tail, entry)) return true;
  }
  return false;
}

}  // namespace

Result<BaseUrl> BaseUrl::Parse(std::string_view text) {
  const auto parsed = boost::urls::parse_absolute_uri(text);
  if (!parsed) return Error(std::string(kInvalid) + ": not an absolute URL");
  const boost::urls::url_view url = *parsed;
  BaseUrl base;
  if (url.scheme_id() == boost::urls::scheme::https) {
    base.tls = true;
  } else if (url.scheme_id() != boost::urls::scheme::http) {
    return Error(std::string(kInvalid) + ": the scheme must be http or https");
  }
  if (url.has_userinfo()) return Error(std::string(kInvalid) + ": it must not hold user info");
  if (url.has_query()) return Error(std::string(kInvalid) + ": it must not hold a query");
  if (url.host().empty()) return Error(std::string(kInvalid) + ": it names no host");
  const std::string_view default_port = base.tls ? "443" : "80";
  // port_number() is taken modulo 2^16.
  const bool has_port = url.has_port() && !url.port().empty();
  if (has_port && (url.port_number() == 0 || std::to_string(url.port_number()) != url.port())) {
    return Error(std::string(kInvalid) + ": the port must be from 1 to 65535");
  }
  base.host = url.host_address();
  base.port =
      url.has_port() && !url.port().empty() ? std::string(url.port()) : std::string(default_port);
  base.authority = url.encoded_host();
  if (base.port != default_port) base.authority += ":" + base.port;
  base.path = url.encoded_path();
  while (base.path.ends_with('/')) base.path.pop_back();
  return base;
}

std::string ProxyFromEnvironment(const BaseUrl& base) {
  if (!base.tls) return {};
  if (IsExempt(base.host, Environment("NO_PROXY", "no_proxy"))) return {};
  return Environment("HTTPS_PROXY", "https_proxy");
}

}  // namespace keywalk
