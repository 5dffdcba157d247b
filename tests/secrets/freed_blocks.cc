// Preloaded into a program (LD_PRELOAD), it looks into every block of memory that is given back for
// the secrets of the file KEYWALK_TEST_SECRETS, one a line, and says on the file
// KEYWALK_TEST_FREED which were found, and where from. glibc only.
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" {
void* __libc_malloc(std::size_t bytes);
void __libc_free(void* memory);
}

namespace {

constexpr std::size_t kMaxText = 64 * 1024;
constexpr int kMaxReports = 50;

// Nothing here may allocate while a block is looked at.
std::array<char, kMaxText> text;
std::size_t text_bytes = 0;
int report = -1;
int reports = 0;
thread_local bool looking = false;

[[gnu::constructor]] void ReadSecrets() {
  const char* const secrets = std::getenv("KEYWALK_TEST_SECRETS");
  const char* const output = std::getenv("KEYWALK_TEST_FREED");
  if (secrets == nullptr || output == nullptr) return;
  const int file = ::open(secrets, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  const ssize_t got = ::read(file, text.data(), text.size());
  ::close(file);
  std::array<void*, 2> frames;
  ::backtrace(frames.data(), frames.size());  // loads what it needs
  report = ::open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (got > 0 && report >= 0) text_bytes = static_cast<std::size_t>(got);
}

void Report(const char* secret, std::size_t size, std::size_t block, std::size_t at) {
  if (reports++ >= kMaxReports) return;
  std::array<char, 256> line;
  const int length =
      std::snprintf(line.data(), line.size(), "freed %.*s at %zu of %zu\n",
                    static_cast<int>(std::min<std::size_t>(size, 100)), secret, at, block);
  if (::write(report, line.data(), static_cast<std::size_t>(length)) < 0) return;
  std::array<void*, 24> frames;
  ::backtrace_symbols_fd(frames.data(), ::backtrace(frames.data(), frames.size()), report);
}

void Look(const void* memory) {
  if (text_bytes == 0 || memory == nullptr || looking) return;
  looking = true;
  const std::size_t block = ::malloc_usable_size(const_cast<void*>(memory));
  const char* secret = text.data();
  const char* const end = secret + text_bytes;
  while (secret < end) {
    const char* const line_end = std::find(secret, end, '\n');
    const auto size = static_cast<std::size_t>(line_end - secret);
    const void* const found = size == 0 ? nullptr : ::memmem(memory, block, secret, size);
    if (found != nullptr) {
      const auto at = static_cast<const char*>(found) - static_cast<const char*>(memory);
      Report(secret, size, block, static_cast<std::size_t>(at));
    }
    secret = line_end + 1;
  }
  looking = false;
}

}  // namespace

extern "C" {

void free(void* memory) {
  Look(memory);
  __libc_free(memory);
}

// Never in place, so that what is left behind is seen.
void* realloc(void* memory, std::size_t bytes) {
  void* const moved = __libc_malloc(bytes);
  if (memory == nullptr || moved == nullptr) return moved;
  std::memcpy(moved, memory, std::min(bytes, ::malloc_usable_size(memory)));
  free(memory);
  return moved;
}
}
