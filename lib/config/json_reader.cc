#include "config/json_reader.h"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "keywalk/secret.h"

namespace keywalk::config {
namespace {

// A configuration or fixture file beyond this is a mistake, not a document.
constexpr std::size_t kMaxFileBytes = std::size_t{64} * 1024 * 1024;

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

// `"a", "b"` for messages that list what is known.
template <typename Range>
std::string QuotedList(const Range& names) {
  std::string list;
  for (std::string_view name : names) {
    if (!list.empty()) list += ", ";
    list += Quoted(name);
  }
  return list;
}

std::string_view TypeName(const nlohmann::json& value) {
  switch (value.type()) {
    case nlohmann::json::value_t::null:
      return "null";
    case nlohmann::json::value_t::object:
      return "an object";
    case nlohmann::json::value_t::array:
      return "an array";
    case nlohmann::json::value_t::string:
      return "a string";
    case nlohmann::json::value_t::boolean:
      return "a boolean";
    case nlohmann::json::value_t::number_float:
      return "a fractional number";
    default:
      return "a number";
  }
}

std::string WrongType(std::string_view expected, const nlohmann::json& found) {
  return "expected " + std::string(expected) + ", found " + std::string(TypeName(found));
}

// What stands where an integer should. "1e15" and what is too large for 64 bits are not integers to
// the parser, but have no fraction.
std::string NotAnInteger(const nlohmann::json& value) {
  const double number = value.is_number_float() ? value.get<double>() : 0.5;
  if (number != std::trunc(number)) return WrongType("an integer", value);
  return std::fabs(number) >= 0x1p63 ? "expected an integer, found a number out of range"
                                     : "expected an integer, written without point and exponent";
}

// The value of an integer in the range; nullopt also for an unsigned beyond int64.
std::optional<std::int64_t> IntegerIn(const nlohmann::json& value, IntegerRange range) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX}) {
    return std::nullopt;
  }
  const auto number = value.get<std::int64_t>();
  if (number < range.min || number > range.max) return std::nullopt;
  return number;
}

// Undoes the escaping of JoinPointer().
std::string Unescaped(std::string_view token) {
  std::string name;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size()) {
      name += token[++i] == '0' ? '~' : '/';
    } else {
      name += token[i];
    }
  }
  return name;
}

// How long a pipe may be without somebody who writes to it before it counts as empty. One that a
// shell has made for the start of a program has nobody when its name is read again.
constexpr int kWriterWaitMs = 2'000;

std::FILE* OpenToRead(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return nullptr;
  pollfd waited{descriptor, POLLIN, 0};
  ::poll(&waited, 1, kWriterWaitMs);       // files are ready at once
  ::fcntl(descriptor, F_SETFL, O_RDONLY);  // but read to its end, however that comes
  std::FILE* const file = ::fdopen(descriptor, "rb");
  // No buffer beside the reader's: nobody would wipe it.
  if (file != nullptr) std::setvbuf(file, nullptr, _IONBF, 0);
  return file;
}

std::string MaskedPointer(std::string_view pointer, JsonProblems::NameFilter may_show) {
  std::string masked;
  std::string parent;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);  // the slash
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(token.size());
    std::string name = Unescaped(token);
    masked = JoinPointer(masked, may_show(parent, name) ? name : MaskKey(name));
    parent = std::move(name);
  }
  return masked;
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = static_cast<unsigned char>(text[i]);
    if (code == 0xC2 && i + 1 < text.size()) {
      const auto next = static_cast<unsigned char>(text[i + 1]);
      if (next >= 0x80 && next < 0xA0) {
        code = next;
        ++i;
      }
    }
    if (code < 0x20 || (code >= 0x7F && code < 0xA0)) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", code);
      shown += escaped;
    } else {
      shown += text[i];
    }
  }
  return shown;
}

void JsonProblems::Add(std::string_view pointer, std::string_view reason) {
  if (first_) return;
  const std::string shown =
      may_show_ == nullptr ? std::string(pointer) : MaskedPointer(pointer, may_show_);
  std::string message = source_;
  for (const std::string_view part : {std::string_view(shown), reason}) {
    if (part.empty()) continue;
    if (!message.empty()) message += ": ";
    message += Printable(part);
  }
  first_.emplace(std::move(message));
}

bool JsonProblems::IsComment(std::string_view name, const nlohmann::json& value) const {
  return comments_allowed_ && name == kComment && value.is_string();
}

std::optional<std::string> ReadFile(const std::string& path, JsonProblems& problems) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(OpenToRead(path), &std::fclose);
  if (!file) {
    problems.Add("", std::string("cannot be read: ") + std::strerror(errno));
    return std::nullopt;
  }
  return ReadStream(file.get(), problems);
}

nlohmann::json ReadJsonFile(const std::string& path, JsonProblems& problems) {
  const std::optional<std::string> text = ReadFile(path, problems);
  return text ? ParseJson(*text, problems) : nlohmann::json();
}

std::optional<std::string> ReadStream(std::FILE* stream, JsonProblems& problems) {
  std::string text;
  char buffer[16 * 1024];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, stream)) {
    GrowWiped(text, text.size() + count);  // it may be a file of keys
    text.append(buffer, count);
    WipeMemory(buffer, count);
    if (text.size() > kMaxFileBytes) {
      problems.Add("", "is larger than 64 MiB");
      return std::nullopt;
    }
  }
  if (std::ferror(stream) != 0) {  // such as a directory
    problems.Add("", std::string("cannot be read: ") + std::strerror(errno));
    return std::nullopt;
  }
  return text;
}

