#include "io/http1_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>
#include <string>
#include <utility>

#include "keywalk/provider.h"
#include "keywalk/retry_after.h"

namespace keywalk::io {
namespace {

template <typename Integer>
void AppendNumber(std::string& out, Integer value, int base = 10) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
  out.append(digits.data(), end);
}

constexpr std::pair<int, std::string_view> kReasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {529, "Site is overloaded"},
};

constexpr std::string_view kHopByHop[] = {
    "Connection",
    "Content-Length",
    "Keep-Alive",
    "Proxy-Connection",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
};

// True if a `Connection` field of `headers` names this field.
bool IsNamedByConnection(const Headers& headers, std::string_view name) {
  return headers.HasToken("Connection", name);
}

// A trailer neither frames nor routes nor authorizes a message (RFC 9110 section 6.5.1): a server
// that adds trailers to the header would read another one.
bool IsTrailer(std::string_view name) {
  const auto same = [name](std::string_view other) { return EqualsIgnoreCase(name, other); };
  return !IsHopByHop(name) && !same("Host") && std::ranges::none_of(CredentialHeaders(), same);
}

}  // namespace

void AppendRequestLine(std::string& out, std::string_view method, std::string_view target) {
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
}

void AppendStatusLine(std::string& out, int status, std::string_view reason) {
  out.append("HTTP/1.1 ");
  AppendNumber(out, status);
  out.append(" ").append(reason.empty() ? ReasonPhrase(status) : reason).append("\r\n");
}

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void AppendFields(std::string& out, const Headers& headers) {
  for (const Headers::Field field : headers) AppendField(out, field.name, field.value);
}

void AppendContentLength(std::string& out, std::uint64_t length) {
  out.append("Content-Length: ");
  AppendNumber(out, length);
  out.append("\r\n");
}

void AppendChunkHead(std::string& out, std::uint64_t size) {
  AppendNumber(out, size, 16);
  out.append("\r\n");
}

void AppendLastChunk(std::string& out, const Headers& trailers) {
  out.append("0\r\n");
  for (const Headers::Field field : trailers) {
    if (!IsTrailer(field.name)) continue;
    AppendField(out, field.name, field.value);
  }
  out.append("\r\n");
}

std::string_view ReasonPhrase(int status) noexcept {
  const auto* found =
      std::lower_bound(std::begin(kReasons), std::end(kReasons), status,
                       [](const auto& entry, int code) { return entry.first < code; });
  return found != std::end(kReasons) && found->first == status ? found->second : "Unknown";
}

bool IsHopByHop(std::string_view name) noexcept {
  return std::any_of(std::begin(kHopByHop), std::end(kHopByHop), [name](std::string_view hop) {
    return name.size() == hop.size() && EqualsIgnoreCase(name, hop);
  });
}

void CopyEndToEnd(const Headers& from, Headers& out) {
  out.Reserve(out.size() + from.size(), out.text_bytes() + from.text_bytes());
  const bool names_fields = from.Contains("Connection");
  for (const Headers::Field field : from) {
    if (IsHopByHop(field.name)) continue;
    if (names_fields && IsNamedByConnection(from, field.name)) continue;
    out.AddField(field);
  }
}

std::string_view CurrentHttpDate() {
  thread_local std::time_t made_at = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != made_at) {
    text = FormatHttpDate(std::chrono::sys_seconds(std::chrono::seconds(now)));
    made_at = now;
  }
  return text;
}

}  // namespace keywalk::io
