"""What has to be shown, as data, and whether it is: figures of keywalk-proxy beside the peers' and
beside no gateway, all of one run."""

import dataclasses

from matrix import KIB, MIB, size_text

BUFFER, STREAM, EXPECT = "keywalk", "keywalk stream", "keywalk expect"
RIVALS = ("nginx", "haproxy")
ALL_RIVALS = ("nginx", "haproxy", "Portkey")


@dataclasses.dataclass
class Bar:
    what: str
    limit: float
    value: float | None  # None: was not measured
    at_least: bool = False
    unit: str = ""

    @property
    def met(self):
        if self.value is None:
            return False
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def as_json(self):
        return {"what": self.what, "limit": self.limit, "value": self.value,
                "at_least": self.at_least, "unit": self.unit, "met": self.met}


class Measured:
    """The rows of a result that are sound, and questions to them; an answer is None where a row
    is missing."""

    def __init__(self, result):
        self.rows = {(row["gateway"], row["body_bytes"], row["walk"], row["connections"]): row
                     for row in result["cells"] if not row["problems"]}
        self.sizes = sorted({row["body_bytes"] for row in result["cells"]})
        self.connections = sorted({row["connections"] for row in result["cells"]})

    def median(self, figure, gateway, size, walk, connections):
        row = self.rows.get((gateway, size, walk, connections), {})
        return row[figure]["median"] if figure in row else None

    def best_rival(self, figure, size, walk, connections, pick, rivals=RIVALS):
        values = [self.median(figure, name, size, walk, connections) for name in rivals]
        values = [value for value in values if value is not None]
        return pick(values) if values else None

    def to_rivals(self, figure, gateway, size, walk, connections, pick, rivals=RIVALS):
        own = self.median(figure, gateway, size, walk, connections)
        best = self.best_rival(figure, size, walk, connections, pick, rivals)
        return None if own is None or best is None else own / best

    def further(self, gateway, size, connections=1):
        """The worst over one, two and four failovers."""
        values = [self.median("further_to_direct", gateway, size, walk, connections)
                  for walk in ("f1", "f2", "f4")]
        values = [value for value in values if value is not None]
        return max(values) if values else None


def of_small_requests(measured):
    for name in (BUFFER, STREAM):
        for connections in (16, 256):
            yield Bar(f"{name}: requests/s, 1 KiB, no failover, {connections} connections, of the "
                      "better of nginx and haproxy", 1,
                      measured.to_rivals("requests_per_second", name, KIB, "f0", connections, max),
                      at_least=True)
        yield Bar(f"{name}: p50, 1 KiB, no failover, 1 connection, to the better of nginx and "
                  "haproxy", 1, measured.to_rivals("p50_us", name, KIB, "f0", 1, min))


def of_further_attempts(measured):
    for name in (BUFFER, STREAM):
        for size, limit in ((KIB, 1.1), (64 * KIB, 0.85), (MIB, 1.0)):
            yield Bar(f"{name}: each further attempt, {size_text(size)}, to a direct request",
                      limit, measured.further(name, size))
    yield Bar(f"{EXPECT}: each further attempt, 1 MiB, early refusal, to a direct request", 0.3,
              measured.median("further_to_direct", EXPECT, MIB, "e1", 1))
    for size in measured.sizes:
        for connections in measured.connections:
            if any(key[1:] == (size, "f1", connections) for key in measured.rows):
                ratios = [measured.to_rivals("further_us", BUFFER, size, walk, connections, min,
                                             ALL_RIVALS) for walk in ("f1", "f2", "f4")]
                ratios = [ratio for ratio in ratios if ratio is not None]
                yield Bar(f"{BUFFER}: each further attempt, {size_text(size)}, {connections} "
                          "connections, to the best peer's", 1, max(ratios, default=None))


def of_large_bodies(measured):
    for name, size, limit in ((STREAM, 64 * KIB, 1), (STREAM, MIB, 1), (BUFFER, 64 * KIB, 1),
                              (BUFFER, MIB, 1.25)):
        yield Bar(f"{name}: p50, {size_text(size)}, no failover, to nginx with the body in memory",
                  limit, measured.to_rivals("p50_us", name, size, "f0", 1, min, ("nginx",)))


def of_memory(measured):
    for size in (64 * KIB, MIB):
        values = [measured.median("bytes_per_request", BUFFER, size, walk, 256)
                  for walk in ("f0", "f1", "f2", "f4")]
        values = [value for value in values if value is not None]
        yield Bar(f"{BUFFER}: memory beyond the body of each of 256 requests, {size_text(size)}",
                  256, (max(values) - size) / KIB if values else None, unit=" KiB")


def of_uploads(result):
    found = result["uploads"] or {"first_byte": [], "slow": [], "held": []}
    for size in (64 * KIB, MIB, 16 * MIB):
        values = [row["us"]["median"] / 1000 for row in found["first_byte"]
                  if (row["gateway"], row["body_bytes"]) == (STREAM, size)]
        yield Bar(f"{STREAM}: from the client's first byte to the upstream's, upload of "
                  f"{size_text(size)}", 1, max(values, default=None), unit=" ms")
    values = [row["to_direct"] for row in found["slow"] if row["gateway"] == STREAM]
    yield Bar(f"{STREAM}: 16 MiB at 64 MiB/s, to the same without a gateway", 1.05,
              max(values, default=None))
    for name in (BUFFER, STREAM):
        values = [row["peak_bytes"] / MIB for row in found["held"]
                  if row["gateway"] == name and row["connections"] == 256 and not row["problems"]]
        yield Bar(f"{name}: memory for 256 uploads of 16 MiB with --body-memory 64 MiB", 200,
                  max(values, default=None), unit=" MiB")


def judge(result):
    measured = Measured(result)
    found = [bar for group in (of_small_requests, of_further_attempts, of_large_bodies, of_memory)
             for bar in group(measured)]
    return [bar.as_json() for bar in (*found, *of_uploads(result))]


def line(bar):
    limit = f"at {'least' if bar['at_least'] else 'most'} {bar['limit']:g}{bar['unit']}"
    if bar["value"] is None:
        return f"NOT MEASURED: {bar['what']}: {limit}"
    return (f"{'met' if bar['met'] else 'MISSED'}: {bar['what']}: {bar['value']:.2f}{bar['unit']}, "
            f"{limit}")
