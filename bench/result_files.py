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


def read_peers(document):
    """{name: Series} of what bench-peers.json says of each gateway, body, walk and concurrency.

    Times and throughput are in those of a direct request in the same round, as far as the file has
    one: machines and their moods differ. The direct requests themselves are the yardstick.
    """
    version = document.member(document.root, "", "schema_version", str, "a string")
    if not version.startswith("1."):
        raise WrongInput(document.path, "/schema_version", f"{version} is not read here; 1.x is")
    cells = [PeerCell(document, f"/cells/{index}", cell) for index, cell in
             enumerate(document.member(document.root, "", "cells", list, "an array"))]
    direct = {(cell.body_bytes, cell.connections, cell.walk): cell for cell in cells
              if cell.gateway == "direct" and not cell.problem}
    series = {}
    for cell in cells:
        if cell.gateway == "direct":
            continue
        without = "sse" if cell.walk == "sse" else "f0"
        yardstick = direct.get((cell.body_bytes, cell.connections, without))
        for figure, unit, higher_is_better in PeerCell.FIGURES:
            relative = yardstick is not None and figure in PeerCell.RELATIVE
            row = Series("x direct" if relative else unit, higher_is_better)
            row.problem = cell.problem
            if not cell.problem:
                row.values = (cell.relative_to(yardstick, figure) if relative else
                              [turn[figure] for turn in cell.turns])
            if row.values or row.problem:
                series[f"{cell.name} {figure}"] = row
    if not series:
        raise WrongInput(document.path, "/cells", "has no gateway but direct requests")
    return series


class PeerCell:
    FIGURES = (("p50_us", "us", False), ("requests_per_second", "/s", True),
               ("cpu_us", "us", False), ("peak_bytes", "bytes", False))
    RELATIVE = ("p50_us", "requests_per_second")

    def __init__(self, document, at, cell):
        self.gateway = document.member(cell, at, "gateway", str, "a string")
        self.walk = document.member(cell, at, "walk", str, "a string")
        self.body_bytes = int(document.number(cell, at, "body_bytes"))
        self.connections = int(document.number(cell, at, "connections"))
        self.name = f"{self.gateway}/{self.body_bytes // 1024} KiB/{self.walk}/{self.connections}"
        problems = document.member(cell, at, "problems", list, "an array")
        self.problem = "; ".join(map(str, problems)) or None
        self.turns = []
        if self.problem:
            return
        for index, turn in enumerate(document.member(cell, at, "turns", list, "an array")):
            turn_at = f"{at}/turns/{index}"
            names = [name for name, _, _ in self.FIGURES] + ["round"]
            self.turns.append({name: document.number(turn, turn_at, name) for name in names})

    def relative_to(self, other, figure):
        """This cell's values by the median of the other's in the same round."""
        rounds = {}
        for turn in other.turns:
            rounds.setdefault(turn["round"], []).append(turn[figure])
        yardsticks = {number: statistics.median(values) for number, values in rounds.items()}
        return [turn[figure] / yardsticks[turn["round"]] for turn in self.turns
                if yardsticks.get(turn["round"])]


def read_results(path):
    """The kind of file, and {name: Series}, of either."""
    document = Document(path)
    if "benchmarks" in document.root:
        return "Google Benchmark", read_google_benchmark(document)
    if "cells" in document.root:
        return "bench-peers", read_peers(document)
    raise WrongInput(path, "", "has neither the benchmarks of `make bench` nor the cells of "
                     "`make bench-peers`")
