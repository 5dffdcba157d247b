// Goal: the edges of the parsers where arithmetic could go wrong; what each input means stands in
// fixtures/vectors/retry_after.json. Method: inputs built here because they are too long or too
// close to a limit to be told in a table.
#include "keywalk/retry_after.h"

#include <gtest/gtest.h>

#include <string>

namespace keywalk {
namespace {

using namespace std::chrono_literals;

constexpr WallTime UtcDate(int year, unsigned month, unsigned day) {
  return std::chrono::sys_days(std::chrono::year(year) / month / day);
}

TEST(RetryAfterTest, AMillionDigitsAreTooMuchUnlessTheyAreLeadingZeros) {
  const std::string nines(1'000'000, '9');
  const std::string zeros(1'000'000, '0');
  for (const auto parse : {&ParseRetryAfterMs, &ParseRetryAfterSeconds}) {
    EXPECT_EQ(parse(nines), std::nullopt);
    EXPECT_EQ(parse(zeros), std::nullopt);
  }
  EXPECT_EQ(ParseRetryAfterSeconds(zeros + "7"), 7s);
  EXPECT_EQ(ParseRetryAfterMs(zeros + "7." + zeros), 7ms);
  EXPECT_EQ(ParseUnitDuration(nines + "ns"), std::nullopt);
}

TEST(RetryAfterTest, NumbersThatWrapIn64BitsAreTooMuch) {
  for (const char* wrapping : {"18446744073709551616", "18446744073709551621",
                               "9223372036854775808", "18446744073710", "18446744073"}) {
    EXPECT_EQ(ParseRetryAfterSeconds(wrapping), std::nullopt) << wrapping;
    EXPECT_EQ(ParseUnitDuration(std::string(wrapping) + "h"), std::nullopt) << wrapping;
  }
}

TEST(RetryAfterTest, TheLimitItselfIsKeptAndTheSmallestExcessIsNot) {
  const std::string many_zeros(500, '0');
  EXPECT_EQ(ParseRetryAfterMs("1000000000000." + many_zeros), kMaxRetryAfter);
  EXPECT_EQ(ParseRetryAfterMs("1000000000000." + many_zeros + "1"), std::nullopt);
  EXPECT_EQ(ParseUnitDuration("277777h46m40s"), kMaxRetryAfter);
  EXPECT_EQ(ParseUnitDuration("277777h46m40s1ns"), std::nullopt);
}

TEST(RetryAfterTest, ASumThatWrapsIn64BitsIsTooMuch) {
  // 19 of these make 2^64 ns and half of the limit.
  std::string sum;
  for (int part = 0; part < 19; ++part) sum += "277777h";
  EXPECT_EQ(ParseUnitDuration(sum), std::nullopt);
}

TEST(RetryAfterTest, APositiveValueNeverBecomesZero) {
  const std::string many_zeros(500, '0');
  EXPECT_EQ(ParseRetryAfterMs("0." + many_zeros + "1"), 1ms);
  EXPECT_EQ(ParseUnitDuration("0." + many_zeros + "1h"), 1ms);
}

TEST(RetryAfterTest, FractionsAreExactToTheNanosecond) {
  EXPECT_EQ(ParseRetryAfterMs("1234.567891"), 1'234'567'891ns);
  EXPECT_EQ(ParseUnitDuration("50.597142857s"), 50'597'142'857ns);
  EXPECT_EQ(ParseUnitDuration("0.00000000025h"), 1ms) << "900 ns, at least 1 ms";
  EXPECT_EQ(ParseUnitDuration("1.00000000025h"), 1h + 900ns);
}

TEST(HttpDateTest, ATwoDigitYearIsAtMostFiftyYearsAhead) {
  const WallTime now = UtcDate(2026, 5, 7) + 12h;
  const auto year_of = [&](const char* date, WallTime at) {
    const std::optional<WallTime> parsed = ParseHttpDate(date, at);
    if (!parsed) return 0;
    const auto days = std::chrono::floor<std::chrono::days>(*parsed);
    return static_cast<int>(std::chrono::year_month_day(days).year());
  };
  EXPECT_EQ(year_of("Thursday, 07-May-76 12:00:00 GMT", now), 2076) << "exactly 50 years";
  EXPECT_EQ(year_of("Friday, 07-May-76 12:00:01 GMT", now), 1976);
  EXPECT_EQ(year_of("Monday, 01-Jan-77 00:00:00 GMT", now), 1977);
  EXPECT_EQ(year_of("Monday, 01-Jan-27 00:00:00 GMT", now), 2027);
  EXPECT_EQ(year_of("Monday, 05-Jan-05 00:00:00 GMT", UtcDate(2099, 12, 31)), 2105);
}

TEST(HttpDateTest, WhatIsFormattedIsRead) {
  using std::chrono::sys_days;
  using std::chrono::sys_seconds;
  const sys_seconds example = sys_days(std::chrono::year(1994) / 11 / 6) + std::chrono::hours(8) +
                              std::chrono::minutes(49) + std::chrono::seconds(37);
  EXPECT_EQ(FormatHttpDate(example), "Sun, 06 Nov 1994 08:49:37 GMT");
  for (int day = 0; day < 800; ++day) {
    const sys_seconds time = example + std::chrono::days(day);
    EXPECT_EQ(ParseHttpDate(FormatHttpDate(time), WallTime(example)), WallTime(time));
  }
}

TEST(HttpDateTest, DatesThatNanosecondsCannotHoldAreNone) {
  const WallTime now = UtcDate(2026, 5, 7);
  EXPECT_EQ(ParseHttpDate("Fri, 31 Dec 9999 23:59:59 GMT", now), std::nullopt);
  EXPECT_EQ(ParseHttpDate("Sat, 01 Jan 0000 00:00:00 GMT", now), std::nullopt);
  EXPECT_EQ(ParseRfc3339("9999-12-31T23:59:59.999999999999Z"), std::nullopt);
  EXPECT_EQ(ParseRfc3339("0000-01-01T00:00:00+23:59"), std::nullopt);
  EXPECT_NE(ParseRfc3339("2262-04-11T23:47:15.999999999999Z"), std::nullopt);
}

TEST(HttpDateTest, EveryDayOfALeapYearIsReadInAllThreeForms) {
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (int day_of_year = 0; day_of_year < 366; ++day_of_year) {
    const auto day =
        std::chrono::sys_days(UtcDate(2024, 1, 1).time_since_epoch() / 24h * std::chrono::days(1)) +
        std::chrono::days(day_of_year);
    const std::chrono::year_month_day date(day);
    const std::string month = kMonths[static_cast<unsigned>(date.month()) - 1];
    const unsigned number = static_cast<unsigned>(date.day());
    const std::string two_digits = (number < 10 ? "0" : "") + std::to_string(number);
    const std::string padded = (number < 10 ? " " : "") + std::to_string(number);
    const WallTime expected = WallTime(day) + 23h + 59min + 58s;
    const WallTime now = UtcDate(2024, 6, 1);
    EXPECT_EQ(ParseHttpDate("Mon, " + two_digits + " " + month + " 2024 23:59:58 GMT", now),
              expected);
    EXPECT_EQ(ParseHttpDate("Monday, " + two_digits + "-" + month + "-24 23:59:58 GMT", now),
              expected);
    EXPECT_EQ(ParseHttpDate("Mon " + month + " " + padded + " 23:59:58 2024", now), expected);
  }
}

}  // namespace
}  // namespace keywalk
