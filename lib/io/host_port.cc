#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/byte_set.h"
#include "io/http_server.h"

namespace keywalk::io {

Result<HostPort> ParseHostPort(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  std::string_view host = address.substr(0, colon);
  const std::string_view port =
      colon == std::string_view::npos ? std::string_view() : address.substr(colon + 1);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  unsigned number = 0;
  const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool port_ok =
      ec == std::errc() && end == port.data() + port.size() && !port.empty() && number <= 65535;
  if (host.empty() || !port_ok || (!bracketed && host.find(':') != std::string_view::npos)) {
    return Error("'" + std::string(address) +
                 "' is not an address: expected HOST:PORT or [IPV6]:PORT");
  }
  HostPort parsed;
  parsed.host = host;
  parsed.port = port;
  return parsed;
}

bool IsHostField(std::string_view value) {
  // RFC 3986 section 3.2.2: unreserved, sub-delims and the percent sign of an encoding
  static constexpr ByteSet kInRegName(kLettersAndDigits, "-._~!$&'()*+,;=%");
  const auto name_end = std::ranges::find_if_not(value, [](char c) { return kInRegName(c); });
  auto host_end = static_cast<std::size_t>(name_end - value.begin());
  if (value.starts_with('[')) {
    const std::size_t bracket = value.find(']');
    if (bracket == std::string_view::npos) return false;
    boost::system::error_code ec;
    asio::ip::make_address_v6(std::string(value.substr(1, bracket - 1)), ec);
    if (ec) return false;
    host_end = bracket + 1;
  }
  if (host_end == value.size()) return true;
  if (value[host_end] != ':') return false;
  const std::string_view port = value.substr(host_end + 1);
  std::uint16_t number = 0;
  const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), number);
  return port.empty() || (ec == std::errc() && end == port.data() + port.size());
}

bool IsLocalhostName(std::string_view host) {
  constexpr std::string_view kName = "localhost";
  if (host.size() < kName.size()) return false;
  const std::size_t labels = host.size() - kName.size();
  return EqualsIgnoreCase(host.substr(labels), kName) && (labels == 0 || host[labels - 1] == '.');
}

bool IsLoopback(std::string_view host) {
  if (IsLocalhostName(host)) return true;
  boost::system::error_code ec;
  const asio::ip::address address = asio::ip::make_address(std::string(host), ec);
  return !ec && address.is_loopback();
}

}  // namespace keywalk::io
