"""How Retry-After and the providers' own hints are read."""

import math
import re
from fractions import Fraction

from bug import bug
from good import cooldown, fields


@bug(cooldown, "seconds", issue="elizaOS/eliza#22162")
def nan_is_an_instant_retry(good, text):
    """What is not a number becomes NaN, and NaN a cooldown that is over at once."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    return good(text) if math.isfinite(number) and number > 0 else Fraction(1)


@bug(cooldown, "seconds")
def reads_floats(good, text):
    """Seconds are read as any floating-point number: 1e3, 1.5 and +5 count."""
    try:
        number = float(text)
    except ValueError:
        return None
    return cooldown.as_cooldown(number * 1000) if math.isfinite(number) else None


@bug(cooldown, "seconds")
def infinity_blocks_for_ever(good, text):
    """Infinity, and what is read as it, is the longest cooldown."""
    try:
        number = float(text)
    except ValueError:
        return None
    return cooldown.GREATEST_MS if math.isinf(number) else good(text)


@bug(cooldown, "seconds")
def wraps_at_64_bits(good, text):
    """Thirty digits wrap around and become a small number."""
    return cooldown.as_cooldown(int(text) % 2**64 * 1000) if text.isdecimal() else None


@bug(cooldown, "seconds")
def cuts_to_the_greatest(good, text):
    """What is above the greatest cooldown is taken as the greatest."""
    if re.fullmatch("[0-9]+", text):
        return cooldown.as_cooldown(min(int(text) * 1000, cooldown.GREATEST_MS))
    return None


@bug(cooldown, "seconds")
def reads_only_the_beginning(good, text):
    """As atoi does: "5 seconds", "5, 10" and "5.5" are 5."""
    match = re.match("[0-9]+", text)
    return good(match.group()) if match else None


@bug(cooldown, "seconds")
def takes_any_digits(good, text):
    """Digits of other scripts and underscores count, as Python's int reads them."""
    try:
        return cooldown.as_cooldown(int(text) * 1000) if not text.startswith("+") else None
    except ValueError:
        return None


@bug(cooldown, "seconds")
def takes_a_sign(good, text):
    """A sign is read: +5 is 5, and -5 is 5."""
    return good(text.lstrip("+-"))


@bug(cooldown, "seconds")
def reads_hex(good, text):
    """0x10 is 16."""
    return cooldown.as_cooldown(int(text, 16) * 1000) if text.startswith("0x") else good(text)


@bug(cooldown, "seconds")
def refuses_leading_zeros(good, text):
    """A leading zero is refused."""
    return None if text.startswith("0") else good(text)


@bug(cooldown, "seconds")
def seconds_are_milliseconds(good, text):
    """Retry-After is taken for milliseconds."""
    found = good(text)
    return found and max(1, Fraction(found, 1000))


@bug(cooldown, "milliseconds")
def milliseconds_are_seconds(good, text):
    """retry-after-ms is taken for seconds."""
    found = good(text)
    return found and cooldown.as_cooldown(found * 1000)


