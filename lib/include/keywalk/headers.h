// An ordered list of HTTP header fields (RFC 9110 section 5), as received or to be sent.
//
// Its text is wiped wherever it is given back: headers carry credentials.
//
// Field order and repeated fields are kept, names keep their case and compare without it. All text
// lies in one buffer, so that a message of any size costs two allocations. A plain value: copying
// copies the fields; concurrent reads are safe, a write needs exclusive access.
#ifndef KEYWALK_HEADERS_H_
#define KEYWALK_HEADERS_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keywalk/secret.h"

namespace keywalk {

// ASCII case-insensitive equality, as header names compare (RFC 9110 section 5.1).
bool EqualsIgnoreCase(std::string_view a, std::string_view b) noexcept;

// Removes spaces and tabs around a value (OWS, RFC 9110 section 5.6.3).
std::string_view TrimWhitespace(std::string_view text) noexcept;

// True if `name` is a token (RFC 9110 section 5.6.2): what a field name must be.
bool IsValidHeaderName(std::string_view name) noexcept;

// True if `value` holds no CR, LF or NUL: what keeps one field from becoming two.
bool IsValidHeaderValue(std::string_view value) noexcept;

class Headers {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

  // Appends a field. REQUIRES: IsValidHeaderName(name) and IsValidHeaderValue(value), asserted.
  // `name` and `value` must not point into this object.
  void Add(std::string_view name, std::string_view value);

  // The same for a field from outside, checked once: false, and nothing is added, if it is invalid.
  bool AddIfValid(std::string_view name, std::string_view value);

  // The same for a field of another Headers, which has been checked before.
  void AddField(const Field& field) { Append(field.name, field.value); }

  // Removes every field of that name, then appends one.
  void Set(std::string_view name, std::string_view value);

  // Removes every field of that name; returns how many there were.
  std::size_t Erase(std::string_view name);

  // The first value of that name. The view lives until the next change of this object.
  std::optional<std::string_view> Find(std::string_view name) const noexcept;

  bool Contains(std::string_view name) const noexcept { return Find(name).has_value(); }

  // True if a field of that name lists `token` (comma separated, case-insensitive), as in
  // `Connection: keep-alive, upgrade`.
  bool HasToken(std::string_view name, std::string_view token) const noexcept;

  std::size_t size() const noexcept { return fields_.size(); }
  bool empty() const noexcept { return fields_.empty(); }
  // Of all names and values.
  std::size_t text_bytes() const noexcept { return text_.size(); }

  // The field at `index`, in order. REQUIRES: index < size()
  Field operator[](std::size_t index) const noexcept;

  // Forgets all fields but keeps the memory for the next message.
  void Clear() noexcept;

  void Reserve(std::size_t fields, std::size_t bytes);

  // Iterates in order, giving Field by value.
  class Iterator {
   public:
    using value_type = Field;
    using difference_type = std::ptrdiff_t;
    Iterator(const Headers* headers, std::size_t index) : headers_(headers), index_(index) {}
    Field operator*() const { return (*headers_)[index_]; }
    Iterator& operator++() { return ++index_, *this; }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    const Headers* headers_;
    std::size_t index_;
  };
  Iterator begin() const { return Iterator(this, 0); }
  Iterator end() const { return Iterator(this, fields_.size()); }

 private:
  struct Span {
    std::uint32_t name_offset;
    std::uint32_t name_size;
    std::uint32_t value_offset;
    std::uint32_t value_size;
  };
  void Append(std::string_view name, std::string_view value);
  bool IsNamed(const Span& span, std::string_view name) const noexcept;

  std::basic_string<char, std::char_traits<char>, WipingAllocator<char>> text_;
  std::vector<Span> fields_;
};

}  // namespace keywalk

#endif  // KEYWALK_HEADERS_H_
