// Goal: the structural clauses that no wire case can show: SPEC state/8, pool/6, and that the core
// is std only. Method: read what the sources include, and what the built archive asks of the
// system.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace keywalk {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

// The names that the core's archive leaves for the system to define.
std::set<std::string> UndefinedSymbols() {
  std::set<std::string> symbols;
  FILE* nm = popen((std::string(KEYWALK_NM) + " -u " + KEYWALK_CORE_ARCHIVE).c_str(), "r");
  if (nm == nullptr) return symbols;
  char line[4096];
  while (std::fgets(line, sizeof line, nm) != nullptr) {
    char kind = 0;
    char name[4096];
    if (std::sscanf(line, " %c %4095s", &kind, name) == 2) symbols.insert(name);
  }
  pclose(nm);
  return symbols;
}

std::vector<std::string> Matching(const std::set<std::string>& names, const char* pattern) {
  const std::regex expression(pattern);
  std::vector<std::string> matching;
  for (const std::string& name : names) {
    if (std::regex_match(name, expression)) matching.push_back(name);
  }
  return matching;
}

std::vector<std::filesystem::path> CoreSources() {
  std::vector<std::filesystem::path> files;
  const std::filesystem::path lib = std::filesystem::path(KEYWALK_SOURCE_DIR) / "lib";
  for (const auto& entry : std::filesystem::directory_iterator(lib / "core")) {
    const std::string extension = entry.path().extension();
    if (extension == ".cc" || extension == ".h") files.push_back(entry.path());
  }
  for (const char* header :
       {"clock", "failover", "headers", "key_pool", "policy", "result", "retry_after", "secret"}) {
    files.push_back(lib / "include/keywalk" / (std::string(header) + ".h"));
  }
  return files;
}

// SPEC state/8: nothing in the decision core reads the system clock.
TEST(StructureTest, State8TheCoreReadsNoClock) {
  const std::set<std::string> symbols = UndefinedSymbols();
  ASSERT_THAT(symbols, Contains("memcmp")) << "nm told nothing: " KEYWALK_CORE_ARCHIVE;
  EXPECT_THAT(Matching(symbols,
                       "(clock|time|times|ftime|gettimeofday|timespec_get|clock_.*|"
                       "_ZNSt6chrono.*clock3nowE.*|_ZNSt6chrono.*tzdb.*)"),
              IsEmpty());
}

// SPEC pool/6: safe for concurrent use without a lock, and no operation blocks on I/O.
TEST(StructureTest, Pool6TheCoreNeitherLocksNorWaitsNorDoesIo) {
  const std::set<std::string> symbols = UndefinedSymbols();
  ASSERT_THAT(symbols, Contains("memcmp")) << "nm told nothing: " KEYWALK_CORE_ARCHIVE;
  EXPECT_THAT(Matching(symbols,
                       "(pthread_.*|sem_.*|syscall|nanosleep|usleep|sleep|sched_yield|"
                       "__cxa_guard_acquire|_ZNSt.*(mutex|condition_variable|thread).*)"),
              IsEmpty());
  EXPECT_THAT(Matching(symbols,
                       "(f?open|f?read|f?write|close|socket|connect|send|recv|poll|"
                       "select|epoll_.*|ioctl|getenv|f?printf|puts|"
                       "_ZNSt.*(stream|filebuf|filesystem).*)"),
              IsEmpty());
}

TEST(StructureTest, TheCoreIncludesOnlyTheStandardLibraryAndItself) {
  const std::regex include(R"re(^\s*#\s*include\s+([<"])([^>"]+)[>"])re");
  const std::regex standard("[a-z_]+");
  const std::set<std::string> clocks_threads_io = {
      "ctime",     "thread",   "mutex",   "shared_mutex", "condition_variable",
      "future",    "iostream", "fstream", "cstdio",       "filesystem",
      "semaphore", "random",   "barrier", "latch",        "stop_token"};
  const std::vector<std::filesystem::path> files = CoreSources();
  ASSERT_GT(files.size(), 10u);
  for (const auto& file : files) {
    std::ifstream source(file);
    ASSERT_TRUE(source.is_open()) << file;
    for (std::string line; std::getline(source, line);) {
      std::smatch match;
      if (!std::regex_search(line, match, include)) continue;
      const std::string name = match[2];
      if (match[1] == "<") {
        EXPECT_TRUE(std::regex_match(name, standard)) << file << ": " << name;
        EXPECT_EQ(clocks_threads_io.count(name), 0u) << file << ": " << name;
      } else {
        EXPECT_TRUE(name.starts_with("keywalk/") || name.starts_with("core/"))
            << file << ": " << name;
      }
    }
  }
}

// SPEC classify/6: a policy or a provider is known to the core by its data, never by its name.
TEST(StructureTest, Classify6TheCoreNamesNoPolicyAndDecidesOnNoStatus) {
  const std::regex named("\"(coder-v[0-9]+|openai|anthropic|copilot)\"");
  const std::regex status_literal(R"(\b(4[0-9][0-9]|5[0-9][0-9])\b)");
  for (const auto& file : CoreSources()) {
    std::ifstream source(file);
    for (std::string line; std::getline(source, line);) {
      const std::string code = line.substr(0, line.find("//"));
      EXPECT_FALSE(std::regex_search(code, named)) << file << ": " << line;
      EXPECT_FALSE(std::regex_search(code, status_literal)) << file << ": " << line;
    }
  }
}

}  // namespace
}  // namespace keywalk
