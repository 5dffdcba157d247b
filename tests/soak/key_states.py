"""Were keys passed over only while they rested, and left alone while they did?

Pools with cooldowns: a refusal says for how long its key rests, but when the proxy took note is
known only within bounds: after the upstream had the request, and before the client had its answer.
What is outside these bounds is wrong."""

import collections
import dataclasses

from explain import Unexplained, key_index, pool_of, refused
from world import NEVER, ROUTES

KEEP_MS = 20_000
# Times of the journal are whole milliseconds.
SLACK_MS = 2
# Nobody knows when a request without an answer ended, nor whether its refusal was noted at all: a
# client that leaves marks nothing.
UNKNOWN_MS = 10_000


@dataclasses.dataclass(slots=True)
class Refusal:
    id: str
    begin: float  # the upstream had the request
    cooldown: float
    latest: float  # the proxy has noted it until then, if it has at all
    sure: float = NEVER  # it has noted it, by then


class KeyStates:
    def __init__(self, world):
        self.world = world
        self.slack = SLACK_MS  # and how well the mock's clock is known: Ledger.on_clock()
        self._refusals = collections.defaultdict(collections.deque)  # lane -> in order of time
        self._for_good = {}  # lane -> the first refusal for good
        self._open = collections.defaultdict(list)  # id -> refusals without an end
        self._waiting = collections.deque()  # requests to be checked

    def on_attempt(self, attempt):
        if "." not in attempt.lane or ".walk" in attempt.lane:
            return
        if not refused(self.world, attempt):
            return
        step = self.world.step(attempt.lane, attempt.page, attempt.step)
        refusal = Refusal(attempt.id, attempt.time, step.cooldown_ms, attempt.time + UNKNOWN_MS)
        if ROUTES[attempt.lane.split(".")[1]].name == "once" and step.status in (401, 403):
            refusal.cooldown = NEVER
            self._for_good.setdefault(attempt.lane, refusal)
        self._refusals[attempt.lane].append(refusal)
        self._open[attempt.id].append(refusal)

    def on_request(self, request):
        """Explained otherwise, and after its attempts."""
        for refusal in self._open.pop(request.id, ()):
            if request.seen.ending in ("whole", "cut"):
                refusal.latest = refusal.sure = request.seen.end
        pool = pool_of(request)
        if request.seen.ending in ("whole", "cut") and pool != "own" and \
                not pool.endswith(".walk"):
            self._waiting.append((request, pool))

    def check(self, before):
        """Checks the requests that ended before that time: by then all is known that may explain
        them. Gives pairs of a request and what is wrong."""
        wrong = []
        while self._waiting and self._waiting[0][0].seen.end < before:
            request, pool = self._waiting.popleft()
            try:
                self._check(request, pool)
            except Unexplained as error:
                wrong.append((request, error))
        for refusals in self._refusals.values():
            while refusals and refusals[0].latest + refusals[0].cooldown < before - KEEP_MS:
                refusals.popleft()
        return wrong

    def _check(self, request, pool):
        tried = {key_index(attempt): attempt for attempt in request.attempts}
        keys = ROUTES[pool.split(".")[1]].keys
        gave_up = not request.attempts or refused(self.world, request.attempts[-1])
        unseen = request.logged.attempts > len(request.attempts)
        end = keys if gave_up else max(tried) + 1
        passed_over = [index for index in range(end) if index not in tried]
        # The attempt that did not reach the upstream was made with one of these.
        unexplained = [index for index in passed_over
                       if not self._rested(f"{pool}.{index}", request)]
        if unseen and unexplained:
            return
        if unexplained:
            raise Unexplained(f"key {unexplained[0]} was passed over while it was valid")
        for index, attempt in tried.items():
            refusal = self._resting(f"{pool}.{index}", request, attempt)
            if refusal:
                raise Unexplained(f"key {index} was used, and rested since {refusal.id}")

    def _rested(self, lane, request):
        """True if the key may have rested at some moment of the request."""
        begin, end = request.seen.begin - self.slack, request.seen.end + self.slack
        return any(refusal.begin <= end and refusal.latest + refusal.cooldown >= begin
                   for refusal in (*self._refusals[lane], *self._first(lane)))

    def _resting(self, lane, request, attempt):
        """A refusal that was noted before the request began and holds when it was sent."""
        for refusal in (*self._refusals[lane], *self._first(lane)):
            if refusal.id != request.id and refusal.sure < request.seen.begin and \
                    attempt.time + self.slack < refusal.begin + refusal.cooldown:
                return refusal
        return None

    def _first(self, lane):
        return (self._for_good[lane],) if lane in self._for_good else ()

