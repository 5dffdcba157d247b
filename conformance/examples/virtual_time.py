"""Plays a decision case on virtual time. Nothing here depends on the implementation: reuse it."""

import collections
import heapq
import itertools
import json

ANSWER, START, CHECK = range(3)  # the order of events at one moment


class Lanes:
    """What the upstream answers to each key, a step an attempt."""

    def __init__(self, case):
        self.lanes, self.taken = case["lanes"], collections.Counter()

    def next_step(self, key):
        name = key if key in self.lanes else "default"
        lane, count = self.lanes.get(name, {"steps": []}), self.taken[name]
        self.taken[name] += 1
        steps = [step for step in lane["steps"] for _ in range(step.get("times", 1))]
        if count >= len(steps) and lane.get("at_end") == "loop":
            count %= len(steps)
        elif count >= len(steps) and lane.get("at_end") == "repeat_last":
            count = -1
        return steps[count] if count < len(steps) else {"status": 599}


def answer_of(step):
    """What an attempt gets back; None if the connection fails."""
    if step.get("fault", {}).get("at") == "before_head":
        return None
    body = json.dumps(step["json"]) if "json" in step else step.get("text", "")
    return {"status": step.get("status", 200), "headers": step.get("headers", {}), "body": body}


def play(case, serve, states):
    """The trace of a case.

    serve(request, now) is a generator: it yields the key of each attempt, gets back the answer
    ({"status", "headers", "body"}, or None if the connection failed), and returns the request's
    outcome. states(now) gives the state of each key. `now` is the virtual time in milliseconds; in
    serve a function that tells it.
    """
    clock, lanes, order = [0], Lanes(case), itertools.count()
    requests, events, trace, running = case["requests"], [], [], {}

    def start(i):
        running[i] = {"attempts": [], "request": serve(requests[i], lambda: clock[0])}
        resume(i, None)

    def resume(i, answer):
        """Goes on until an answer takes time, or the request has ended."""
        attempts = running[i]["attempts"]
        try:
            while True:
                attempts.append(running[i]["request"].send(answer))
                step = lanes.next_step(attempts[-1])
                answer = answer_of(step)
                if step.get("delay_ms"):
                    due = clock[0] + step["delay_ms"]
                    running[i]["answer"] = answer
                    heapq.heappush(events, (due, ANSWER, next(order), i))
                    return
        except StopIteration as end:
            entry = {"request": requests[i]["id"], "attempts": attempts, "outcome": end.value}
            trace.append(entry)
            if i + 1 < len(requests) and "at_ms" not in requests[i + 1]:
                heapq.heappush(events, (clock[0], START, i + 1, i + 1))

    for i, request in enumerate(requests):
        if i == 0 or "at_ms" in request:
            heapq.heappush(events, (request.get("at_ms", 0), START, i, i))
    for i, check in enumerate(case.get("checks", [])):
        heapq.heappush(events, (check["at_ms"], CHECK, i, i))
    while events:
        clock[0], kind, _, i = heapq.heappop(events)
        if kind == START:
            start(i)
        elif kind == ANSWER:
            resume(i, running[i]["answer"])
        else:
            trace.append({"check": i, "states": states(clock[0])})
    return trace
