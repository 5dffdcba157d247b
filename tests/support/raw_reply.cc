#include "tests/support/raw_reply.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <stdexcept>

namespace keywalk::testing {
namespace {

constexpr std::string_view kCrlf = "\r\n";

[[noreturn]] void Broken(const std::string& what) {
  throw std::runtime_error("response framing: " + what);
}

std::size_t ParseNumber(std::string_view text, int base) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) {
    Broken("not a number: " + std::string(text));
  }
  return number;
}

// Lines of "name: value", each ended by CRLF.
Headers ParseFields(std::string_view lines) {
  Headers headers;
  while (!lines.empty()) {
    const std::size_t end = lines.find(kCrlf);
    const std::string_view line = lines.substr(0, end);
    const std::size_t colon = line.find(':');
    if (end == lines.npos || colon == line.npos) Broken("field line " + std::string(line));
    headers.Add(line.substr(0, colon), TrimWhitespace(line.substr(colon + 1)));
    lines.remove_prefix(end + kCrlf.size());
  }
  return headers;
}

// The next line without its CRLF, taken from the client; nullopt if the connection ended first.
std::optional<std::string> TakeLine(RawClient& client, RawReply& reply) {
  reply.end = client.ReadUntil(kCrlf);
  if (reply.end != ReadEnd::kDone) return std::nullopt;
  std::string line = client.Take(client.received().find(kCrlf) + kCrlf.size());
  line.resize(line.size() - kCrlf.size());
  return line;
}

void ReadChunkedBody(RawClient& client, RawReply& reply) {
  for (;;) {
    const std::optional<std::string> size_line = TakeLine(client, reply);
    if (!size_line) return;
    const std::size_t size = ParseNumber(*size_line, 16);
    if (size == 0) break;
    reply.end = client.ReadAtLeast(size + kCrlf.size());
    if (reply.end != ReadEnd::kDone) {
      reply.body += client.Take(std::min(size, client.received().size()));
      return;
    }
    reply.chunks.push_back(client.Take(size));
    reply.body += reply.chunks.back();
    if (client.Take(kCrlf.size()) != kCrlf) Broken("no CRLF after a chunk");
  }
  std::string lines;
  for (;;) {
    const std::optional<std::string> line = TakeLine(client, reply);
    if (!line) return;
    if (line->empty()) break;
    lines += *line + std::string(kCrlf);
  }
  reply.trailers = ParseFields(lines);
  reply.complete = true;
}

void ReadSizedBody(RawClient& client, RawReply& reply, std::size_t size) {
  reply.end = client.ReadAtLeast(size);
  reply.complete = reply.end == ReadEnd::kDone;
  reply.body = client.Take(std::min(size, client.received().size()));
}

}  // namespace

RawReply ReadReply(RawClient& client, std::string_view method) {
  constexpr std::string_view kBlankLine = "\r\n\r\n";
  RawReply reply;
  reply.end = client.ReadUntil(kBlankLine);
  if (reply.end != ReadEnd::kDone) return reply;
  reply.head = client.Take(client.received().find(kBlankLine) + kBlankLine.size());
  reply.head.resize(reply.head.size() - kCrlf.size());
  const std::string_view head = reply.head;
  if (!head.starts_with("HTTP/1.1 ") || head.size() < 12) Broken("status line " + reply.head);
  reply.status = static_cast<int>(ParseNumber(head.substr(9, 3), 10));
  reply.headers = ParseFields(head.substr(head.find(kCrlf) + kCrlf.size()));

  const bool no_body =
      method == "HEAD" || reply.status < 200 || reply.status == 204 || reply.status == 304;
  const std::optional<std::string_view> length = reply.headers.Find("Content-Length");
  if (no_body) {
    reply.complete = true;
  } else if (reply.headers.HasToken("Transfer-Encoding", "chunked")) {
    if (length) Broken("both Content-Length and chunked");
    ReadChunkedBody(client, reply);
  } else if (length) {
    ReadSizedBody(client, reply, ParseNumber(*length, 10));
  } else {
    reply.end = client.ReadToEnd();
    reply.complete = reply.end == ReadEnd::kClosed;
    reply.body = client.Take(client.received().size());
  }
  return reply;
}

std::string RequestText(std::string_view method, std::string_view target, const Headers& headers,
                        std::string_view body) {
  std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
  if (!headers.Contains("Host")) text += "Host: localhost\r\n";
  for (const Headers::Field field : headers) {
    text += std::string(field.name) + ": " + std::string(field.value) + "\r\n";
  }
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  text += "\r\n";
  return text + std::string(body);
}

}  // namespace keywalk::testing
