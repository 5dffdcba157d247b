#include "conformance/response_parser.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace keywalk::conformance {
namespace {

constexpr std::size_t kMaxHeadBytes = 1024 * 1024;

std::optional<std::uint64_t> ParseNumber(std::string_view text, int base) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace

void ResponseParser::Push(std::string_view bytes) {
  pending_ += bytes;
  while (!failed() && !done() && Step()) {
  }
}

void ResponseParser::PushEnd() {
  if (state_ == State::kUntilClose) Finish();
  if (!done() && !failed()) {
    Fail(state_ == State::kHead ? "the connection ended before an answer"
                                : "the connection ended before the body did");
  }
}

// One step of understanding; false when more bytes are needed.
bool ResponseParser::Step() {
  switch (state_) {
    case State::kHead:
      return ParseHead();
    case State::kLength:
    case State::kUntilClose:
    case State::kChunkData:
      return TakeBody();
    case State::kChunkSize:
      return TakeChunkSize();
    case State::kChunkEnd: {
      std::string line;
      if (!TakeLine(line)) return false;
      if (!line.empty()) return Fail("a chunk is longer than its size");
      state_ = State::kChunkSize;
      return true;
    }
    case State::kTrailers:
      return TakeTrailers();
    case State::kDone:
      break;
  }
  return false;
}

// status-line = HTTP-version SP status-code SP [ reason-phrase ]  (RFC 9112 section 4)
bool ResponseParser::ParseHead() {
  const std::size_t end = pending_.find("\r\n\r\n");
  if (end == std::string::npos) {
    return pending_.size() > kMaxHeadBytes ? Fail("the head has no end") : false;
  }
  const std::string head = pending_.substr(0, end + 2);
  pending_.erase(0, end + 4);
  const std::size_t line_end = head.find("\r\n");
  const std::string_view line = std::string_view(head).substr(0, line_end);
  const std::optional<std::uint64_t> status =
      line.size() >= 12 ? ParseNumber(line.substr(9, 3), 10) : std::nullopt;
  if (!line.starts_with("HTTP/1.") || !status) return Fail("the status line is malformed");
  response_.headers.Clear();
  response_.status = static_cast<int>(*status);
  if (!ParseFields(std::string_view(head).substr(line_end + 2), response_.headers)) return false;
  if (response_.status / 100 != 1) ChooseFraming();
  return true;
}

bool ResponseParser::ParseFields(std::string_view lines, Headers& fields) {
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n");
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 2, lines.size()));
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == std::string_view::npos || !IsValidHeaderName(name)) {
      return Fail("a header field is malformed");
    }
    const std::string_view value = TrimWhitespace(line.substr(colon + 1));
    if (!IsValidHeaderValue(value)) return Fail("a header field's value is malformed");
    fields.Add(name, value);
  }
  return true;
}

// RFC 9112 section 6.3.
void ResponseParser::ChooseFraming() {
  const std::optional<std::string_view> length = response_.headers.Find("Content-Length");
  if (is_head_ || response_.status == 204 || response_.status == 304) {
    Finish();
  } else if (response_.headers.HasToken("Transfer-Encoding", "chunked")) {
    state_ = State::kChunkSize;
  } else if (length) {
    const std::optional<std::uint64_t> bytes = ParseNumber(*length, 10);
    state_ = State::kLength;
    remaining_ = bytes.value_or(0);
    if (!bytes) Fail("Content-Length is malformed");
    if (bytes && *bytes == 0) Finish();
  } else {
    state_ = State::kUntilClose;
  }
}

bool ResponseParser::TakeBody() {
  if (pending_.empty()) return false;
  const std::size_t take = state_ == State::kUntilClose
                               ? pending_.size()
                               : std::min<std::uint64_t>(pending_.size(), remaining_);
  response_.body.append(pending_, 0, take);
  pending_.erase(0, take);
  if (response_.body.size() > kMaxBodyBytes) return Fail("the body has no end");
  if (state_ == State::kUntilClose) return false;
  remaining_ -= take;
  if (remaining_ > 0) return false;
  if (state_ == State::kLength) {
    Finish();
  } else {
    state_ = State::kChunkEnd;
  }
  return true;
}

// chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF  (RFC 9112 section 7.1)
bool ResponseParser::TakeChunkSize() {
  std::string line;
  if (!TakeLine(line)) return false;
  const std::string_view digits = TrimWhitespace(std::string_view(line).substr(0, line.find(';')));
  const std::optional<std::uint64_t> size = ParseNumber(digits, 16);
  if (!size) return Fail("a chunk's size is malformed");
  remaining_ = *size;
  state_ = *size == 0 ? State::kTrailers : State::kChunkData;
  return true;
}

bool ResponseParser::TakeTrailers() {
  std::string line;
  if (!TakeLine(line)) return false;
  if (line.empty()) {
    Finish();
    return true;
  }
  return ParseFields(line + "\r\n", response_.trailers);
}

bool ResponseParser::TakeLine(std::string& line) {
  const std::size_t end = pending_.find("\r\n");
  if (end == std::string::npos) {
    return pending_.size() > kMaxHeadBytes ? Fail("a line has no end") : false;
  }
  line = pending_.substr(0, end);
  pending_.erase(0, end + 2);
  return true;
}

bool ResponseParser::Fail(std::string why) {
  error_ = std::move(why);
  response_.complete = false;
  return false;
}

void ResponseParser::Finish() {
  state_ = State::kDone;
  response_.complete = true;
}

}  // namespace keywalk::conformance
