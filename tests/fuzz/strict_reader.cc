#include "tests/fuzz/strict_reader.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>

namespace keywalk::fuzz {
namespace {

bool IsSameName(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool IsToken(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || kMarks.find(c) != kMarks.npos;
  });
}

bool IsVisible(char c) { return c > 0x20 && c < 0x7f; }

bool IsFieldByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

std::optional<std::uint64_t> Number(std::string_view text, unsigned base) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (text.empty() || text.size() > 15) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : text) {
    const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const std::size_t digit = kDigits.find(lower);
    if (digit >= base) return std::nullopt;
    number = number * base + digit;
  }
  return number;
}

// Takes a message apart, from its front.
class Reading {
 public:
  Reading(std::string_view bytes, MessageKind kind) : bytes_(bytes), kind_(kind) {}

  StrictRead Run(bool bodiless) {
    if (Head() && Framing(bodiless)) Body();
    return std::move(read_);
  }

 private:
  bool Wrong(std::string problem) {
    read_.state = StrictRead::State::kWrong;
    read_.problem = std::move(problem);
    return false;
  }

  // The next line without its end; nullopt: it has not come as a whole.
  std::optional<std::string_view> Line() {
    const std::size_t end = bytes_.find("\r\n", at_);
    if (end == bytes_.npos) return std::nullopt;
    const std::string_view line = bytes_.substr(at_, end - at_);
    at_ = end + 2;
    return line;
  }

  bool Head() {
    const std::optional<std::string_view> start = Line();
    if (!start) return false;
    const std::size_t first = start->find(' ');
    const std::size_t second = start->find(' ', first + 1);
    if (first == start->npos || second == start->npos) return Wrong("a start line has three parts");
    StrictMessage& message = read_.message;
    message.first = start->substr(0, first);
    message.second = start->substr(first + 1, second - first - 1);
    if (kind_ == MessageKind::kRequest) {
      if (start->substr(second + 1) != "HTTP/1.1") return Wrong("the version of a request");
      if (!IsToken(message.first)) return Wrong("a method is a token");
      if (!std::ranges::all_of(message.second, IsVisible)) return Wrong("a target is visible");
    } else {
      if (message.first != "HTTP/1.1") return Wrong("the version of a response");
      const auto status = Number(message.second, 10);
      if (message.second.size() != 3 || !status || *status < 100) return Wrong("a status");
      if (!std::ranges::all_of(start->substr(second + 1), IsFieldByte)) return Wrong("a reason");
    }
    if (!Fields(message.fields)) return false;
    read_.head = at_;
    return true;
  }

  bool Fields(std::vector<std::pair<std::string, std::string>>& fields) {
    while (true) {
      const std::optional<std::string_view> line = Line();
      if (!line) return false;
      if (line->empty()) return true;
      const std::size_t colon = line->find(':');
      if (colon == line->npos || !IsToken(line->substr(0, colon))) {
        return Wrong("a field's name is a token: " + std::string(*line));
      }
      std::string_view value = line->substr(colon + 1);
      if (!std::ranges::all_of(value, IsFieldByte)) return Wrong("a field's value is one line");
      const std::size_t begin = value.find_first_not_of(" \t");
      value = begin == value.npos ? "" : value.substr(begin);
      fields.emplace_back(line->substr(0, colon),
                          value.substr(0, value.find_last_not_of(" \t") + 1));
    }
  }

  // What the fields say of the body's length.
  bool Framing(bool bodiless) {
    const StrictMessage& message = read_.message;
    const std::size_t lengths = message.Count("Content-Length");
    const std::size_t codings = message.Count("Transfer-Encoding");
    if (lengths + codings > 1) return Wrong("a message's length is stated once");
    if (codings == 1 && !IsSameName(message.Find("Transfer-Encoding"), "chunked")) {
      return Wrong("the coding is chunked");
    }
    chunked_ = codings == 1;
    if (lengths == 1) {
      const auto length = Number(message.Find("Content-Length"), 10);
      if (!length) return Wrong("a length is a number");
      left_ = *length;
    }
    if (kind_ == MessageKind::kResponse) {
      const std::string_view status = message.second;
      if (bodiless || status[0] == '1' || status == "204" || status == "304") {
        chunked_ = false;
        left_ = 0;
      } else if (lengths + codings == 0) {
        read_.message.until_close = true;
        left_ = bytes_.size() - at_;
      }
    }
    return true;
  }

  bool Body() {
    if (!chunked_) return Take(left_) && Whole();
    while (true) {
      const std::optional<std::string_view> line = Line();
      if (!line) return false;
      const auto size = Number(*line, 16);
      if (!size) return Wrong("a chunk's size: " + std::string(line->substr(0, 40)));
      if (*size == 0) break;
      if (!Take(*size)) return false;
      const std::optional<std::string_view> end = Line();
      if (!end) return false;
      if (!end->empty()) return Wrong("a chunk ends where its size says");
    }
    std::vector<std::pair<std::string, std::string>> trailers;
    return Fields(trailers) && Whole();
  }

  bool Take(std::uint64_t size) {
    if (bytes_.size() - at_ < size) return false;
    read_.message.body.append(bytes_.substr(at_, size));
    at_ += size;
    return true;
  }

  bool Whole() {
    read_.state = StrictRead::State::kWhole;
    read_.size = at_;
    return true;
  }

  const std::string_view bytes_;
  const MessageKind kind_;
  std::size_t at_ = 0;
  bool chunked_ = false;
  std::uint64_t left_ = 0;
  StrictRead read_;
};

}  // namespace

std::size_t StrictMessage::Count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      fields, [name](const auto& field) { return IsSameName(field.first, name); }));
}

std::string_view StrictMessage::Find(std::string_view name) const {
  for (const auto& field : fields) {
    if (IsSameName(field.first, name)) return field.second;
  }
  return {};
}

StrictRead ReadStrictly(std::string_view bytes, MessageKind kind, bool bodiless) {
  return Reading(bytes, kind).Run(bodiless);
}

}  // namespace keywalk::fuzz
