// Goal: a client's body is read once, whoever of the attempts reads it, and every attempt gets it
// from its beginning. Method: a source that gives its pieces when the test says so.
#include "io/body_recording.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/io/io_runner.h"

namespace keywalk::io {
namespace {

using testing::IoRunner;
using testing::PiecesBody;
using testing::ReadAll;
using Kind = TransportError::Kind;

// Gives what it is handed by Push(), and waits for that.
class PushedBody final : public BodySource {
 public:
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  Awaitable<BodyChunk> Read() override {
    EXPECT_FALSE(reading_) << "two read it at once";
    reading_ = true;
    while (pieces_.empty()) {
      const Executor executor = co_await asio::this_coro::executor;
      pushed_.emplace(executor, SteadyTimer::time_point::max());
      co_await pushed_->async_wait(kAwaitTuple);
    }
    reading_ = false;
    current_ = std::move(pieces_.front());
    pieces_.pop_front();
    co_return BodyChunk(current_);
  }
  void Cancel() override {}
  const Headers& trailers() const override { return none_; }

  // Empty: the end.
  void Push(std::string piece) {
    pieces_.push_back(std::move(piece));
    if (pushed_) pushed_->cancel();
  }
  bool reading() const { return reading_; }

 private:
  std::deque<std::string> pieces_;
  std::string current_;
  std::optional<SteadyTimer> pushed_;
  const Headers none_;
  bool reading_ = false;
};

class BodyRecordingTest : public ::testing::Test {
 protected:
  void Record(std::shared_ptr<BodySource> source, std::uint64_t max_bytes = 1'000'000) {
    recording_ = std::make_shared<BodyRecording>(std::move(source), max_bytes, memory_);
  }

  std::optional<Kind> Begin() { return RunOne(recording_->Begin()); }
  std::optional<Kind> Finish() { return RunOne(recording_->Finish()); }

  std::shared_ptr<BodySource> NewReader() {
    Request attempt;
    recording_->Provide(attempt);
    return attempt.stream_body;
  }

  // What an attempt gets of it, and how that ends.
  struct Seen {
    std::string bytes;
    std::optional<Kind> failure;
    bool over = false;
  };

  // Begins to read to the end, and waits until that is so or somebody has to wait.
  void Start(std::shared_ptr<BodySource> reader, Seen& seen) {
    asio::co_spawn(io_.context().get_executor(), ReadOn(std::move(reader), seen),
                   [](const std::exception_ptr& thrown) { EXPECT_FALSE(thrown); });
    Poll();
  }
  void Poll() {
    io_.context().restart();
    io_.context().poll();
  }

  Seen ReadWhole(std::shared_ptr<BodySource> reader) {
    Seen seen;
    Start(std::move(reader), seen);
    EXPECT_TRUE(seen.over);
    return seen;
  }

  IoRunner io_;
  std::shared_ptr<BodyMemory> memory_ = std::make_shared<BodyMemory>(BodyMemory::kUnlimited);
  std::shared_ptr<BodyRecording> recording_;

 private:
  std::optional<Kind> RunOne(Awaitable<std::optional<TransportError>> step) {
    std::optional<Kind> failure;
    io_.Run([](Awaitable<std::optional<TransportError>> waited,
               std::optional<Kind>& out) -> Awaitable<void> {
      const std::optional<TransportError> error = co_await std::move(waited);
      if (error) out = error->kind;
    }(std::move(step), failure));
    return failure;
  }

