// ParseJson: nlohmann's parser with what a configuration file needs on top of it. Its DOM parser
// keeps the last of two equal keys in silence, and its messages quote the text around an error,
// which in a file next to secrets must not be repeated. So the events build the document here.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/json_reader.h"

namespace keywalk::config {
namespace {

using nlohmann::json;

// Deeper documents are refused, so that no reader that recurses can be made to overflow.
constexpr std::size_t kMaxDepth = 64;

// "line 3, column 7" of the byte before `position`, both from 1, columns in bytes.
std::string Place(std::string_view text, std::size_t position) {
  const std::string_view before = text.substr(0, position == 0 ? 0 : position - 1);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t newline = before.rfind('\n');
  const std::size_t column = before.size() - (newline == before.npos ? 0 : newline + 1) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

// What nlohmann says went wrong, without its tag, its own place and its quotation of the text.
std::string Reason(std::string_view what) {
  const std::size_t tag = what.find("] ");
  if (tag != what.npos) what.remove_prefix(tag + 2);
  if (what.starts_with("parse error")) {
    const std::size_t colon = what.find(": ");
    if (colon != what.npos) what.remove_prefix(colon + 2);
  }
  const std::size_t quotation = what.find("; last read: '");
  if (quotation == what.npos) {
    // "number overflow parsing '1e400'"
    return std::string(what.substr(0, what.find(" parsing '")));
  }
  std::string reason(what.substr(0, quotation));
  const std::size_t expected = what.rfind("; expected ");
  if (expected != what.npos && expected > quotation) reason += what.substr(expected);
  return reason;
}

// Builds the document from the parser's events (nlohmann's SAX interface) and stops at a problem.
class DocumentBuilder : public nlohmann::json_sax<json> {
 public:
  DocumentBuilder(std::string_view text, JsonProblems& problems)
      : text_(text), problems_(problems) {}

  json Take() { return std::move(root_); }

  bool null() override { return Value(nullptr); }
  bool boolean(bool value) override { return Value(value); }
  bool number_integer(number_integer_t value) override { return Value(value); }
  bool number_unsigned(number_unsigned_t value) override { return Value(value); }
  bool number_float(number_float_t value, const string_t&) override { return Value(value); }
  bool string(string_t& value) override { return Value(std::move(value)); }
  bool binary(binary_t&) override { return false; }  // not in JSON text

  bool start_object(std::size_t) override { return Open(json::object()); }
  bool start_array(std::size_t) override { return Open(json::array()); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }

  bool key(string_t& name) override {
    Level& level = open_.back();
    if (level.container->contains(name)) {
      problems_.Add(JoinPointer(level.pointer, name), "duplicate key");
      return false;
    }
    level.key = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    problems_.Add("", Place(text_, position) + ": " + Reason(error.what()));
    return false;
  }

 private:
  struct Level {
    json* container;  // stable: only the innermost container grows
    std::string pointer;
    std::string key;  // of the member that comes next, in an object
  };

  bool Value(json value) {
    Put(std::move(value));
    return true;
  }

  // Puts a value where the document has got to, and says where it stands.
  json* Put(json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Level& level = open_.back();
    if (level.container->is_object()) {
      json& member = (*level.container)[level.key];
      member = std::move(value);
      return &member;
    }
    level.container->push_back(std::move(value));
    return &level.container->back();
  }

  bool Open(json container) {
    std::string pointer;
    if (!open_.empty()) {
      const Level& parent = open_.back();
      pointer = parent.container->is_object()
                    ? JoinPointer(parent.pointer, parent.key)
                    : JoinPointer(parent.pointer, parent.container->size());
    }
    if (open_.size() == kMaxDepth) {
      problems_.Add(pointer, "nested more than " + std::to_string(kMaxDepth) + " levels deep");
      return false;
    }
    json* placed = Put(std::move(container));
    open_.push_back(Level{placed, std::move(pointer), {}});
    return true;
  }

  bool Close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  JsonProblems& problems_;
  json root_;
  std::vector<Level> open_;
};

}  // namespace

json ParseJson(std::string_view text, JsonProblems& problems) {
  DocumentBuilder builder(text, problems);
  if (!json::sax_parse(text.begin(), text.end(), &builder)) return nullptr;
  return builder.Take();
}

}  // namespace keywalk::config
