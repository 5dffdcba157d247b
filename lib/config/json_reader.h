// Strict reading of JSON objects: unknown keys, wrong types and values out of range are errors that
// name the file, the JSON pointer (RFC 6901) and what was expected.
//
// Reading goes on after an error with defaults, so that the code that reads stays straight; the
// first problem is kept and the caller asks for it at the end:
//
//   JsonProblems problems(source);
//   auto root = ParseJson(text, problems);            // syntax errors with line and column
//   ObjectReader object(root, "", problems);
//   auto name = object.RequiredString("name");
//   auto ms = object.Integer("cooldown_ms", 60000, {1, 1'000'000'000'000});
//   object.Finish();                                  // unknown keys
//   if (problems.any()) return problems.error();
//
// Not safe for concurrent use.
#ifndef KEYWALK_CONFIG_JSON_READER_H_
#define KEYWALK_CONFIG_JSON_READER_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/result.h"

namespace keywalk::config {

inline constexpr std::string_view kComment = "$comment";

// The first thing that was wrong with a document. "FILE: /pointer: reason".
class JsonProblems {
 public:
  explicit JsonProblems(std::string_view source) : source_(source) {}

  // Keeps the first problem only. `reason` says what was expected; never a key's bytes. Control
  // characters of names are shown as "\u001b", for the terminals that show the text.
  void Add(std::string_view pointer, std::string_view reason);

  bool any() const { return first_.has_value(); }
  // REQUIRES: any()
  const Error& error() const { return *first_; }
  const std::string& source() const { return source_; }

  // From now on every object that is read may have a "$comment", a string, which is ignored.
  void AllowComments() { comments_allowed_ = true; }
  bool comments_allowed() const { return comments_allowed_; }
  // For documents that may have keys (credentials) as names: from now on a pointer shows a name by
  // its masked hint, unless `may_show` is true for it. `parent` is the name above, empty in the
  // root.
  using NameFilter = bool (*)(std::string_view parent, std::string_view name);
  void MaskNamesUnless(NameFilter may_show) { may_show_ = may_show; }
  // True for such a member; for objects whose names are free.
  bool IsComment(std::string_view name, const nlohmann::json& value) const;

 private:
  std::string source_;
  bool comments_allowed_ = false;
  NameFilter may_show_ = nullptr;  // null: all are shown
  std::optional<Error> first_;
};

// Parses JSON text (no comments, duplicate keys are a problem); null and a problem with line and
// column if it is malformed.
nlohmann::json ParseJson(std::string_view text, JsonProblems& problems);

// Reads a stream to its end; a problem if it cannot be read.
std::optional<std::string> ReadStream(std::FILE* stream, JsonProblems& problems);

// Reads a whole file; a problem if it cannot be read.
std::optional<std::string> ReadFile(const std::string& path, JsonProblems& problems);

// ParseJson() of a whole file; null and a problem if it cannot be read or is malformed.
nlohmann::json ReadJsonFile(const std::string& path, JsonProblems& problems);

// The text without the bytes that a terminal would obey (C0, DEL and, in UTF-8, C1): they become
// "\u001b" and the like.
std::string Printable(std::string_view text);

// "/a" + "b" with RFC 6901 escaping.
std::string JoinPointer(std::string_view pointer, std::string_view token);
std::string JoinPointer(std::string_view pointer, std::size_t index);

struct IntegerRange {
  std::int64_t min;
  std::int64_t max;
};

// One JSON object at one place in a document. Every accessor names a key that is thereby known.
// A missing optional key gives the default; a missing required one or a wrong type is a problem.
class ObjectReader {
 public:
  // `value` and `problems` must outlive the reader. Not an object: a problem, and reads as empty.
  ObjectReader(const nlohmann::json& value, std::string pointer, JsonProblems& problems);
  ObjectReader(const ObjectReader&) = delete;
  ObjectReader& operator=(const ObjectReader&) = delete;

  // The name is thereby one that Finish() lists as known, but does not accept.
  bool Has(std::string_view key);

  std::string RequiredString(std::string_view key);
  std::string String(std::string_view key, std::string_view default_value = "");
  std::int64_t RequiredInteger(std::string_view key, IntegerRange range);
  std::int64_t Integer(std::string_view key, std::int64_t default_value, IntegerRange range);
  bool Boolean(std::string_view key, bool default_value);
  // A string that must be one of `choices`; the problem lists them.
  std::string Choice(std::string_view key, std::string_view default_value,
                     const std::vector<std::string_view>& choices);
  // The same, by its place in `choices`; the first is the default.
  std::size_t ChoiceIndex(std::string_view key, std::span<const std::string_view> choices);
  std::vector<std::string> Strings(std::string_view key);  // an array of strings; absent: empty

  // Any value; null pointer if absent.
  const nlohmann::json* Value(std::string_view key);
  // An object or array; null pointer if absent, and a problem for another type.
  const nlohmann::json* Object(std::string_view key);
  const nlohmann::json* Array(std::string_view key);
  // The same, and a problem if absent.
  const nlohmann::json* RequiredObject(std::string_view key);
  const nlohmann::json* RequiredArray(std::string_view key);

  // The place of a member, for readers of what lies below.
  std::string PointerTo(std::string_view key) const { return JoinPointer(pointer_, key); }
  const std::string& pointer() const { return pointer_; }
  void Problem(std::string_view key, std::string_view reason);

  // Reports every key that no accessor named, with the known ones. "$schema" is known at
  // the root of a document, "$comment" where comments are allowed.
  void Finish();

 private:
  const nlohmann::json* Get(std::string_view key, bool required);

  const nlohmann::json& value_;
  const std::string pointer_;
  JsonProblems& problems_;
  std::set<std::string, std::less<>> known_;   // accepted
  std::set<std::string, std::less<>> listed_;  // in messages; these and more
};

}  // namespace keywalk::config

#endif  // KEYWALK_CONFIG_JSON_READER_H_
