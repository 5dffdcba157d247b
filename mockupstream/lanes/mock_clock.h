// The mock's time: real time since the server started, and what a test has added to it, so that no
// test has to sleep through a quota window.
#ifndef KEYWALK_MOCKUPSTREAM_LANES_MOCK_CLOCK_H_
#define KEYWALK_MOCKUPSTREAM_LANES_MOCK_CLOCK_H_

#include <atomic>
#include <chrono>
#include <cstdint>

namespace keywalk::mock {

// Never goes back. Safe for concurrent use.
class MockClock {
 public:
  // All advances together: some thirty thousand years, so that no sum overflows.
  static constexpr std::chrono::milliseconds kMaxAdvance{1'000'000'000'000'000};

  explicit MockClock(std::chrono::steady_clock::time_point started) : started_(started) {}

  std::chrono::milliseconds now() const {
    const auto real = std::chrono::steady_clock::now() - started_;
    return std::chrono::duration_cast<std::chrono::milliseconds>(real) + added();
  }
  std::int64_t now_ms() const { return now().count(); }

  // What has been added in all.
  std::chrono::milliseconds added() const {
    return std::chrono::milliseconds(added_ms_.load(std::memory_order_relaxed));
  }

  // False, and nothing happens, for a step back and beyond kMaxAdvance in all.
  bool Advance(std::chrono::milliseconds by) {
    if (by.count() < 0) return false;
    std::int64_t added = added_ms_.load(std::memory_order_relaxed);
    do {
      if (by.count() > kMaxAdvance.count() - added) return false;
    } while (!added_ms_.compare_exchange_weak(added, added + by.count()));
    return true;
  }

 private:
  const std::chrono::steady_clock::time_point started_;
  std::atomic<std::int64_t> added_ms_{0};
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_LANES_MOCK_CLOCK_H_