std::string JoinPointer(std::string_view pointer, std::string_view token) {
  std::string joined(pointer);
  joined += '/';
  for (const char c : token) {
    if (c == '~') {
      joined += "~0";
    } else if (c == '/') {
      joined += "~1";
    } else {
      joined += c;
    }
  }
  return joined;
}

std::string JoinPointer(std::string_view pointer, std::size_t index) {
  return std::string(pointer) + "/" + std::to_string(index);
}

ObjectReader::ObjectReader(const nlohmann::json& value, std::string pointer, JsonProblems& problems)
    : value_(value), pointer_(std::move(pointer)), problems_(problems) {
  if (pointer_.empty()) {
    known_.emplace("$schema");
    listed_.emplace("$schema");
  }
  if (!value_.is_object()) problems_.Add(pointer_, WrongType("an object", value_));
}

const nlohmann::json* ObjectReader::Get(std::string_view key, bool required) {
  known_.emplace(key);
  listed_.emplace(key);
  if (value_.is_object()) {
    // nlohmann 3.10 finds by std::string only.
    const auto found = value_.find(std::string(key));
    if (found != value_.end()) return &*found;
    if (required) Problem(key, "is required");
  }
  return nullptr;
}

bool ObjectReader::Has(std::string_view key) {
  listed_.emplace(key);
  return value_.is_object() && value_.contains(std::string(key));
}

void ObjectReader::Problem(std::string_view key, std::string_view reason) {
  problems_.Add(PointerTo(key), reason);
}

std::string ObjectReader::RequiredString(std::string_view key) {
  const nlohmann::json* value = Get(key, true);
  return value == nullptr ? std::string() : String(key);
}

std::string ObjectReader::String(std::string_view key, std::string_view default_value) {
  const nlohmann::json* value = Get(key, false);
  if (value == nullptr) return std::string(default_value);
  if (!value->is_string()) {
    Problem(key, WrongType("a string", *value));
    return std::string(default_value);
  }
  return value->get<std::string>();
}

std::int64_t ObjectReader::RequiredInteger(std::string_view key, IntegerRange range) {
  const nlohmann::json* value = Get(key, true);
  return value == nullptr ? range.min : Integer(key, range.min, range);
}

std::int64_t ObjectReader::Integer(std::string_view key, std::int64_t default_value,
                                   IntegerRange range) {
  const nlohmann::json* value = Get(key, false);
  if (value == nullptr) return default_value;
  if (!value->is_number_integer()) {
    Problem(key, NotAnInteger(*value));
    return default_value;
  }
  const std::optional<std::int64_t> number = IntegerIn(*value, range);
  if (!number) {
    Problem(key,
            "must be between " + std::to_string(range.min) + " and " + std::to_string(range.max));
  }
  return number.value_or(default_value);
}

bool ObjectReader::Boolean(std::string_view key, bool default_value) {
  const nlohmann::json* value = Get(key, false);
  if (value == nullptr) return default_value;
  if (!value->is_boolean()) {
    Problem(key, WrongType("a boolean", *value));
    return default_value;
  }
  return value->get<bool>();
}

std::string ObjectReader::Choice(std::string_view key, std::string_view default_value,
                                 const std::vector<std::string_view>& choices) {
  std::string chosen = String(key, default_value);
  if (!Has(key)) return chosen;
  for (const std::string_view choice : choices) {
    if (chosen == choice) return chosen;
  }
  Problem(key, "must be one of " + QuotedList(choices));
  return std::string(default_value);
}

std::size_t ObjectReader::ChoiceIndex(std::string_view key,
                                      std::span<const std::string_view> choices) {
  const std::string chosen = Choice(key, choices[0], {choices.begin(), choices.end()});
  return static_cast<std::size_t>(std::ranges::find(choices, chosen) - choices.begin());
}

std::vector<std::string> ObjectReader::Strings(std::string_view key) {
  std::vector<std::string> strings;
  const nlohmann::json* array = Array(key);
  if (array == nullptr) return strings;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const nlohmann::json& item = (*array)[i];
    if (item.is_string()) {
      strings.push_back(item.get<std::string>());
    } else {
      problems_.Add(JoinPointer(PointerTo(key), i), WrongType("a string", item));
    }
  }
  return strings;
}

const nlohmann::json* ObjectReader::Value(std::string_view key) { return Get(key, false); }

const nlohmann::json* ObjectReader::Object(std::string_view key) {
  const nlohmann::json* value = Get(key, false);
  if (value == nullptr || value->is_object()) return value;
  Problem(key, WrongType("an object", *value));
  return nullptr;
}

const nlohmann::json* ObjectReader::Array(std::string_view key) {
  const nlohmann::json* value = Get(key, false);
  if (value == nullptr || value->is_array()) return value;
  Problem(key, WrongType("an array", *value));
  return nullptr;
}

const nlohmann::json* ObjectReader::RequiredObject(std::string_view key) {
  return Get(key, true) == nullptr ? nullptr : Object(key);
}

const nlohmann::json* ObjectReader::RequiredArray(std::string_view key) {
  return Get(key, true) == nullptr ? nullptr : Array(key);
}

void ObjectReader::Finish() {
  if (!value_.is_object()) return;
  for (const auto& member : value_.items()) {
    if (known_.contains(member.key())) continue;
    if (problems_.comments_allowed() && member.key() == kComment) {
      if (!member.value().is_string()) Problem(kComment, "expected a string");
      continue;
    }
    Problem(member.key(), "unknown key; known are " + QuotedList(listed_));
  }
}

}  // namespace keywalk::config
