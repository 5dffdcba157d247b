"""Two result files side by side: the one before and the one after.

    bench/compare A.json B.json [--threshold 10%] [--changes] [--select 'next_key/*']

Both of `make bench` (build/report/bench.json) or both of `make bench-peers` (bench-peers.json).
B is worse where its median is worse than A's by more than the threshold, and their quartiles do not
meet: what a repetition of the same might have given is no change.

Exit status: 0; 1 if anything is worse, or failed in B and not in A; 2 for wrong use or input.
"""

import argparse
import fnmatch
import re
import sys

from peer_results import read_peers
from result_files import Document, Series, WrongInput, read_google_benchmark

WORSE, BETTER, UNCLEAR, SAME = "WORSE", "better", "within the spread", ""


def percent(text):
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?%", text)
    if not match:
        raise argparse.ArgumentTypeError(f"'{text}': a percentage, such as 10%")
    return float(match.group(1)) / 100


def with_allocations(series):
    """Allocations as rows of their own. What is amortised over many turns is none."""
    result = {}
    for name, row in series.items():
        result[name] = row
        if "allocs" in row.counters:
            allocations = Series("allocations")
            allocations.values = [round(value) for value in row.counters["allocs"]]
            result[f"{name} allocations"] = allocations
    return result


def change(before, after):
    """How much worse the median has become: 1.1 is a tenth."""
    if before.median == after.median:
        return 1.0
    worse, base = ((before.median, after.median) if before.higher_is_better else
                   (after.median, before.median))
    return worse / base if base else float("inf")


def are_apart(before, after):
    """True if the quartiles do not meet."""
    before_lower, before_upper = before.quartiles()
    after_lower, after_upper = after.quartiles()
    return after_lower > before_upper or after_upper < before_lower


def verdict(before, after, threshold):
    if after.problem:
        return SAME if before.problem else WORSE
    if before.problem:
        return BETTER
    factor = change(before, after)
    if factor <= 1 + threshold and (factor == 0 or 1 / factor <= 1 + threshold):
        return SAME
    if not are_apart(before, after):
        return UNCLEAR
    return WORSE if factor > 1 else BETTER


def value_text(row):
    if row.problem:
        return "failed"
    value = row.median
    if row.unit in ("ns", "us"):
        nanoseconds = value * (1e3 if row.unit == "us" else 1)
        for unit, size in (("ms", 1e6), ("us", 1e3)):
            if nanoseconds >= size:
                return f"{nanoseconds / size:.4g} {unit}"
    if row.unit == "bytes":
        return f"{value / 1024 / 1024:.4g} MiB"
    return f"{value:.4g} {row.unit}"


def table_line(name, before, after, said):
    ratio = "-"
    if not before.problem and not after.problem and before.median:
        ratio = f"{after.median / before.median:.2f}"
    line = f"{name:58}{value_text(before):>18}{value_text(after):>18}{ratio:>8}  {said}".rstrip()
    return line + (f": {after.problem}" if after.problem and said else "")


def compare(before, after, threshold, changes_only):
    """Lines of the table, and {verdict: how many}."""
    lines, counts = [], {WORSE: 0, BETTER: 0, UNCLEAR: 0, SAME: 0}
    for name, row in before.items():
        if name in after:
            said = verdict(row, after[name], threshold)
            counts[said] += 1
            if said != SAME or not changes_only:
                lines.append(table_line(name, row, after[name], said))
    return lines, counts


def missing(path, series, other):
    return [f"only in {path}: {name}" for name in series if name not in other]


def read_results(path):
    """The kind of file, and {name: Series}."""
    document = Document(path)
    if "benchmarks" in document.root:
        return "Google Benchmark", read_google_benchmark(document)
    if "cells" in document.root:
        return "bench-peers", read_peers(document)
    raise WrongInput(path, "", "has neither the benchmarks of `make bench` nor the cells of "
                     "`make bench-peers`")


def read(path, select):
    kind, series = read_results(path)
    chosen = {name: row for name, row in series.items() if fnmatch.fnmatchcase(name, select)}
    return kind, with_allocations(chosen)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="compare", description=__doc__.split("\n", 1)[0])
    parser.add_argument("before", metavar="A.json")
    parser.add_argument("after", metavar="B.json")
    parser.add_argument("--threshold", type=percent, default=0.1, metavar="PERCENT",
                        help="what is no change yet; 10%%")
    parser.add_argument("--changes", action="store_true", help="shows no row without one")
    parser.add_argument("--select", default="*", metavar="GLOB", help="compares these names alone")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    try:
        kind, before = read(arguments.before, arguments.select)
        other_kind, after = read(arguments.after, arguments.select)
        if kind != other_kind:
            raise WrongInput(arguments.after, "", f"is of {other_kind}, {arguments.before} is of "
                             f"{kind}")
    except WrongInput as error:
        print(f"compare: {error}", file=sys.stderr)
        return 2
    if not before.keys() & after.keys():
        print(f"compare: {arguments.before} and {arguments.after} have nothing in common",
              file=sys.stderr)
        return 2
    lines, counts = compare(before, after, arguments.threshold, arguments.changes)
    gone = missing(arguments.before, before, after)
    print(f"{'':58}{'A':>18}{'B':>18}{'B/A':>8}", *lines, *gone,
          *missing(arguments.after, after, before), sep="\n")
    print(f"\n{sum(counts.values())} compared, threshold {arguments.threshold * 100:g} %: "
          f"{counts[WORSE]} worse, {counts[BETTER]} better, {counts[UNCLEAR]} beyond it but within "
          f"the spread, {len(gone)} gone")
    return 1 if counts[WORSE] else 0


if __name__ == "__main__":
    sys.exit(main())
