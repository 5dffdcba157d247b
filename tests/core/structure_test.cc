// Goal: the structural clauses that no wire case can show: SPEC state/8, pool/6, and that the core
// is std only. Method: read what the sources include, and what the built archive asks of the
// system.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

namespace keywalk {
namespace {

using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::MatchesRegex;
using ::testing::Not;

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
  EXPECT_THAT(symbols, Each(Not(MatchesRegex("clock|time|times|ftime|gettimeofday|clock_.*"))));
  EXPECT_THAT(symbols, Each(Not(MatchesRegex("timespec_get|_ZNSt6chrono.*(3now|tzdb).*"))));
}

// SPEC pool/6: safe for concurrent use without a lock, and no operation blocks on I/O.
TEST(StructureTest, Pool6TheCoreNeitherLocksNorWaitsNorDoesIo) {
  const std::set<std::string> symbols = UndefinedSymbols();
  ASSERT_THAT(symbols, Contains("memcmp")) << "nm told nothing: " KEYWALK_CORE_ARCHIVE;
  for (const char* pattern :
       {"pthread_.*|sem_.*|syscall|nanosleep|usleep|sleep|sched_yield|__cxa_guard_acquire",
        "_ZNSt.*(mutex|condition_variable|thread).*", "_ZNSt.*(stream|filebuf|filesystem).*",
        "f?open|f?read|f?write|close|ioctl|getenv|f?printf|puts",
        "socket|connect|send|recv|poll|select|epoll_.*"}) {
    EXPECT_THAT(symbols, Each(Not(MatchesRegex(pattern))));
  }
}

// The name between the brackets or quotes of an #include line; empty for other lines.
std::string IncludedName(const std::string& line) {
  if (!line.starts_with("#include ")) return {};
  const std::size_t open = line.find_first_of("<\"");
  const std::size_t close = line.find_last_of(">\"");
  return line.substr(open, close - open);
}

TEST(StructureTest, TheCoreIncludesOnlyTheStandardLibraryAndItself) {
  const std::vector<std::filesystem::path> files = CoreSources();
  ASSERT_GT(files.size(), 10u);
  for (const auto& file : files) {
    std::ifstream source(file);
    ASSERT_TRUE(source.is_open()) << file;
    for (std::string line; std::getline(source, line);) {
      const std::string name = IncludedName(line);
      if (name.empty()) continue;
      EXPECT_THAT(name, MatchesRegex("<[a-z_]+|\"keywalk/.*|\"core/.*")) << file;
      EXPECT_THAT(name, Not(MatchesRegex("<(ctime|thread|mutex|shared_mutex|condition_variable|"
                                         "future|semaphore|barrier|latch|stop_token|random|"
                                         "[a-z]*stream|cstdio|filesystem)")))
          << file;
    }
  }
}

// SPEC classify/6: a policy or a provider is known to the core by its data, never by its name, and
// no status means anything to it.
TEST(StructureTest, Classify6TheCoreNamesNoPolicyAndDecidesOnNoStatus) {
  for (const auto& file : CoreSources()) {
    std::ifstream source(file);
    for (std::string line; std::getline(source, line);) {
      const std::string code = line.substr(0, line.find("//"));
      EXPECT_THAT(code, Not(ContainsRegex("\"(coder-v[0-9]+|openai|anthropic|copilot)\""))) << file;
      EXPECT_THAT(code, Not(ContainsRegex("(^|[^0-9'])[45][0-9][0-9]([^0-9']|$)"))) << file;
    }
  }
}

}  // namespace
}  // namespace keywalk
