"""Reads bench-peers.json, the result of `make bench-peers`, into the form of result_files.py."""

import statistics

from result_files import Series, WrongInput


def size_text(size):
    return f"{size // 1024 // 1024} MiB" if size >= 1 << 20 else f"{size // 1024} KiB"


def read_peers(document):
    """{name: Series} of each gateway's figures; those of direct requests are only the yardstick."""
    version = document.member(document.root, "", "schema_version", str, "a string")
    if not version.startswith("1."):
        raise WrongInput(document.path, "/schema_version", f"{version} is not read here; 1.x is")
    series = {**read_cells(document), **read_uploads(document)}
    if not series:
        raise WrongInput(document.path, "/cells", "has no gateway but direct requests")
    return series


def read_cells(document):
    """Of each gateway, body, walk and number of connections. Times and throughput are in those of a
    direct request in the same round, as far as the file has one: machines and their moods differ.
    """
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
        self.name = f"{self.gateway}/{size_text(self.body_bytes)}/{self.walk}/{self.connections}"
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


# Part of "uploads" -> the member that holds its spread, which is also the unit.
_UPLOAD_SPREADS = {"first_byte": "us", "slow": "ms"}


def read_uploads(document):
    """Of uploads that are paced, slow or held. They are spreads in the file, not single values."""
    if document.root.get("uploads") is None:
        return {}
    uploads = document.member(document.root, "", "uploads", dict, "an object or null")
    series = {}
    for part, unit in _UPLOAD_SPREADS.items():
        for at, gateway, size, row in upload_rows(document, uploads, part):
            series[f"{gateway}/{size_text(size)} upload {part} {unit}"] = spread_series(
                document, document.member(row, at, unit, dict, "an object"), f"{at}/{unit}", unit)
    for at, gateway, size, row in upload_rows(document, uploads, "held"):
        held = Series("bytes")
        held.values = [document.number(row, at, "peak_bytes")]
        problems = document.member(row, at, "problems", list, "an array")
        held.problem = "; ".join(map(str, problems)) or None
        count = document.number(row, at, "connections")
        series[f"{gateway}/{size_text(size)} upload held/{count} peak_bytes"] = held
    return series


def upload_rows(document, uploads, part):
    rows = document.member(uploads, "/uploads", part, list, "an array")
    for index, row in enumerate(rows):
        at = f"/uploads/{part}/{index}"
        gateway = document.member(row, at, "gateway", str, "a string")
        if gateway != "direct":
            yield at, gateway, int(document.number(row, at, "body_bytes")), row


def spread_series(document, spread, at, unit):
    """Five values that have the least, the quartiles, the median and the greatest of the spread."""
    quartiles = document.member(spread, at, "quartiles", list, "an array")
    if len(quartiles) != 2 or not all(isinstance(value, (int, float)) for value in quartiles):
        raise WrongInput(document.path, f"{at}/quartiles", "must be two numbers")
    row = Series(unit)
    row.values = [quartiles[0], quartiles[1],
                  *(document.number(spread, at, name) for name in ("min", "median", "max"))]
    return row
