// Goal: a child is asked, bounded and ended whatever it does. What an adapter can do wrong on the
// level of the protocol is in hostile_adapter_test.py.
// Method: one-line shell scripts.
#include "conformance/child_process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <chrono>
#include <mutex>
#include <string>
#include <vector>

namespace keywalk::conformance {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::unique_ptr<ChildProcess> Start(const std::string& command) {
  auto child = ChildProcess::Start(command, [](std::string_view) {});
  EXPECT_TRUE(child.ok());
  return *std::move(child);
}

TEST(ChildProcessTest, AnswersLineByLine) {
  auto child = Start("while read line; do echo \"<$line>\"; done");
  EXPECT_EQ(*child->Ask("one", seconds(10)), "<one>");
  EXPECT_EQ(*child->Ask("two", seconds(10)), "<two>");
  child->Stop(seconds(10));
  EXPECT_EQ(child->ending(), "exit status 0");
}

TEST(ChildProcessTest, LongLinesPassBothWays) {
  auto child = Start("cat");
  const std::string line(3'000'000, 'x');
  EXPECT_EQ(*child->Ask(line, seconds(30)), line);
}

TEST(ChildProcessTest, AnEndIsToldWithItsStatus) {
  auto child = Start("read line; exit 3");
  const auto answer = child->Ask("one", seconds(10));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().message(), "ended before it answered (exit status 3)");
}

TEST(ChildProcessTest, ExitOfTheChildItselfIsWaitedFor) {
  auto child = Start("trap 'sleep 3600 & exit 5' TERM; echo up; while :; do read -r line; done");
  EXPECT_EQ(*child->ReadLine(seconds(10)), "up");
  EXPECT_FALSE(child->WaitForExit(milliseconds(0)));
  child->Signal(SIGTERM);
  EXPECT_TRUE(child->WaitForExit(seconds(30)));
  child->Stop(milliseconds(0));
  EXPECT_EQ(child->ending(), "exit status 5");
}

TEST(ChildProcessTest, SilenceEndsAtTheLimit) {
  auto child = Start("exec sleep 3600");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(child->Ask("one", milliseconds(100)).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(30));
  EXPECT_EQ(child->ending(), "signal 9");
}

TEST(ChildProcessTest, WhatTheChildStartedEndsWithIt) {
  auto child = Start("sleep 3600 & echo $!; read line; echo bye; read line");
  const auto grandchild = child->Ask("one", seconds(10));
  ASSERT_TRUE(grandchild.ok());
  const pid_t pid = std::stoi(*grandchild);
  EXPECT_EQ(::kill(pid, 0), 0);
  child->Stop(milliseconds(0));
  const auto deadline = std::chrono::steady_clock::now() + seconds(30);
  // An orphan's end is seen once init has reaped it; a zombie is dead enough.
  while (::kill(pid, 0) == 0 && std::chrono::steady_clock::now() < deadline) {
    std::string state;
    if (std::FILE* file = std::fopen(("/proc/" + *grandchild + "/stat").c_str(), "r")) {
      char text[256] = {};
      state.assign(text, std::fread(text, 1, sizeof text, file));
      std::fclose(file);
    }
    if (state.find(") Z ") != std::string::npos) break;
  }
  EXPECT_LT(std::chrono::steady_clock::now(), deadline);
}

TEST(ChildProcessTest, StandardErrorIsHandedOnByLines) {
  std::mutex mutex;
  std::vector<std::string> lines;
  auto child = ChildProcess::Start("echo one >&2; printf 'two\\nthree' >&2; cat",
                                   [&](std::string_view line) {
                                     const std::lock_guard lock(mutex);
                                     lines.emplace_back(line);
                                   });
  ASSERT_TRUE(child.ok());
  (*child)->Stop(seconds(10));
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "three"}));
}

TEST(ChildProcessTest, AChildThatClosesItsInputIsNoSignalForUs) {
  auto child = Start("exec <&-; sleep 3600");
  const std::string line(1'000'000, 'x');
  EXPECT_FALSE(child->Ask(line, milliseconds(2000)).ok());
}

}  // namespace
}  // namespace keywalk::conformance
