"""Puts together what the three sides say, request by request, and keeps the balance."""

import collections
import time

from explain import REFUSED_CONNECTION, Explainer, Unexplained
from key_states import KeyStates
from records import Request

# How long after its client's answer an upstream's stall, or a cancelled attempt, may still end.
PATIENCE_MS = 6_000
# A journal that has told nothing for so long has nothing to tell.
SILENCE_MS = 20_000
# Requests that have been settled are remembered so long: nothing more may come of them.
MEMORY_MS = 30_000
MOST_REPORTED = 200


def now_ms():
    return time.monotonic() * 1000


class Ledger:
    def __init__(self, world, patience_ms=PATIENCE_MS):
        self.patience_ms = patience_ms
        self.kinds = collections.Counter()  # of ends
        self.requests = self.attempts = self.logged_attempts = self.unexplained = 0
        self.logged_statuses = collections.Counter()  # (proxy, status)
        self._heard, self._told_until = now_ms(), 0  # of the journal: when, and about what time
        self.problems = []  # of the unexplained, the first ones
        self._explainer, self._states = Explainer(world), KeyStates(world)
        self._open = {}
        self._closing = collections.deque()  # ids, in the order in which clients were done
        self._settled = collections.OrderedDict()  # id -> (when, may more come?)

    def on_clock(self, error_ms):
        """How far off the times of the attempts may be."""
        self._states.slack += error_ms

    def _request(self, identity):
        request = self._open.get(identity)
        if request is None:
            request = self._open[identity] = Request(identity)
        return request

    def on_seen(self, seen):
        if seen.ending == "surplus":
            return self._on_surplus(seen)
        request = self._request(seen.id)
        if request.seen is not None:
            return self._wrong(request, "answered twice")
        request.seen = seen
        self._closing.append(seen.id)
        self._try(request)

    def _on_surplus(self, seen):
        if seen.id in self._open:
            self._open[seen.id].surplus = True
        else:
            self._wrong(Request(seen.id, seen), "bytes after the answer that belong to no request")

    def on_logged(self, logged):
        self.logged_statuses[logged.id[0], logged.status] += 1
        self.logged_attempts += logged.attempts
        if logged.id in self._settled:
            return self._wrong(Request(logged.id, logged=logged), "the proxy logged it once more")
        request = self._request(logged.id)
        if request.logged is not None:
            return self._wrong(request, "the proxy logged it twice")
        request.logged = logged
        self._try(request)

    def on_attempt(self, attempt):
        self.attempts += 1
        self._heard, self._told_until = now_ms(), max(self._told_until, attempt.time)
        self._states.on_attempt(attempt)
        if attempt.id in self._settled:
            return self._wrong(Request(attempt.id, attempts=[attempt]),
                               "an attempt that nobody made, or after all was over")
        request = self._request(attempt.id)
        request.attempts.append(attempt)
        self._try(request)

    def _try(self, request):
        """Settles what is complete."""
        if request.seen is None or request.logged is None or request.surplus:
            return
        if len(request.attempts) >= request.logged.attempts:
            self._settle(request)

    def _settle(self, request):
        del self._open[request.id]
        self._settled[request.id] = now_ms()
        self.requests += 1
        try:
            kind = self._explainer.explain(request)
        except Unexplained as error:
            self._wrong(request, str(error))
            return
        self.kinds[kind] += 1
        if request.logged:
            self._states.on_request(request)

    def _wrong(self, request, reason):
        self.unexplained += 1
        self.kinds["unexplained"] += 1
        if len(self.problems) < MOST_REPORTED:
            self.problems.append({"reason": reason, **request.report()})

    def tick(self, at_end=False):
        """Settles what has waited long enough for what does not come: by the journal's time, which
        on a busy machine is behind. A request ends after it has come, so that whoever is told of
        one that came at some time knows of all that ended before."""
        now = now_ms()
        if now - self._heard < SILENCE_MS:
            now = min(now, self._told_until)
        while self._closing:
            request = self._open.get(self._closing[0])
            if request is not None and not at_end and now - request.seen.end < self.patience_ms:
                break
            self._closing.popleft()
            if request is not None:
                self._settle(request)
        if at_end:
            for request in list(self._open.values()):
                self._settle(request)
        for request, error in self._states.check(now_ms() if at_end else now - self.patience_ms):
            self._wrong(request, str(error))
        while self._settled and now_ms() - next(iter(self._settled.values())) > MEMORY_MS:
            self._settled.popitem(last=False)

    def silent_for(self, milliseconds):
        """True if the journal has told of nothing for so long."""
        return now_ms() - self._heard >= milliseconds

    @property
    def refused_connections(self):
        return self.kinds[REFUSED_CONNECTION]

    def open(self):
        """Requests that are not settled."""
        return len(self._open)
