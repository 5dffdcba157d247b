"""Memory and descriptors of the processes over time, and whether they grow."""

import dataclasses
import statistics
import time

EVERY_SECONDS = 0.5
WARM_UP = 0.25  # of the samples, in which caches and pools fill
# Growth from the first half after the warm-up to its end: what is more is a leak. A request that
# kept 16 bytes would be seen in ten minutes.
MOST_BYTES = 8 << 20
MOST_PART = 0.05
FEWEST = 240  # samples, to say anything: two minutes, in which the mock's journal has filled


@dataclasses.dataclass
class Sample:
    at: float  # seconds
    requests: int
    unexplained: int
    rss: dict  # by process
    descriptors: dict


def growth(values):
    """From the median of the first third after the warm-up to that of the last."""
    steady = values[int(len(values) * WARM_UP):]
    third = max(1, len(steady) // 3)
    return statistics.median(steady[-third:]) - statistics.median(steady[:third])


def grows(values):
    """True if a series of memory keeps growing."""
    if len(values) < FEWEST:
        return False
    steady = values[int(len(values) * WARM_UP):]
    return growth(values) > max(MOST_BYTES, MOST_PART * statistics.median(steady))


class Sampler:
    def __init__(self, programs):
        """`programs`: by name."""
        self._programs, self._begin, self._next = programs, time.monotonic(), 0.0
        self.samples = []

    def take(self, ledger):
        now = time.monotonic() - self._begin
        if now < self._next:
            return False
        self._next = now + EVERY_SECONDS
        running = {name: program for name, program in self._programs.items()
                   if program.running()}
        self.samples.append(Sample(
            round(now, 2), ledger.requests, ledger.unexplained,
            {name: program.rss_bytes() for name, program in running.items()},
            {name: program.descriptors() for name, program in running.items()}))
        return True

    def series(self, what, name):
        return [getattr(sample, what)[name] for sample in self.samples
                if name in getattr(sample, what)]

    def memory_that_grows(self):
        """Names of the processes."""
        return [name for name in self._programs if grows(self.series("rss", name))]

    def names(self):
        return list(self._programs)
