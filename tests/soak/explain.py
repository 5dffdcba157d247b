"""Is this what the upstream's answers must have made of a request? Pure: from what is known of one
request to a word for it, or to an Unexplained with the reason."""

from world import LIMITS, MODES, ROUTES, UPSTREAM_ERROR, digest

_UPSTREAM_ERROR = digest(UPSTREAM_ERROR)
# What the proxy says itself when no key is left: by the policy, for a while or for good.
_EXHAUSTED = (429, 502)
TOO_SLOW = "502 beyond the time limit"
REFUSED_CONNECTION = "502 connection refused"
_UNMARKED = tuple(f"{letter}.walk" for letter in MODES)


class Unexplained(Exception):
    """What is wrong with a request."""


def pool_of(request):
    """"b.walk", "own" for a client's own key; None where the proxy did not log it."""
    if request.logged is None:
        return None
    return "own" if request.seen.kind == "own" else request.logged.pool


def key_index(attempt):
    return int(attempt.lane.rsplit(".", 1)[1]) if "." in attempt.lane else 0


def refused(world, attempt):
    """True if the answer sends its request on to the next key."""
    step = world.step(attempt.lane, attempt.page, attempt.step)
    if "." not in attempt.lane or (step.fault == "fails" and attempt.fault == "fired"):
        return False
    return ROUTES[attempt.lane.split(".")[1]].refuses(step.status)