  static Awaitable<void> ReadOn(std::shared_ptr<BodySource> reader, Seen& seen) {
    while (true) {
      const BodyChunk chunk = co_await reader->Read();
      if (chunk.failed()) seen.failure = chunk.error().kind;
      if (chunk.failed() || chunk.at_end()) break;
      seen.bytes += chunk.bytes();
    }
    seen.over = true;
  }
};

TEST_F(BodyRecordingTest, IsReadOnceWhoeverReads) {
  const auto source = std::make_shared<PiecesBody>(
      std::vector<std::string>{"one ", "two ", std::string(100'000, 'x')}, false);
  Record(source);
  EXPECT_FALSE(Begin());
  EXPECT_EQ(source->reads(), 1u) << "the attempt begins with the first bytes";
  const auto first = NewReader();
  const auto second = NewReader();
  const std::string whole = "one two " + std::string(100'000, 'x');
  EXPECT_EQ(ReadWhole(second).bytes, whole);
  EXPECT_EQ(ReadWhole(first).bytes, whole);
  EXPECT_EQ(source->reads(), 4u) << "three pieces and the end";
}

TEST_F(BodyRecordingTest, WhatACancelledReaderWaitedForIsTheNextOnes) {
  const auto source = std::make_shared<PushedBody>();
  Record(source);
  source->Push("abc");
  EXPECT_FALSE(Begin());
  const auto refused = NewReader();
  Seen by_refused;
  Start(refused, by_refused);
  EXPECT_EQ(by_refused.bytes, "abc");
  ASSERT_TRUE(source->reading());

  refused->Cancel();
  Seen by_next;
  Start(NewReader(), by_next);
  EXPECT_EQ(by_next.bytes, "abc") << "while nobody has more";
  source->Push("def");
  Poll();
  EXPECT_EQ(by_next.bytes, "abcdef");
  EXPECT_EQ(by_refused.bytes, "abc");
  EXPECT_EQ(by_refused.failure, Kind::kCancelled);
  source->Push("");
  Poll();
  EXPECT_TRUE(by_next.over && !by_next.failure);
}

TEST_F(BodyRecordingTest, WhoWaitsForAnothersReadingCanBeCancelled) {
  const auto source = std::make_shared<PushedBody>();
  Record(source);
  source->Push("abc");
  EXPECT_FALSE(Begin());
  Seen by_first;
  Start(NewReader(), by_first);
  const auto waiting = NewReader();
  Seen by_second;
  Start(waiting, by_second);
  EXPECT_FALSE(by_second.over);
  waiting->Cancel();
  Poll();
  EXPECT_EQ(by_second.failure, Kind::kCancelled);
  source->Push("");
  Poll();
  EXPECT_TRUE(by_first.over && !by_first.failure);
}

TEST_F(BodyRecordingTest, NothingIsKeptOnceNobodyBeginsAnew) {
  const auto source = std::make_shared<PushedBody>();
  Record(source);
  source->Push("kept ");
  EXPECT_FALSE(Begin());
  const auto reader = NewReader();
  EXPECT_TRUE(reader->repeatable());
  recording_->StopKeeping();
  EXPECT_FALSE(reader->repeatable());
  const std::uint64_t used = memory_->used_bytes();
  Seen seen;
  Start(reader, seen);
  for (int i = 0; i < 4; ++i) {
    source->Push(std::string(100'000, static_cast<char>('a' + i)));
    Poll();
  }
  source->Push("");
  Poll();
  EXPECT_TRUE(seen.over && !seen.failure);
  EXPECT_EQ(seen.bytes.size(), 400'005u);
  EXPECT_TRUE(seen.bytes.starts_with("kept aaa") && seen.bytes.ends_with("ddd"));
  EXPECT_EQ(memory_->used_bytes(), used);
}

// A refused attempt's reading ends when the next one has been answered already.
TEST_F(BodyRecordingTest, APieceThatComesAfterTheAnswerReachesWhoStillSends) {
  const auto source = std::make_shared<PushedBody>();
  Record(source);
  source->Push(std::string(200'000, 'x'));
  EXPECT_FALSE(Begin());
  const auto refused = NewReader();
  Seen by_refused;
  Start(refused, by_refused);
  refused->Cancel();
  const auto next = NewReader();  // has read nothing yet
  recording_->StopKeeping();
  source->Push("late");
  Poll();
  Seen by_next;
  Start(next, by_next);
  source->Push("");
  Poll();
  EXPECT_TRUE(by_next.over && !by_next.failure);
  EXPECT_EQ(by_next.bytes.size(), 200'004u);
  EXPECT_TRUE(by_next.bytes.ends_with("xlate"));
}

TEST_F(BodyRecordingTest, AFailingSourceIsTheRequestsFaultForEveryReader) {
  Record(std::make_shared<PiecesBody>(std::vector<std::string>{}, false, true));
  EXPECT_EQ(Begin(), Kind::kRequestBody) << "before its first byte";
  Record(std::make_shared<PiecesBody>(std::vector<std::string>{"half"}, false, true));
  EXPECT_FALSE(Begin());
  for (const auto& reader : {NewReader(), NewReader()}) {
    const Seen seen = ReadWhole(reader);
    EXPECT_EQ(seen.bytes, "half");
    EXPECT_EQ(seen.failure, Kind::kRequestBody);
  }
  Record(std::make_shared<PiecesBody>(std::vector<std::string>{"half"}, false, true));
  EXPECT_EQ(Finish(), Kind::kRequestBody);
}

TEST_F(BodyRecordingTest, TooLargeIsKnownByLengthOrFoundOut) {
  const std::vector<std::string> pieces = {"12345", "678", "9"};
  const auto stated = std::make_shared<PiecesBody>(pieces);
  Record(stated, 8);
  EXPECT_EQ(Begin(), Kind::kBodyTooLarge);
  EXPECT_EQ(stated->reads(), 0u);
  Record(std::make_shared<PiecesBody>(pieces, false), 8);
  EXPECT_FALSE(Begin());
  const Seen seen = ReadWhole(NewReader());
  EXPECT_EQ(seen.bytes, "12345678") << "not a byte more than the limit";
  EXPECT_EQ(seen.failure, Kind::kBodyTooLarge);
  Record(std::make_shared<PiecesBody>(pieces, false), 9);
  EXPECT_FALSE(Finish()) << "exactly the limit";
}

TEST_F(BodyRecordingTest, WhatIsWholeIsGivenAsARecordedBody) {
  Record(std::make_shared<PiecesBody>(std::vector<std::string>{"all ", "of it"}, false));
  EXPECT_FALSE(Finish());
  Request attempt;
  recording_->Provide(attempt);
  EXPECT_EQ(attempt.stream_body, nullptr);
  ASSERT_NE(attempt.recorded_body, nullptr);
  EXPECT_EQ(attempt.recorded_body->size(), 9u);

  Record(std::make_shared<PiecesBody>(std::vector<std::string>{}, false));
  EXPECT_FALSE(Begin()) << "the end is what is waited for where there is no byte";
  recording_->Provide(attempt);
  EXPECT_EQ(attempt.recorded_body->size(), 0u);
}

TEST_F(BodyRecordingTest, ContinuesInAFileBeyondTheMemoryWhileItIsRead) {
  constexpr std::uint64_t kBudget = BodyMemory::kBlockBytes + 4096;  // a first, short chunk too
  memory_ = std::make_shared<BodyMemory>(kBudget);
  std::string whole;
  std::vector<std::string> pieces;
  for (int i = 0; i < 50; ++i) {
    pieces.emplace_back(7'777, static_cast<char>('a' + i % 26));
    whole += pieces.back();
  }
  Record(std::make_shared<PiecesBody>(pieces, false));
  EXPECT_FALSE(Begin());
  const auto first = NewReader();
  EXPECT_TRUE(ReadWhole(NewReader()).bytes == whole);
  EXPECT_TRUE(ReadWhole(first).bytes == whole) << "from memory, then from the file";
  EXPECT_EQ(memory_->used_bytes(), kBudget);
}

TEST_F(BodyRecordingTest, WhatCannotBeKeptIsAnErrorOfItsOwn) {
  memory_ = std::make_shared<BodyMemory>(0, "/nowhere/at/all");
  Record(std::make_shared<PiecesBody>(std::vector<std::string>{"x"}, false));
  EXPECT_EQ(Begin(), Kind::kBodyStorage);
  memory_ = std::make_shared<BodyMemory>(BodyMemory::kBlockBytes, "/nowhere/at/all");
  Record(std::make_shared<PiecesBody>(
      std::vector<std::string>{"x", std::string(BodyMemory::kBlockBytes, 'y')}, false));
  EXPECT_FALSE(Begin());
  EXPECT_EQ(ReadWhole(NewReader()).failure, Kind::kBodyStorage);
}

}  // namespace
}  // namespace keywalk::io
