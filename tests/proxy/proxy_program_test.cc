// The program as a process: what it prints once it is ready, and how signals end it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "mockupstream/mock_server.h"
#include "tests/support/raw_client.h"
#include "tests/support/raw_reply.h"
#include "tests/support/temp_dir.h"

namespace keywalk::proxy {
namespace {

using ::testing::HasSubstr;
using testing::RawClient;

// A child whose standard output is read, with its log where that is wanted; killed when it is left
// running.
class Program {
 public:
  enum class Reads { kOutput, kOutputAndLog };

  explicit Program(std::vector<std::string> arguments, Reads reads = Reads::kOutput) {
    arguments.insert(arguments.begin(), KEYWALK_PROXY_BINARY);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("pipe");
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    if (reads == Reads::kOutputAndLog) {
      ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    }
    ::posix_spawn_file_actions_addclose(&actions, ends[0]);
    const int error =
        ::posix_spawn(&pid_, pointers[0], &actions, nullptr, pointers.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    output_ = ::fdopen(ends[0], "r");
    if (error != 0) throw std::runtime_error("cannot run " + arguments[0]);
  }
  ~Program() {
    if (pid_ > 0) {
      Signal(SIGKILL);
      Wait();
    }
    std::fclose(output_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // The next line, or what there is of it when the output ends.
  std::string ReadLine() {
    char line[1024] = "";
    if (std::fgets(line, sizeof line, output_) == nullptr) return "";
    return line;
  }
  // The first line from here on that holds `text`; empty if none comes.
  std::string ReadLineWith(const std::string& text) {
    std::string line = ReadLine();
    while (!line.empty() && line.find(text) == line.npos) line = ReadLine();
    return line;
  }
  void Signal(int number) { ::kill(pid_, number); }
  // The exit code; -1 if a signal ended it.
  int Wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
  std::FILE* output_ = nullptr;
};

std::uint16_t PortIn(const std::string& line, const std::string& before) {
  std::uint16_t port = 0;
  if (line.rfind(before, 0) != 0) return 0;
  const char* const end = line.data() + line.size() - 1;  // the line's end stays
  const auto [stop, error] = std::from_chars(line.data() + before.size(), end, port);
  return error == std::errc() && stop == end ? port : 0;
}

class ProxyProgramTest : public ::testing::Test {
 protected:
  ProxyProgramTest()
      : mock_(std::move(*mock::MockServer::Start(
            {}, *mock::ParseScript(R"({"schema_version": "1.0", "default_lane":
                {"steps": [{"delay_ms": 3600000}]}})",
                                   "test")))) {}

  // Sends a request that the upstream does not answer, and waits until it has it.
  void StartRequest(RawClient& client) {
    client.Send(testing::RequestText("GET", "/x", {}));
    ASSERT_TRUE(mock_->WaitForJournal([](const auto& journal) { return !journal.empty(); },
                                      std::chrono::seconds(10)));
  }

  const std::unique_ptr<mock::MockServer> mock_;
};

TEST_F(ProxyProgramTest, SaysWhereItListensAndEndsOnATermSignal) {
  Program program({"--provider", "copilot", "--base-url", mock_->url(), "--listen", "127.0.0.1:0",
                   "--admin-listen", "127.0.0.1:0"});
  EXPECT_NE(PortIn(program.ReadLine(), "listening on 127.0.0.1:"), 0);
  const std::uint16_t admin = PortIn(program.ReadLine(), "admin on 127.0.0.1:");
  ASSERT_NE(admin, 0);
  {
    RawClient client(admin);
    client.Send(testing::RequestText("GET", "/healthz", {}));
    EXPECT_EQ(testing::ReadReply(client).body, "ok\n");
  }
  program.Signal(SIGTERM);
  EXPECT_EQ(program.ReadLine(), "");
  EXPECT_EQ(program.Wait(), 0);
}

TEST_F(ProxyProgramTest, RequestInFlightIsWaitedForUntilTheLimit) {
  Program program({"--provider", "copilot", "--base-url", mock_->url(), "--drain-ms", "100",
                   "--log-level", "error"});
  RawClient client(PortIn(program.ReadLine(), "listening on 127.0.0.1:"));
  StartRequest(client);
  program.Signal(SIGINT);
  EXPECT_EQ(program.Wait(), 0);
  EXPECT_NE(client.ReadToEnd(), testing::ReadEnd::kTimeout);
}

TEST_F(ProxyProgramTest, SecondSignalEndsItAtOnce) {
  Program program({"--provider", "copilot", "--base-url", mock_->url(), "--log-level", "error"});
  const std::uint16_t port = PortIn(program.ReadLine(), "listening on 127.0.0.1:");
  RawClient client(port);
  StartRequest(client);
  RawClient idle(port);
  program.Signal(SIGTERM);
  // The drain has begun once it closes the idle connection.
  EXPECT_NE(idle.ReadToEnd(), testing::ReadEnd::kTimeout);
  program.Signal(SIGTERM);
  EXPECT_EQ(program.Wait(), 1);
}

// SIGHUP reads every file anew: also a second one that comes during the first, and also after a
// file that could not be used.
TEST_F(ProxyProgramTest, HangUpReadsTheFilesAnew) {
  const testing::TempDir dir;
  const std::string keys = dir.Write("keys", "sk-first-AAAABBBBCCCCDDDD-k0k0\n");
  Program program({"--provider", "openai", "--base-url", mock_->url(), "--keys-file", keys},
                  Program::Reads::kOutputAndLog);
  ASSERT_NE(program.ReadLineWith("listening on "), "");
  dir.Write("keys", "sk-first-AAAABBBBCCCCDDDD-k0k0\nsk-second-EEEEFFFFGGGG-k1k1\n");
  program.Signal(SIGHUP);
  EXPECT_THAT(program.ReadLineWith("reloaded"),
              HasSubstr("configuration reloaded: openai: 1 key kept, 1 added, 0 removed\n"));

  const std::string refused = "error configuration not reloaded, the old one stays: " + keys + ": ";
  for (const auto& [text, reason] : {std::pair("# none\n", "no keys provided\n"),
                                     std::pair("k\nk\n", "duplicate key (key 2 of 2)\n")}) {
    dir.Write("keys", text);
    program.Signal(SIGHUP);
    EXPECT_THAT(program.ReadLineWith("reloaded"), HasSubstr(refused + reason));
  }
  ::unlink(keys.c_str());
  program.Signal(SIGHUP);
  EXPECT_THAT(program.ReadLineWith("reloaded"), HasSubstr(refused + "cannot be read: "));

  dir.Write("keys", "sk-third-IIIIJJJJKKKKLLLL-k2k2\n");
  for (int i = 0; i < 20; ++i) program.Signal(SIGHUP);
  EXPECT_THAT(program.ReadLineWith("reloaded"), HasSubstr("0 keys kept, 1 added, 2 removed\n"));
  program.Signal(SIGTERM);
  EXPECT_NE(program.ReadLineWith("info stopped\n"), "");
  EXPECT_EQ(program.Wait(), 0);
}

// A file that never comes to its end: opening a pipe must not wait for who writes to it, and
// reading it must not keep the program from being stopped.
TEST_F(ProxyProgramTest, FileThatDoesNotEndHoldsNothingUp) {
  const testing::TempDir dir;
  const std::string keys = dir.Write("keys", "sk-first-AAAABBBBCCCCDDDD-k0k0\n");
  Program program({"--provider", "openai", "--base-url", mock_->url(), "--keys-file", keys},
                  Program::Reads::kOutputAndLog);
  const std::uint16_t port =
      PortIn(program.ReadLineWith("listening on "), "listening on 127.0.0.1:");
  ::unlink(keys.c_str());
  ASSERT_EQ(::mkfifo(keys.c_str(), 0600), 0);
  program.Signal(SIGHUP);
  EXPECT_THAT(program.ReadLineWith("reloaded"), HasSubstr("no keys provided"));

  const int writer = ::open(keys.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(writer, 0);
  program.Signal(SIGHUP);
  RawClient client(port);
  StartRequest(client);
  program.Signal(SIGTERM);
  EXPECT_NE(program.ReadLineWith("stopping"), "");
  program.Signal(SIGTERM);
  EXPECT_EQ(program.Wait(), 1);
  ::close(writer);
}

TEST_F(ProxyProgramTest, AddressInUseEndsWithTwo) {
  Program program({"--provider", "copilot", "--base-url", mock_->url(), "--listen",
                   "127.0.0.1:" + std::to_string(mock_->port())});
  EXPECT_EQ(program.ReadLine(), "");
  EXPECT_EQ(program.Wait(), 2);
}

}  // namespace
}  // namespace keywalk::proxy
