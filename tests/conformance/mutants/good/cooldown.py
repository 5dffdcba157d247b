"""How long a response asks a key to rest: every source of SPEC's clauses retry/1 to retry/8.

Times are milliseconds, `received_at` since 1970. Fractions keep decimals exact. None: no cooldown.
"""

import calendar
import datetime
import re
from fractions import Fraction

from . import error_body, fields

GREATEST_MS = 10**12
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LONG_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
TIME_OF_DAY = r"([0-9]{2}):([0-9]{2}):([0-9]{2})"
UNITS_MS = {"h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1, "us": Fraction(1, 1000),
            "ns": Fraction(1, 10**6)}  # fmt: skip


def as_cooldown(milliseconds):
    """A positive length of time within bounds, a millisecond at least; else none."""
    if not 0 < milliseconds <= GREATEST_MS:
        return None
    return max(milliseconds, 1)


def milliseconds(text):
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return None
    return as_cooldown(Fraction(text))


def seconds(text):
    if not re.fullmatch(r"[0-9]+", text):
        return None
    return as_cooldown(int(text) * 1000)


def civil(year, month, day, hour, minute, second):
    """Milliseconds since 1970 of a time in UTC; None if the calendar has no such time."""
    try:
        date = datetime.date(year, month, day)
    except ValueError:
        return None
    if hour > 23 or minute > 59 or second > 59 + leap_second(second):
        return None
    return calendar.timegm((date.year, date.month, date.day, hour, minute, second)) * 1000


def leap_second(second):
    return 1 if second == 60 else 0


def full_year(two_digits, month, day, time_of_day, now):
    """The latest year of these digits that is no more than 50 years ahead."""
    today = datetime.datetime.fromtimestamp(now / 1000, datetime.timezone.utc)
    latest = today.year + 50
    year = latest - (latest - two_digits) % 100
    here = (today.month, today.day, today.hour, today.minute, today.second)
    too_far = year == latest and (month, day, *time_of_day) > here
    return year - 100 if too_far else year


def imf_fixdate(text, now):
    match = re.fullmatch(
        rf"(?:{'|'.join(DAYS)}), ([0-9]{{2}}) ({'|'.join(MONTHS)}) ([0-9]{{4}}) "
        rf"{TIME_OF_DAY} GMT",
        text,
    )
    if not match:
        return None
    day, month, year, *clock = match.groups()
    return civil(int(year), MONTHS.index(month) + 1, int(day), *map(int, clock))


def rfc850_date(text, now):
    match = re.fullmatch(
        rf"(?:{'|'.join(LONG_DAYS)}), ([0-9]{{2}})-({'|'.join(MONTHS)})-([0-9]{{2}}) "
        rf"{TIME_OF_DAY} GMT",
        text,
    )
    if not match:
        return None
    day, month, year, *clock = match.groups()
    month, clock = MONTHS.index(month) + 1, [int(part) for part in clock]
    return civil(full_year(int(year), month, int(day), clock, now), month, int(day), *clock)


def asctime_date(text, now):
    match = re.fullmatch(
        rf"(?:{'|'.join(DAYS)}) ({'|'.join(MONTHS)}) ([0-9]{{2}}| [0-9]) "
        rf"{TIME_OF_DAY} ([0-9]{{4}})",
        text,
    )
    if not match:
        return None
    month, day, *clock, year = match.groups()
    return civil(int(year), MONTHS.index(month) + 1, int(day), *map(int, clock))


def until(time, now):
    return None if time is None else as_cooldown(time - now)


def http_date(text, now):
    for form in (imf_fixdate, rfc850_date, asctime_date):
        if (time := form(text, now)) is not None:
            return until(time, now)
    return None


def rfc3339(text):
    match = re.fullmatch(
        rf"([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}})[Tt]{TIME_OF_DAY}(\.[0-9]+)?"
        r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])",
        text,
    )
    if not match:
        return None
    *parts, fraction, offset, _ = match.groups()
    time = civil(*map(int, parts))
    if time is None:
        return None
    return time + Fraction("0" + (fraction or "")) * 1000 - offset_ms(offset)


def offset_ms(offset):
    if offset in "Zz":
        return 0
    ahead = (int(offset[1:3]) * 60 + int(offset[4:6])) * 60_000
    return -ahead if offset[0] == "-" else ahead


def unit_duration(text):
    """As in "6m0s" or "2m59.56s"."""
    one = r"([0-9]+(?:\.[0-9]+)?)(ms|us|ns|h|m|s)"
    if not re.fullmatch(f"(?:{one})+", text):
        return None
    return as_cooldown(sum(Fraction(n) * UNITS_MS[unit] for n, unit in re.findall(one, text)))


def used_up(remaining):
    """A limit counts if nothing of it is left, or if that is not told."""
    return remaining is None or bool(re.fullmatch("0+", fields.trimmed(remaining)))


def longest(cooldowns):
    return max((each for each in cooldowns if each is not None), default=None)


def openai_reset(headers, body, now):
    resets = []
    for limit in ("requests", "tokens"):
        reset = fields.find(headers, "x-ratelimit-reset-" + limit)
        if reset is not None and used_up(fields.find(headers, "x-ratelimit-remaining-" + limit)):
            resets.append(unit_duration(fields.trimmed(reset)))
    return longest(resets)


def anthropic_reset(headers, body, now):
    resets = []
    for name, value in fields.as_list(headers):
        match = re.fullmatch("anthropic-ratelimit-(.+)-reset", name.lower())
        if match and used_up(
            fields.find(headers, f"anthropic-ratelimit-{match.group(1)}-remaining")
        ):
            resets.append(until(rfc3339(fields.trimmed(value)), now))
    return longest(resets)


def google_retry_info(headers, body, now):
    return unit_duration(fields.trimmed(error_body.facts(body)["retry_delay"]))


def of_field(name, parse):
    def read(headers, body, now):
        value = fields.find(headers, name)
        return None if value is None else parse(fields.trimmed(value), now)

    return read


SOURCES = {
    "retry-after-ms": of_field("retry-after-ms", lambda text, now: milliseconds(text)),
    "retry-after": of_field("retry-after", lambda text, now: seconds(text)),
    "retry-after-date": of_field("retry-after", lambda text, now: http_date(text, now)),
    "openai-reset": lambda *response: openai_reset(*response),
    "anthropic-reset": lambda *response: anthropic_reset(*response),
    "google-retry-info": lambda *response: google_retry_info(*response),
}


def find(sources, headers, body, received_at):
    """The first source that gives a cooldown wins."""
    for name in sources:
        found = SOURCES[name](headers, body, received_at)
        if found is not None:
            return found
    return None
