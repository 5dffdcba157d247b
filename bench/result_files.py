"""Reads files of benchmark results into one form: a name, and the values of its repetitions.

What is wrong with a file is a WrongInput that names the file, the place (a JSON pointer) and why.
reason.
"""

import json
import statistics


class WrongInput(Exception):
    def __init__(self, path, pointer, reason):
        super().__init__(f"{path}: {pointer or '/'}: {reason}")


class Series:
    """What was measured under one name, a value for each repetition."""

    def __init__(self, unit, higher_is_better=False):
        self.unit = unit
        self.higher_is_better = higher_is_better
        self.problem = None  # why it has no values that are worth anything
        self.values = []
        self.counters = {}  # name -> values, beside them

    @property
    def median(self):
        return statistics.median(self.values)

    def quartiles(self):
        """The lower and the upper one; the value itself twice if there is but one."""
        if len(self.values) < 2:
            return self.values[0], self.values[0]
        lower, _, upper = statistics.quantiles(self.values, n=4, method="inclusive")
        return lower, upper

    def counter(self, name):
        return statistics.median(self.counters[name]) if name in self.counters else None


class Document:
    """A parsed JSON file, with members fetched by pointer and checked for their kind."""

    def __init__(self, path):
        self.path = path
        try:
            with open(path, encoding="utf-8") as file:
                self.root = json.load(file)
        except OSError as error:
            raise WrongInput(path, "", error.strerror) from error
        except ValueError as error:  # JSON, or its encoding
            raise WrongInput(path, "", f"not JSON: {error}") from error
        if not isinstance(self.root, dict):
            raise WrongInput(path, "", "must be an object")

    def member(self, value, pointer, name, kind, words):
        """value[name], which has to be of that kind; `pointer` is where `value` stands."""
        if not isinstance(value, dict):
            raise WrongInput(self.path, pointer, "must be an object")
        if name not in value:
            raise WrongInput(self.path, f"{pointer}/{name}", "is missing")
        found = value[name]
        if not isinstance(found, kind) or isinstance(found, bool) and kind is not bool:
            raise WrongInput(self.path, f"{pointer}/{name}", f"must be {words}")
        return found

    def number(self, value, pointer, name):
        """A finite number that is not negative."""
        found = self.member(value, pointer, name, (int, float), "a number")
        if not 0 <= found < float("inf"):
            raise WrongInput(self.path, f"{pointer}/{name}", "must be a number of at least 0")
        return found


_COUNTERS = ("allocs", "items_per_second")
_NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def read_google_benchmark(document):
    """{name: Series} of times in ns; processor time, except where threads share the work."""
    series, families = {}, {}
    entries = document.member(document.root, "", "benchmarks", list, "an array")
    for index, entry in enumerate(entries):
        at = f"/benchmarks/{index}"
        if document.member(entry, at, "run_type", str, "a string") != "iteration":
            continue
        name = document.member(entry, at, "run_name", str, "a string")
        families[name] = tuple(document.number(entry, at, member)
                               for member in ("family_index", "per_family_instance_index"))
        row = series.setdefault(name, Series("ns"))
        if entry.get("error_occurred"):
            row.problem = str(entry.get("error_message", "failed"))
            continue
        unit = document.member(entry, at, "time_unit", str, "a string")
        if unit not in _NANOSECONDS:
            raise WrongInput(document.path, f"{at}/time_unit", "must be ns, us, ms or s")
        clock = "real_time" if "/real_time" in name else "cpu_time"
        row.values.append(document.number(entry, at, clock) * _NANOSECONDS[unit])
        for counter in _COUNTERS:
            if counter in entry:
                row.counters.setdefault(counter, []).append(document.number(entry, at, counter))
    if not series:
        raise WrongInput(document.path, "/benchmarks",
                         "has no single repetition (aggregates alone say nothing of their spread)")
    # In the file they stand as they were drawn.
    return dict(sorted(series.items(), key=lambda item: families[item[0]]))
