// What may be shown of a key: its masked hint and nothing else (SPEC secret/1).
#ifndef KEYWALK_SECRET_H_
#define KEYWALK_SECRET_H_

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keywalk {

// Overwrites memory that held a secret, also where nothing reads it afterwards.
void WipeMemory(void* memory, std::size_t bytes) noexcept;
// The same for a string's text and spare room; it is empty then.
void Wipe(std::string& text) noexcept;
// The same for its text only. REQUIRES: it has not become shorter since it was wiped last
void WipeContent(std::string& text) noexcept;
// Makes room for that many characters, and leaves no text behind where it was before.
void GrowWiped(std::string& text, std::size_t capacity);

// Wipes a string, which outlives it, when it goes.
class [[nodiscard]] WipeAtEnd {
 public:
  explicit WipeAtEnd(std::string& text) : text_(text) {}
  ~WipeAtEnd() { Wipe(text_); }
  WipeAtEnd(const WipeAtEnd&) = delete;
  WipeAtEnd& operator=(const WipeAtEnd&) = delete;

 private:
  std::string& text_;
};

// For containers: memory is wiped whenever it is given back, also where they grow.
template <typename T>
class WipingAllocator {
 public:
  using value_type = T;
  WipingAllocator() = default;
  template <typename U>
  WipingAllocator(const WipingAllocator<U>&) noexcept {}
  T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* memory, std::size_t count) noexcept {
    WipeMemory(memory, count * sizeof(T));
    std::allocator<T>().deallocate(memory, count);
  }
  bool operator==(const WipingAllocator&) const = default;
};

// A list of secrets, each overwritten before its memory is released. A plain value.
class Secrets {
 public:
  using value_type = std::string;
  using const_iterator = std::vector<std::string>::const_iterator;
  using iterator = const_iterator;

  Secrets() = default;
  // Implicit, so that lists of keys can be given as they are read.
  Secrets(std::vector<std::string> secrets) noexcept : secrets_(std::move(secrets)) {}
  Secrets(std::initializer_list<std::string> secrets) : secrets_(secrets) {}
  Secrets(const Secrets&) = default;
  Secrets(Secrets&&) noexcept = default;
  Secrets& operator=(const Secrets& other);
  Secrets& operator=(Secrets&& other) noexcept;
  ~Secrets();

  // Copies all of them to the end.
  void Append(const Secrets& more);

  std::size_t size() const noexcept { return secrets_.size(); }
  bool empty() const noexcept { return secrets_.empty(); }
  const std::string& operator[](std::size_t index) const noexcept { return secrets_[index]; }
  const_iterator begin() const noexcept { return secrets_.begin(); }
  const_iterator end() const noexcept { return secrets_.end(); }
  bool operator==(const Secrets&) const = default;

 private:
  std::vector<std::string> secrets_;
};

// The masked hint of a key: 20 characters and more keep 4+4 ("sk-a...wxyz"), from 10 on 2+2, from 5
// on 1+1; a shorter one is "...". Pure; safe for concurrent use.
std::string MaskKey(std::string_view key);

// Replaces every occurrence of the given secrets in a text by their masked hints. For error texts
// and dumps that may hold an upstream's echo of a key. Longer secrets are replaced first, so that a
// secret that contains another leaves nothing behind. Immutable; safe for concurrent use.
class SecretMasker {
 public:
  SecretMasker() = default;
  explicit SecretMasker(const Secrets& secrets);

  std::string Mask(std::string_view text) const;
  // True if `text` holds any of the secrets.
  bool Reveals(std::string_view text) const;
  // How much of a text that was cut off can be shown: less than all if it may end in the middle of
  // a secret, which Mask() does not recognise by its beginning.
  std::size_t ShownOfCut(std::string_view text) const;

 private:
  struct Entry {
    Entry(std::string_view given_secret, std::string given_hint)
        : secret(given_secret), hint(std::move(given_hint)) {}
    Entry(const Entry&) = default;
    Entry(Entry&&) = default;
    Entry& operator=(const Entry&) = default;
    Entry& operator=(Entry&&) = default;
    ~Entry() { Wipe(secret); }

    std::string secret;
    std::string hint;
  };
  std::vector<Entry> entries_;
};

}  // namespace keywalk

#endif  // KEYWALK_SECRET_H_
