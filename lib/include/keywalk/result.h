// A value or the reason why there is none. The core's own, so that it depends on nothing.
#ifndef KEYWALK_RESULT_H_
#define KEYWALK_RESULT_H_

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace keywalk {

// Why a value could not be made, in words for the person who supplied the input.
// Never holds a byte of a key (SPEC secret/1).
class Error {
 public:
  explicit Error(std::string message) : message_(std::move(message)) {}
  const std::string& message() const { return message_; }

 private:
  std::string message_;
};

// Holds either a T or an E. Not thread-safe; a plain value.
template <typename T, typename E = Error>
class [[nodiscard]] Result {
 public:
  // Implicit on purpose: `return value;` and `return Error("...");` both read naturally.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: ok()
  T& value() & { return assert(ok()), *std::get_if<0>(&state_); }
  const T& value() const& { return assert(ok()), *std::get_if<0>(&state_); }
  T&& value() && { return assert(ok()), std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // REQUIRES: !ok()
  E& error() & { return assert(!ok()), *std::get_if<1>(&state_); }
  const E& error() const& { return assert(!ok()), *std::get_if<1>(&state_); }
  E&& error() && { return assert(!ok()), std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, E> state_;
};

}  // namespace keywalk

#endif  // KEYWALK_RESULT_H_
