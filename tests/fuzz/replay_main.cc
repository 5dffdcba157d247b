// Runs a fuzz target on the files of its corpus and on changed copies of them: what `make test`
// does of the fuzzing, with any compiler.
//
//   keywalk-fuzz-replay [--mutations N] [--limit-ms MS] [--dictionary FILE] TARGET PATH...
//
// Stops changing after N copies, or after MS milliseconds of it.
// Exit status 0: all went well, 2: wrong use. A broken property, or a crash, ends it by a signal,
// or as AddressSanitizer ends it after its report; the input is then in TARGET.crash in the current
// folder. A leak is reported at the end, of no input.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/fuzz/mutator.h"
#include "tests/fuzz/target.h"

#if defined(__SANITIZE_ADDRESS__)  // GCC's word for it
#define KEYWALK_FUZZ_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEYWALK_FUZZ_ADDRESS_SANITIZER
#endif
#endif
#ifdef KEYWALK_FUZZ_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>

// GCC's UndefinedBehaviorSanitizer is a library of its own, which knows no callback of the other's.
extern "C" const char* __ubsan_default_options() { return "abort_on_error=1"; }
#endif

namespace keywalk::fuzz {
namespace {

constexpr std::uint64_t kSeed = 1;

// For what ends the program: the input under way, null between two, and where it is kept.
const std::string_view* current_input = nullptr;
std::array<char, 256> crash_file{};

// Safe in a signal handler.
extern "C" void KeepInput() {
  if (current_input == nullptr) return;  // kept already, or a leak, reported when all is over
  const int file = ::open(crash_file.data(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  std::string_view rest = *std::exchange(current_input, nullptr);
  while (file >= 0 && !rest.empty()) {
    const ssize_t written = ::write(file, rest.data(), rest.size());
    if (written <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  constexpr std::string_view kSaid = "fuzz: the input is kept in ";
  std::array<std::string_view, 3> words{kSaid, crash_file.data(), "\n"};
  for (const std::string_view word : words) {
    if (::write(STDERR_FILENO, word.data(), word.size()) < 0) break;
  }
}

extern "C" void KeepInputAndEnd(int number) {
  KeepInput();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

void KeepInputWhenItEnds() {
  std::signal(SIGABRT, &KeepInputAndEnd);
#ifdef KEYWALK_FUZZ_ADDRESS_SANITIZER
  // It reports these signals itself, and like all that it finds it ends them without another.
  __sanitizer_set_death_callback(&KeepInput);
#else
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    std::signal(number, &KeepInputAndEnd);
  }
#endif
}

struct Arguments {
  const Target* target = nullptr;
  std::size_t mutations = 0;
  std::chrono::milliseconds limit{1'000};
  std::string dictionary;
  std::vector<std::filesystem::path> paths;
};

std::optional<std::size_t> ParseNumber(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Arguments> ParseArguments(const std::vector<std::string_view>& words) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word.starts_with("--")) {
      if (++i == words.size()) return std::nullopt;
      const std::optional<std::size_t> number = ParseNumber(words[i]);
      if (word == "--dictionary") {
        arguments.dictionary = words[i];
      } else if (word == "--mutations" && number) {
        arguments.mutations = *number;
      } else if (word == "--limit-ms" && number) {
        arguments.limit = std::chrono::milliseconds(*number);
      } else {
        return std::nullopt;
      }
    } else if (arguments.target == nullptr) {
      arguments.target = FindTarget(word);
      if (arguments.target == nullptr) return std::nullopt;
    } else {
      arguments.paths.emplace_back(word);
    }
  }
  if (arguments.target == nullptr) return std::nullopt;
  return arguments;
}

// Ends the program with exit status 2 if it cannot be read: what is passed over was not tested.
std::ifstream OpenFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (file && !std::filesystem::is_directory(path)) return file;
  std::fprintf(stderr, "keywalk-fuzz-replay: cannot read %s\n", path.c_str());
  std::exit(2);
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file = OpenFile(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Every file below the paths, in the order of their names.
std::vector<std::string> ReadInputs(const std::vector<std::filesystem::path>& paths) {
  std::vector<std::string> inputs;
  for (const std::filesystem::path& path : paths) {
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_directory(path)) {
      for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry);
    } else {
      files.push_back(path);
    }
    std::ranges::sort(files);
    for (const std::filesystem::path& file : files) inputs.push_back(ReadFile(file));
  }
  return inputs;
}

// The words of libFuzzer's dictionaries: lines of "WORD" or NAME="WORD".
std::vector<std::string> ReadDictionary(const std::string& path) {
  std::vector<std::string> words;
  if (path.empty()) return words;
  std::ifstream file = OpenFile(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t begin = line.find('"');
    const std::size_t end = line.rfind('"');
    if (line.starts_with('#') || begin == line.npos || end == begin) continue;
    std::string word;
    for (std::size_t i = begin + 1; i < end; ++i) {
      if (line[i] != '\\') {
        word += line[i];
      } else if (line[i + 1] == 'x') {
        unsigned byte = 0;
        std::from_chars(line.data() + i + 2, line.data() + i + 4, byte, 16);
        word += static_cast<char>(byte);
        i += 3;
      } else {
        word += line[++i];
      }
    }
    words.push_back(std::move(word));
  }
  return words;
}

// Runs inputs, and keeps in mind how long one took at most.
class Runner {
 public:
  explicit Runner(const Target& target) : target_(target) {}

  void Run(std::string_view input) {
    current_input = &input;
    const auto begin = std::chrono::steady_clock::now();
    target_.function(input);
    current_input = nullptr;
    slowest_ = std::max(slowest_, std::chrono::steady_clock::now() - begin);
  }
  long long slowest_ms() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(slowest_).count();
  }

 private:
  const Target& target_;
  std::chrono::steady_clock::duration slowest_{};
};

int Replay(const Arguments& arguments) {
  const Target& target = *arguments.target;
  const std::vector<std::string> inputs = ReadInputs(arguments.paths);
  if (inputs.empty()) {
    std::fprintf(stderr, "keywalk-fuzz-replay: no input for %s\n", target.name.data());
    return 2;
  }
  std::snprintf(crash_file.data(), crash_file.size(), "%s.crash", target.name.data());
  KeepInputWhenItEnds();
  const auto begin = std::chrono::steady_clock::now();
  Runner runner(target);
  runner.Run("");
  for (const std::string& input : inputs) runner.Run(input);

  const std::vector<std::string> words = ReadDictionary(arguments.dictionary);
  Mutator mutator(kSeed, inputs, {words.begin(), words.end()});
  std::size_t changed = 0;
  const auto until = std::chrono::steady_clock::now() + arguments.limit;
  while (changed < arguments.mutations && std::chrono::steady_clock::now() < until) {
    const std::string input = mutator.Next();
    runner.Run(input);
    ++changed;
  }
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begin);
  std::printf("%s: %zu inputs and %zu changed ones in %lld ms, the slowest in %lld ms\n",
              target.name.data(), inputs.size(), changed, static_cast<long long>(elapsed.count()),
              runner.slowest_ms());
  return 0;
}

}  // namespace
}  // namespace keywalk::fuzz

int main(int argc, char** argv) {
  const auto arguments = keywalk::fuzz::ParseArguments({argv + 1, argv + argc});
  if (arguments) return keywalk::fuzz::Replay(*arguments);
  std::fputs(
      "usage: keywalk-fuzz-replay [--mutations N] [--limit-ms MS] [--dictionary FILE] "
      "TARGET PATH...\ntargets:",
      stderr);
  for (const auto& target : keywalk::fuzz::Targets()) {
    std::fprintf(stderr, " %s", target.name.data());
  }
  std::fputs("\n", stderr);
  return 2;
}
