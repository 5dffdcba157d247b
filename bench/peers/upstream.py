"""The one upstream of all gateways: keywalk-mock, whose lanes refuse by key, and its own count of
the attempts that it saw."""

import dataclasses
import json
import os
import re
import subprocess
import time

from common.answer import ANSWER
from common.server import Failed, KeywalkServer

STATUS = 403  # haproxy cannot retry a 429, nginx' proxy_next_upstream no 401
EVENTS = 500
REFUSAL = {"error": {"message": "You are not allowed to use this key.", "type": "invalid_request",
                     "param": None, "code": "forbidden"}}
COUNT_SECONDS = 2


@dataclasses.dataclass(frozen=True)
class Key:
    lane: str  # its name in the upstream's counters
    value: str


REFUSED = tuple(Key(f"refused{n}", f"sk-bench-refused-{n}-aaaaaaaa") for n in range(4))
# Refused as soon as the request's head is there: one that asks `Expect: 100-continue` is then not
# followed by its body. The others are refused when the body has been read.
EARLY = Key("early", "sk-bench-early-aaaaaaaaaa")
GOOD = Key("good", "sk-bench-good-aaaaaaaaaaa")
STREAM = Key("stream", "sk-bench-stream-aaaaaaaaa")


@dataclasses.dataclass(frozen=True)
class Walk:
    """A pool: the keys that each request to it has to try, in this order."""
    name: str
    keys: tuple
    text: str
    mark: str  # the same in a letter

    @property
    def failovers(self):
        return len(self.keys) - 1


def _refused(count):
    text = "no failover" if count == 0 else f"{count} failover{'s' if count > 1 else ''}"
    return Walk(f"f{count}", (*REFUSED[:count], GOOD), text, str(count))


WALKS = (*map(_refused, (0, 1, 2, 4)), Walk("e1", (EARLY, GOOD), "1 early refusal", "e"),
         Walk("sse", (STREAM,), "event stream", "s"))
BY_NAME = {walk.name: walk for walk in WALKS}


def script():
    chunk = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1767225600,
             "model": "gpt-4o-mini",
             "choices": [{"index": 0, "delta": {"content": " word"}, "finish_reason": None}]}
    lanes = {key.value: {"name": key.lane, "steps": [{"status": STATUS, "json": REFUSAL}]}
             for key in REFUSED}
    lanes[EARLY.value] = {"name": EARLY.lane,
                          "steps": [{"status": STATUS, "json": REFUSAL, "early": True}]}
    answer = {"text": ANSWER, "headers": {"Content-Type": "application/json"}}
    lanes[GOOD.value] = {"name": GOOD.lane, "steps": [answer]}
    lanes[STREAM.value] = {"name": STREAM.lane, "steps": [{"sse": [{"data": chunk}] * EVENTS}]}
    return {"schema_version": "1.0", "lanes": lanes}


class Upstream(KeywalkServer):
    """Leanest that is still honest: it reads every body and counts every request, but makes no
    digests, keeps one journal entry and logs warnings only."""

    name = "upstream"
    options = ("--no-body-digests", "--journal-entries", "1", "--log-level", "warn")

    def command(self):
        self.read_version()
        path = os.path.join(self.folder, "script.json")
        with open(path, "w") as file:
            json.dump(script(), file)
        subprocess.run([self.binary, "validate", path], check=True, stdout=subprocess.DEVNULL)
        return [self.binary, "--listen", "127.0.0.1:0", "--script", path, *self.options]

    def counts(self):
        """Requests so far by lane."""
        status, page = self.ask("GET", "/__mock/metrics")
        if status != 200:
            raise Failed(f"the upstream's metrics answer {status}")
        return parse_counts(page.decode())

    def counts_once_quiet(self, expected):
        """The counts as soon as there are so many requests in all; as they are if there never are.
        A request is counted when its answer has been written, which its client may see before."""
        deadline = time.monotonic() + COUNT_SECONDS
        counts = self.counts()
        while sum(counts.values()) < expected and time.monotonic() < deadline:
            time.sleep(0.01)
            counts = self.counts()
        return counts


def parse_counts(page):
    counts = {}
    for labels, count in re.findall(r"^keywalk_mock_requests_total\{(.*)\} (\d+)$", page,
                                    re.MULTILINE):
        lane = re.search(r'lane="([^"]*)"', labels).group(1)
        counts[lane] = counts.get(lane, 0) + int(count)
    return counts


def check_attempts(walk, answered, before, after):
    """What is wrong with the upstream's counts if so many requests have been answered; none if each
    of them walked exactly the keys of its pool."""
    problems = []
    expected = {key.lane: answered for key in walk.keys}
    for lane in sorted({*after, *expected}):
        seen = after.get(lane, 0) - before.get(lane, 0)
        if seen != expected.get(lane, 0):
            problems.append(f"{answered} requests, but {seen} attempts with key {lane} instead of "
                            f"{expected.get(lane, 0)}")
    return problems
