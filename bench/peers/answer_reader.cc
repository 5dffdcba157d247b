#include "bench/peers/answer_reader.h"

#include <strings.h>

#include <algorithm>
#include <charconv>

namespace keywalk::bench {
namespace {

constexpr std::size_t kHeadLimit = 64 * 1024;

bool EqualsNoCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool ReadNumber(std::string_view text, int base, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  // A chunk's size may be followed by extensions.
  return error == std::errc() && (end == text.data() + text.size() || (base == 16 && *end == ';'));
}

}  // namespace

AnswerReader::State AnswerReader::Feed(std::string_view bytes) {
  const State state = Take(bytes, nullptr);
  return bytes.empty() ? state : State::kBroken;
}

AnswerReader::State AnswerReader::Take(std::string_view& bytes, const OnBody& body) {
  while (!bytes.empty() && phase_ != Phase::kDone) {
    switch (phase_) {
      case Phase::kHead:
        if (!FeedHead(bytes)) return State::kBroken;
        break;
      case Phase::kLength:
      case Phase::kChunk:
      case Phase::kUntilEnd:
        FeedBody(bytes, body);
        break;
      default:
        if (!FeedLine(bytes)) return State::kBroken;
        break;
    }
  }
  return phase_ == Phase::kDone ? State::kComplete : State::kMore;
}

AnswerReader::State AnswerReader::End() const {
  return phase_ == Phase::kUntilEnd || phase_ == Phase::kDone ? State::kComplete : State::kBroken;
}

bool AnswerReader::FeedHead(std::string_view& bytes) {
  const std::size_t before = line_.size();
  line_.append(bytes);
  const std::size_t end = line_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == std::string::npos) {
    bytes = {};
    return line_.size() <= kHeadLimit;
  }
  bytes.remove_prefix(end + 4 - before);
  line_.resize(end + 2);  // every line with its end
  const bool is_http = ReadHead();
  line_.clear();
  return is_http;
}

bool AnswerReader::ReadHead() {
  std::string_view head = line_;
  std::uint64_t status = 0;
  if (!head.starts_with("HTTP/1.") || head.size() < 14 ||
      !ReadNumber(head.substr(9, 3), 10, status))
    return false;
  status_ = static_cast<int>(status);
  closes_ = head[7] == '0';
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    if (!ReadField(head.substr(0, end))) return false;
    head.remove_prefix(end + 2);
  }
  if (status_ < 200) {
    *this = AnswerReader();
  } else if (status_ == 204 || status_ == 304 || (has_length_ && !chunked_ && remaining_ == 0)) {
    phase_ = Phase::kDone;
  } else {
    phase_ = chunked_ ? Phase::kChunkSize : has_length_ ? Phase::kLength : Phase::kUntilEnd;
    closes_ = closes_ || phase_ == Phase::kUntilEnd;
  }
  return true;
}

bool AnswerReader::ReadField(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view name = line.substr(0, colon);
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (EqualsNoCase(name, "content-length")) {
    has_length_ = true;
    return ReadNumber(value, 10, remaining_);
  }
  if (EqualsNoCase(name, "transfer-encoding")) chunked_ = EqualsNoCase(value, "chunked");
  if (EqualsNoCase(name, "connection")) closes_ = EqualsNoCase(value, "close");
  return true;
}

bool AnswerReader::FeedLine(std::string_view& bytes) {
  const std::size_t end = bytes.find('\n');
  line_.append(bytes.substr(0, end));
  if (end == std::string_view::npos) {
    bytes = {};
    return line_.size() <= kHeadLimit;
  }
  bytes.remove_prefix(end + 1);
  if (line_.empty() || line_.back() != '\r') return false;
  line_.pop_back();
  if (phase_ == Phase::kChunkSize) {
    if (!ReadNumber(line_, 16, remaining_)) return false;
    phase_ = remaining_ == 0 ? Phase::kTrailers : Phase::kChunk;
  } else if (phase_ == Phase::kChunkEnd) {
    if (!line_.empty()) return false;
    phase_ = Phase::kChunkSize;
  } else if (line_.empty()) {
    phase_ = Phase::kDone;
  }
  line_.clear();
  return true;
}

void AnswerReader::FeedBody(std::string_view& bytes, const OnBody& body) {
  const std::uint64_t size =
      phase_ == Phase::kUntilEnd ? bytes.size() : std::min<std::uint64_t>(remaining_, bytes.size());
  body_bytes_ += size;
  if (body) body(bytes.substr(0, size));
  bytes.remove_prefix(size);
  if (phase_ == Phase::kUntilEnd) return;
  remaining_ -= size;
  if (remaining_ == 0) phase_ = phase_ == Phase::kChunk ? Phase::kChunkEnd : Phase::kDone;
}

}  // namespace keywalk::bench
