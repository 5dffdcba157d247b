// Goal: a refusal's header fields say what the world's hint says, in every form.
// Method: one admission, each form and skew; the library reads what was written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "keywalk/retry_after.h"
#include "sim/upstream/retry_hint.h"

namespace keywalk::sim {
namespace {

using std::chrono::seconds;

constexpr Milliseconds kWallNow{1'767'225'600'000};

mock::Admission RefusedFor(Milliseconds wait) {
  mock::Admission refused;
  refused.refusal = mock::Refusal::kRequests;
  refused.retry_after = wait;
  return refused;
}

Headers ProvidersFields() { return Headers{{"retry-after", "9"}, {"retry-after-ms", "8500"}}; }

TEST(RetryHintTest, TheProvidersOwnFieldsStay) {
  Headers headers = ProvidersFields();
  EXPECT_EQ(ApplyRetryHint({}, RefusedFor(Milliseconds(8500)), kWallNow, headers),
            Milliseconds(8500));
  EXPECT_EQ(headers.Find("retry-after"), "9");
  EXPECT_EQ(headers.Find("retry-after-ms"), "8500");
}

TEST(RetryHintTest, ASkewedClockTellsAnotherWaitInTheSameFields) {
  Headers headers = ProvidersFields();
  const RetryHint hint{RetryHint::Form::kProvider, Milliseconds(2000)};
  EXPECT_EQ(ApplyRetryHint(hint, RefusedFor(Milliseconds(8500)), kWallNow, headers),
            Milliseconds(10'500));
  EXPECT_EQ(headers.Find("retry-after"), "11");
  EXPECT_EQ(headers.Find("retry-after-ms"), "10500");
}

TEST(RetryHintTest, AWaitIsNeverNegative) {
  Headers headers = ProvidersFields();
  const RetryHint hint{RetryHint::Form::kSeconds, Milliseconds(-60'000)};
  EXPECT_EQ(ApplyRetryHint(hint, RefusedFor(Milliseconds(8500)), kWallNow, headers),
            Milliseconds(0));
  EXPECT_EQ(headers.Find("retry-after"), "0");
}

TEST(RetryHintTest, ADateIsOneThatTheLibraryReads) {
  Headers headers;
  AddRetryHint(RetryHint::Form::kHttpDate, Milliseconds(90'000), kWallNow, headers);
  EXPECT_EQ(headers.Find("retry-after"), "Thu, 01 Jan 2026 00:01:30 GMT");
  EXPECT_EQ(ParseHttpDate(*headers.Find("retry-after"), WallTime(kWallNow)),
            WallTime(kWallNow + seconds(90)));
}

TEST(RetryHintTest, NoneErasesWhatTheProviderSays) {
  Headers headers = ProvidersFields();
  const RetryHint hint{RetryHint::Form::kNone, {}};
  EXPECT_EQ(ApplyRetryHint(hint, RefusedFor(Milliseconds(8500)), kWallNow, headers), std::nullopt);
  EXPECT_TRUE(headers.empty());
}

}  // namespace
}  // namespace keywalk::sim
