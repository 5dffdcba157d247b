#!/usr/bin/env python3
"""Shows the results of `make bench`, and compares them with what keywalk promises.

    bench/report_bench.py build/report/bench.json [--check]

A table of medians; bodies as ratios within the run; each bar with its figure. With --check the exit
status is 1 if a bar is missed or was not measured; 2 if the file is wrong.
"""

import argparse
import sys

from result_files import Document, WrongInput, read_google_benchmark

MIB = 1024 * 1024
RECORDED_SIZES = ((1, 1024), (64, 64 * 1024), (1024, MIB), (16 * 1024, 16 * MIB),
                  (64 * 1024, 64 * MIB))


class Bar:
    """`figure` is None where the run does not hold what it is made of."""

    def __init__(self, what, figure, limit, unit="", at_least=False):
        self.what, self.figure, self.limit, self.unit = what, figure, limit, unit
        self.at_least = at_least

    @property
    def met(self):
        if self.figure is None:
            return False
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit

    def __str__(self):
        side = "at least" if self.at_least else "at most"
        limit = f"{side} {self.limit:g}{self.unit}"
        if self.figure is None:
            return f"NOT MEASURED: {self.what}: {limit}"
        verdict = "met" if self.met else "MISSED"
        return f"{verdict}: {self.what}: {self.figure:.4g}{self.unit}, {limit}"


def median(series, name):
    return series[name].median if name in series else None


def ratio(series, name, to):
    return series[name].median / series[to].median if name in series and to in series else None


def counter(series, name, of):
    return series[name].counter(of) if name in series else None


def throughput_ratio(series, name):
    rates = [counter(series, f"{name}/real_time/threads:{threads}", "items_per_second")
             for threads in (2, 1)]
    return None if None in rates else rates[0] / rates[1]


def total(series, *names):
    return sum(series[name].median for name in names) if set(names) <= set(series) else None


def bars(series):
    for length, limit in (("Known", 1.2), ("Unknown", 1.4)):
        for mib in (1, 16):
            size = f"/bytes:{mib * MIB}"
            yield Bar(f"recording {mib} MiB of {length.lower()} length, to reserve-and-copy",
                      ratio(series, f"RecordBody{length}Length{size}", "ReserveAndCopy" + size),
                      limit)
    first = "next_key/first_valid_of_1"
    yield Bar("next key, the first one valid", median(series, first), 10, " ns")
    yield Bar("next key, the first one valid: allocations", counter(series, first, "allocs"), 0)
    yield Bar("next key, 1,000 cooling: allocations",
              counter(series, "next_key/1000_cooling", "allocs"), 0)
    yield Bar("next key and exhaustion, 1,000 cooling",
              total(series, "next_key/1000_cooling", "exhaustion/1000_cooling"), 1000, " ns")
    yield Bar("next key, two threads to one", throughput_ratio(series, "ContendedNextKey"), 1.8,
              at_least=True)


def time_text(nanoseconds):
    for unit, size in (("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def time_table(series):
    yield f"{'':50}{'median':>10}{'quartiles':>22}{'allocations':>14}"
    for name, row in series.items():
        lower, upper = row.quartiles()
        allocations = row.counter("allocs")
        yield (f"{name:50}{time_text(row.median):>10}"
               f"{time_text(lower) + ' - ' + time_text(upper):>22}"
               + (f"{allocations:>14.0f}" if allocations is not None else "").rstrip())


def body_table(series):
    """Recording beside the least that copying costs, for each size."""
    names = ("RecordBodyKnownLength", "RecordBodyUnknownLength", "AppendToString")
    yield f"{'body, to reserve-and-copy':28}" + "".join(f"{name:>26}" for name in names)
    for kib, size in RECORDED_SIZES:
        ratios = [ratio(series, f"{name}/bytes:{size}", f"ReserveAndCopy/bytes:{size}")
                  for name in names]
        if None not in ratios:
            yield f"{kib:>24} KiB" + "".join(f"{value:>26.2f}" for value in ratios)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("results")
    parser.add_argument("--check", action="store_true", help="exit 1 if a bar is missed")
    arguments = parser.parse_args()
    try:
        series = {name: row for name, row in
                  read_google_benchmark(Document(arguments.results)).items() if not row.problem}
    except WrongInput as error:
        print(f"report_bench: {error}", file=sys.stderr)
        return 2
    found = list(bars(series))
    for table in (time_table(series), body_table(series), found):
        print(*table, sep="\n", end="\n\n")
    return 1 if arguments.check and not all(bar.met for bar in found) else 0


if __name__ == "__main__":
    sys.exit(main())