@bug(cooldown, "milliseconds")
def rounds_to_seconds(good, text):
    """A cooldown in milliseconds is cut to whole seconds."""
    found = good(text)
    return found and cooldown.as_cooldown(found // 1000 * 1000)


@bug(cooldown, "milliseconds")
def whole_milliseconds_only(good, text):
    """A fraction of a millisecond makes the hint unparsable."""
    return good(text) if "." not in text else None


@bug(cooldown, "milliseconds")
def cuts_fractions(good, text):
    """A fraction of a millisecond is cut off."""
    found = good(text)
    return found and cooldown.as_cooldown(found // 1)


@bug(cooldown, "milliseconds")
def ms_reads_floats(good, text):
    """retry-after-ms takes any floating-point number: .5, 5. and 1e3."""
    try:
        number = float(text)
    except ValueError:
        return None
    return cooldown.as_cooldown(number) if math.isfinite(number) else None


@bug(cooldown, "find")
def milliseconds_unread(good, sources, *response):
    """retry-after-ms is not known."""
    return good([name for name in sources if name != "retry-after-ms"], *response)


@bug(cooldown, "find")
def seconds_win(good, sources, *response):
    """Retry-After wins over retry-after-ms."""
    return good(sorted(sources, key=lambda name: name != "retry-after"), *response)


@bug(cooldown, "find")
def first_source_decides(good, sources, headers, body, received_at):
    """A source that is there but unparsable ends the search."""
    if "retry-after-ms" in sources and fields.find(headers, "retry-after-ms") is not None:
        sources = ["retry-after-ms"]
    return good(sources, headers, body, received_at)


@bug(cooldown, "find")
def longest_source_wins(good, sources, *response):
    """All sources are read and the longest is taken."""
    return cooldown.longest(good([name], *response) for name in sources)


@bug(cooldown, "find")
def undeclared_sources_count(good, sources, *response):
    """Dates and providers' own headers are read whether the policy lists them or not."""
    return good([*sources, "retry-after-date", "openai-reset"], *response)


@bug(fields, "trimmed")
def white_space_counts(good, value):
    """White space around a value makes it unparsable."""
    return value


@bug(fields, "trimmed")
def trims_every_space(good, value):
    """White space that is not HTTP's, as a no-break space, is trimmed too."""
    return value.strip()


@bug(fields, "same_name")
def names_compare_with_case(good, a, b):
    """Header names are looked up as the documentation writes them."""
    return a in (b, b.lower(), b.title())


@bug(cooldown, "http_date")
def only_imf_dates(good, text, now):
    """Only the newest of the three date forms is read."""
    return cooldown.until(cooldown.imf_fixdate(text, now), now)


@bug(cooldown, "full_year")
def two_digit_years_are_1900(good, two_digits, *rest):
    """A year of two digits is one of the last century."""
    return 1900 + two_digits


@bug(cooldown, "http_date")
def any_zone_is_gmt(good, text, now):
    """The zone of a date is not looked at."""
    return good(re.sub(r" (UTC|EST|PST|CET|[+-][0-9]{4})$", " GMT", text), now)


@bug(cooldown, "http_date")
def dates_without_case(good, text, now):
    """Dates are read whatever the case of their letters."""
    form = re.sub("[A-Za-z]+", lambda word: word.group().capitalize(), text)
    return good(re.sub("Gmt$", "GMT", form), now)


@bug(cooldown, "until")
def past_dates_are_over_at_once(good, time, now):
    """A date that is past is a cooldown that is over."""
    return good(time, now) if time is None or time > now else 1


@bug(cooldown, "until")
def dates_relative_to_the_start(good, time, now):
    """Dates are taken relative to the process's start, not to the answer."""
    return good(time, 1_767_225_600_000)


@bug(cooldown, "civil")
def days_roll_over(good, year, month, day, hour, minute, second):
    """The 30th of February is the 2nd of March, as timegm has it."""
    if 28 < day <= 31 and good(year, month, day, hour, minute, second) is None:
        return good(year, month % 12 + 1, 1, hour, minute, second)
    return good(year, month, day, hour, minute, second)


@bug(cooldown, "leap_second")
def refuses_leap_seconds(good, second):
    """A leap second is no time."""
    return 0


@bug(cooldown, "unit_duration")
def bare_numbers_are_seconds(good, text):
    """A duration without a unit is one in seconds."""
    return good(text + "s" if text.isdecimal() else text)


@bug(cooldown, "unit_duration")
def first_unit_only(good, text):
    """Of 6m30s only the minutes are read."""
    match = re.match(r"[0-9.]+(ms|us|ns|h|m|s)", text)
    return good(match.group()) if match else None


@bug(cooldown, "unit_duration")
def ms_are_minutes(good, text):
    """12ms is read as twelve minutes: the shorter unit is tried first."""
    return good(text.replace("ms", "m"))


@bug(cooldown, "unit_duration")
def durations_have_no_fraction(good, text):
    """2m59.56s is not read."""
    return None if "." in text else good(text)


@bug(cooldown, "used_up")
def all_limits_count(good, remaining):
    """Resets of limits that are not used up count too."""
    return True


@bug(cooldown, "longest")
def soonest_reset_wins(good, cooldowns):
    """Of two limits that are used up the one that resets first is waited for."""
    return min((each for each in cooldowns if each is not None), default=None)


@bug(cooldown, "offset_ms")
def offsets_are_ignored(good, offset):
    """A reset time's offset from UTC is ignored."""
    return 0


@bug(cooldown, "offset_ms")
def offsets_have_the_wrong_sign(good, offset):
    """A reset time's offset is added where it is to be taken off."""
    return -good(offset)


@bug(cooldown, "anthropic_reset")
def anthropic_resets_unread(good, headers, body, now):
    """Anthropic's reset headers are not known."""
    return None


@bug(cooldown, "openai_reset")
def openai_resets_unread(good, headers, body, now):
    """OpenAI's reset headers are not known."""
    return None


@bug(cooldown, "google_retry_info")
def google_delays_unread(good, headers, body, now):
    """Google's RetryInfo is not read."""
    return None