class Explainer:
    def __init__(self, world):
        self.world = world

    def explain(self, request):
        """The kind of its end, for the sheet."""
        attempts = request.attempts
        attempts.sort(key=lambda attempt: attempt.sequence)
        seen = request.seen
        if seen is None:
            raise Unexplained("the client knows of no such request")
        if request.surplus:
            raise Unexplained("bytes after the answer that belong to no request")
        if seen.ending in ("surplus", "broken", "timeout", "refused"):
            raise Unexplained(f"the client's connection: {seen.ending}")
        self._check_log(request)
        self._check_order(request)
        for attempt in attempts:
            self._check_body(request, attempt)
        for attempt in attempts[:-1]:
            if not refused(self.world, attempt):
                raise Unexplained(f"went on after {attempt.lane} had answered {attempt.status}, "
                                  "which refuses no key")
        return self._explain_end(request)

    @staticmethod
    def _check_order(request):
        pools = {attempt.lane.rsplit(".", 1)[0] for attempt in request.attempts}
        if pools and pools != {pool_of(request)}:
            raise Unexplained(f"keys of {sorted(pools)}, and it was for {pool_of(request)}")
        order = [key_index(attempt) for attempt in request.attempts]
        if order != sorted(set(order)):
            raise Unexplained(f"keys out of order, or twice: {order}")
        if pool_of(request) in _UNMARKED and order != list(range(len(order))):
            raise Unexplained(f"a key that nothing marks was passed over: {order}")

    def _check_body(self, request, attempt):
        seen = request.seen
        if attempt.body_complete:
            if (attempt.body_bytes, attempt.body_sha256) != (seen.sent_bytes, seen.sent_sha256):
                raise Unexplained("the upstream got another body than the client sent")
            if seen.kind == "leaves-upload" and seen.ending == "left":
                raise Unexplained("the upstream got a whole body that nobody sent")
            return
        if attempt.body_bytes > seen.sent_bytes:
            raise Unexplained("the upstream got more than the client sent")
        step = self.world.step(attempt.lane, attempt.page, attempt.step)
        if step.reads_body and seen.ending != "left":
            raise Unexplained("the upstream waited for a body that did not come")
        if seen.kind == "leaves-upload" and MODES[request.id[0]] == "buffer":
            raise Unexplained("an attempt before the client's body was there")

    @staticmethod
    def _check_log(request):
        seen, logged, attempts = request.seen, request.logged, request.attempts
        if logged is None:
            if attempts or seen.ending in ("whole", "cut"):
                raise Unexplained("the proxy's log does not know it")
            return
        if seen.ending in ("whole", "cut") and seen.status not in (logged.status, 0):
            raise Unexplained(f"the proxy logged {logged.status}")
        # One attempt may not have reached the upstream's journal: its connection was refused.
        missing = logged.attempts - len(attempts)
        unseen = 1 if logged.status in (502, 499) or seen.ending == "left" else 0
        if not 0 <= missing <= unseen:
            raise Unexplained(f"the proxy made {logged.attempts} attempts, the upstream saw "
                              f"{len(attempts)}")

    def _explain_end(self, request):
        seen, attempts = request.seen, request.attempts
        if seen.ending == "left":
            return "client left"
        if seen.ending == "none":
            if seen.kind == "pipeline" and not attempts:
                return "pipelined behind a broken answer"
            raise Unexplained("no answer")
        if self._is_late(request):
            return TOO_SLOW
        if seen.ending == "whole" and request.logged.attempts > len(attempts):
            if (seen.status, seen.body_sha256) != (502, _UPSTREAM_ERROR):
                raise Unexplained("another answer than that the upstream was not reached")
            if attempts and not refused(self.world, attempts[-1]):
                raise Unexplained("went on after an answer that refuses no key")
            return REFUSED_CONNECTION
        if not attempts or self._exhausts(attempts[-1]):
            return self._explain_exhausted(request)
        return self._explain_answer(request, attempts[-1])

    def _is_late(self, request):
        """True if the proxy did not wait for what the upstream meant to answer: on a machine that
        is kept busy the mock takes its time."""
        seen, attempts = request.seen, request.attempts
        if (seen.ending, seen.status, seen.body_sha256) != ("whole", 502, _UPSTREAM_ERROR):
            return False
        if attempts and attempts[-1].fault == "fired":
            return False
        return seen.end - seen.begin >= LIMITS["response_head_ms"]

    def _exhausts(self, attempt):
        if not refused(self.world, attempt):
            return False
        route = ROUTES[attempt.lane.split(".")[1]]
        last = key_index(attempt) == route.keys - 1
        if not last and route.name == "walk":
            raise Unexplained("gave up before the last key")
        return not (last and route.passes_on_last)

    @staticmethod
    def _explain_exhausted(request):
        seen = request.seen
        if seen.ending != "whole" or seen.status not in _EXHAUSTED:
            raise Unexplained(f"no key was left, and the client was not told so: {seen.status}")
        if seen.kind == "own":
            raise Unexplained("a client's own key was not tried")
        return f"{seen.status} no key left"

    def _explain_answer(self, request, attempt):
        """The last attempt's answer is the client's."""
        seen = request.seen
        step = self.world.step(attempt.lane, attempt.page, attempt.step)
        fault = step.fault if attempt.fault == "fired" else ""
        if fault == "fails":
            if (seen.ending, seen.status, seen.body_sha256) != ("whole", 502, _UPSTREAM_ERROR):
                raise Unexplained("the upstream's answer failed, and the client was told otherwise")
            return "502 upstream failed"
        # What a reset overtakes is lost, the head too.
        if fault == "cut" and step.script["fault"]["kind"] == "reset" and \
                (seen.ending, seen.status, seen.body_sha256) == ("whole", 502, _UPSTREAM_ERROR):
            return "502 upstream failed"
        late = seen.end - seen.begin >= LIMITS["idle_ms"]
        if seen.ending == "cut" and fault != "cut" and not late:
            raise Unexplained(f"cut off after {seen.body_bytes} bytes of a whole answer")
        if seen.ending == "whole" and fault == "cut":
            raise Unexplained("an answer that the upstream cut off was passed on as a whole one")
        if seen.status != step.status and not (seen.ending == "cut" and seen.status == 0):
            raise Unexplained(f"status {seen.status}, the upstream's was {step.status}")
        cut = seen.ending == "cut"
        wanted = step.prefix(seen.body_bytes) if cut else digest(step.body)
        if seen.body_sha256 != wanted or seen.body_bytes > len(step.body):
            raise Unexplained("another body than the upstream's")
        return f"{step.status} cut off" if cut else f"{step.status}"
