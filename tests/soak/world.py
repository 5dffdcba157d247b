"""What the upstream does in a soak, drawn from a seed: keys, the answers of each, and the faults.

Every answer is told apart by its body, so that the journal's "this request was given step 17 of
that lane" says what its client must have got, to the byte."""

import dataclasses
import hashlib
import json
import math
import random

# In every key: nothing that the programs write may hold it.
SECRET = "whisper5c2e8f"
OWN_KEY = f"sk-own0-{SECRET}-00000000000000000000"
PAGES = ("chat", "events", "upload", "large")
# Of a lane on a page, after which they begin anew. The mock holds them all in memory.
STEPS = {"chat": 200, "events": 100, "upload": 100, "large": 20}
# Short, so that a soak meets them; longer than every pause that no fault makes.
LIMITS = {"response_head_ms": 2000, "idle_ms": 2000, "client_header_ms": 5000, "connect_ms": 3000,
          "drain_ms": 10_000}
NEVER = math.inf
PROVIDER_ERROR = {"error": {"message": "no", "type": "requests", "param": None, "code": None}}
DEFAULT_COOLDOWN_MS = 80


@dataclasses.dataclass
class Step:
    """One answer of the mock, and what it is for the proxy."""
    script: dict
    status: int = 200
    body: bytes = b""
    fault: str = ""  # "fails": no head that could be passed on. "cut": the body ends too soon
    reads_body: bool = True  # the whole request is read before the answer
    cooldown_ms: float = 0  # for a refused key, as the upstream asks for it

    def prefix(self, size):
        return digest(self.body[:size])


@dataclasses.dataclass(frozen=True)
class Route:
    """A pool of keys behind a prefix of the proxy, and what its policy makes of a refusal."""
    name: str
    keys: int
    policy: dict
    refusals: tuple
    passes_on_last: bool = False

    def refuses(self, status):
        return status in self.refusals


def _policy(name, title, rules, exhausted=None):
    return {
        "schema_version": "1.0", "name": name, "title": title, "source": "tests/soak",
        "declares": [], "rules": rules,
        "cooldown": {"default_ms": DEFAULT_COOLDOWN_MS,
                     "sources": ["retry-after-ms", "retry-after"]},
        "exhausted": {"rate_limited": "rate_limited", "unauthorized": "permanent",
                      "permanent": "permanent", **(exhausted or {})}}


ROUTES = {route.name: route for route in (
    # Marks nothing: every request walks from the first key.
    Route("walk", 4, _policy("soak-walk", "No key is marked",
                             [{"status": [401, 403, 429], "action": "next"}],
                             {"pass_on_last": True}), (401, 403, 429), True),
    # Keys rest for moments, all the time.
    Route("rest", 5, _policy("soak-rest", "Short cooldowns", [
        {"status": [429], "action": "temporary", "reason": "rate_limited",
         "cooldown": "response"},
        {"status": [401], "action": "temporary", "reason": "unauthorized",
         "cooldown": "default"}]), (401, 429)),
    # One key after another goes out for good, but for the last.
    Route("once", 5, _policy("soak-once", "Refused once is refused for good", [
        {"status": [429], "action": "temporary", "reason": "rate_limited",
         "cooldown": "response"},
        {"status": [401, 403], "action": "permanent", "reason": "unauthorized"}]),
        (401, 403, 429)),
)}
MODES = {"b": "buffer", "s": "stream"}  # by the first letter of a request's id


def digest(data):
    return hashlib.sha256(data).hexdigest()


def pattern(size):
    """What keywalk-mock gives for "bytes"."""
    return bytes((i * 31 + i // 256) % 256 for i in range(size))


PATTERN = pattern(1 << 16) * 8  # it begins anew after 65,536 bytes
UPSTREAM_ERROR = b'{"error":{"message":"upstream proxy error"}}\n'


class _Lane:
    """Draws the steps of one key on one page."""

    def __init__(self, generator, name, page, faults):
        self.generator, self.name, self.page, self.faults = generator, name, page, faults

    def chance(self, probability):
        return self.generator.random() < probability

    def success(self, number):
        if self.page == "events":
            return self._events(number)
        if self.page == "large":
            size = self.generator.randint(1000, 300_000)
            return Step({"bytes": size, "chunked": self.chance(0.3)}, 200, PATTERN[:size])
        text = json.dumps({"from": f"{self.name} {self.page} {number}",
                           "more": "y" * self.generator.randint(0, 700)})
        script = {"text": text, "chunked": self.chance(0.2)}
        if self.chance(0.01):
            script["delay_ms"] = self.generator.randint(1, 60)
        step = Step(script, 200, text.encode())
        if self.page == "upload" and self.chance(0.02):
            script["early"] = True
            step.reads_body = False
        return step

    def _events(self, number):
        events, body = [], b""
        for i in range(self.generator.randint(1, 20)):
            text = f"{self.name} {number} {i} " + "z" * self.generator.randint(0, 80)
            events.append({"data": text})
            if self.chance(0.05):
                events[-1]["delay_ms"] = self.generator.randint(1, 15)
            body += f"data: {text}\n\n".encode()
        return Step({"sse": events}, 200, body)

    def server_error(self, number):
        status = self.generator.choice((400, 404, 418, 500, 502, 503, 529))
        text = f"{status} from {self.name} {self.page} {number}"
        return Step({"status": status, "text": text}, status, text.encode())

    def refusal(self, number, status):
        text = json.dumps({**PROVIDER_ERROR, "from": f"{self.name} {self.page} {number}"})
        script = {"status": status, "text": text}
        step = Step(script, status, text.encode(), cooldown_ms=DEFAULT_COOLDOWN_MS)
        if status == 429:
            wait = self.generator.random()
            if wait < 0.5:
                step.cooldown_ms = self.generator.randint(10, 150)
                script["headers"] = {"Retry-After-Ms": str(step.cooldown_ms)}
            elif wait < 0.6:
                step.cooldown_ms = 1000
                script["headers"] = {"Retry-After": "1"}
        kind = self.generator.random()
        if kind < 0.05:  # longer than is read to keep the connection
            del script["text"]
            script["bytes"] = 100_000
            step.body = PATTERN[:100_000]
        elif kind < 0.1 and self.faults:
            script["fault"] = {"at": "body", "body_bytes": 10, "kind": "close"}
            step.fault = "cut"
        elif kind < 0.13:
            script["fault"] = {"at": "response_headers", "kind": "drip", "bytes_per_second": 40_000}
        elif kind < 0.2 and self.page == "upload":
            script["early"] = True
            step.reads_body = False
        elif kind < 0.26 and self.page == "upload":
            script["fault"] = {"at": "request_body", "kind": "early_response",
                               "body_bytes": self.generator.randint(1, 20_000)}
            step.reads_body = False
        return step

    def fault(self, number):
        """An answer that goes wrong."""
        step = self.success(number)
        draws = [self._fails, self._cut, self._odd]
        if self.page == "events":
            draws.append(self._event_fault)
        if self.page == "upload":
            draws.append(self._upload_fault)
        self.generator.choice(draws)(step)
        return step

    def _fails(self, step):
        at = self.generator.choice(
            ("request_headers", "before_head", "status_line", "response_headers"))
        # A stall that leaves a long upload unread does not see its client go.
        stalls = self.chance(0.1) and self.page != "upload"
        kinds = ["close", "reset", "garbage"] + (["stall"] if stalls else [])
        step.script["fault"] = {"at": at, "kind": self.generator.choice(kinds)}
        if at == "request_headers":
            step.reads_body = False
        step.script.pop("early", None)
        step.fault = "fails"

    def _cut(self, step):
        kinds = ["close", "reset"] + (["stall"] if self.chance(0.1) else [])
        step.script["fault"] = {"at": "body", "kind": self.generator.choice(kinds),
                                "body_bytes": self.generator.randrange(len(step.body))}
        step.fault = "cut"
        if self.chance(0.2):
            step.script["fault"] = {"at": "response_headers", "kind": "wrong_content_length",
                                    "content_length": len(step.body) + 10}
            step.script.pop("chunked", None)
        elif "sse" not in step.script and self.chance(0.2):
            step.script["fault"]["kind"] = "bad_chunk"

    def _odd(self, step):
        """What goes wrong without harm."""
        step.script["fault"] = self.generator.choice((
            {"at": "before_head", "kind": "interim",
             "interim": [{"status": 103, "headers": {"Link": "</a>; rel=preload"}}]},
            {"at": "status_line", "kind": "drip", "bytes_per_second": 200_000},
            {"at": "response_headers", "kind": "wrong_content_length",
             "content_length": len(step.body) // 2}))
        step.script.pop("early", None)
        if step.script["fault"]["kind"] == "wrong_content_length":
            step.body = step.body[:len(step.body) // 2]
            step.script.pop("chunked", None)

    def _event_fault(self, step):
        events = step.script["sse"]
        event = self.generator.randrange(len(events))
        step.script["fault"] = {"at": "sse_event", "event": event,
                                "kind": self.generator.choice(("close", "reset", "error_event"))}
        if step.script["fault"]["kind"] == "error_event":
            step.script["fault"]["error_event"] = {"event": "error", "data": "overloaded"}
            before = b"".join(f"data: {one['data']}\n\n".encode() for one in events[:event])
            step.body = before + b"event: error\ndata: overloaded\n\n"
        else:
            step.fault = "cut"

    def _upload_fault(self, step):
        step.script["fault"] = {"at": "request_body", "kind": self.generator.choice(
            ("close", "reset")), "body_bytes": self.generator.randint(1, 5000)}
        step.reads_body, step.fault = False, "fails"
        step.script.pop("early", None)

    def draw(self, number, refusals, refused):
        kind = self.generator.random()
        if kind < refused:
            return self.refusal(number, self.generator.choice(refusals))
        if kind < refused + 0.02:
            return self.server_error(number)
        if kind < refused + 0.06 and self.faults:
            return self.fault(number)
        return self.success(number)


class World:
    """Lanes by name, the script for keywalk-mock, and what each step means. The same for the same
    seed, whatever else happens."""

    def __init__(self, seed, faults=True):
        """Without `faults` keys are refused, and answers are whole all the same."""
        self.seed, self.faults = seed, faults
        self.keys = {}  # "b.walk" -> keys in order
        self.steps = {}  # (lane, page) -> steps
        self._lanes = {}  # key -> the lane in the script
        for letter in MODES:
            for route in ROUTES.values():
                self._add_pool(letter, route)
        self._add_lane("own", OWN_KEY, {page: self._draws("own", page, (401, 429), 0.1)
                                        for page in PAGES})

    def _draws(self, lane, page, refusals, refused):
        generator = random.Random(f"{self.seed} {lane} {page}")
        drawing = _Lane(generator, lane, page, self.faults)
        return [drawing.draw(number, refusals, refused) for number in range(STEPS[page])]

    def _add_pool(self, letter, route):
        pool = f"{letter}.{route.name}"
        generator = random.Random(f"{self.seed} {pool}")
        self.keys[pool] = []
        for index in range(route.keys):
            lane = f"{pool}.{index}"
            key = f"sk-{generator.randrange(16**4):04x}-{SECRET}-{generator.randrange(16**16):016x}"
            last = index == route.keys - 1
            refusals = (429,) if route.name == "once" else route.refusals
            refused = {"walk": 0.05 if last else 0.3, "rest": 0.012, "once": 0.005}[route.name]
            pages = {page: self._draws(lane, page, refusals, refused) for page in PAGES}
            if route.name == "once" and not last:
                pages["chat"] = self._until_refused(pages["chat"], 150 * 3 ** index)
            self.keys[pool].append(key)
            self._add_lane(lane, key, pages)

    @staticmethod
    def _until_refused(steps, count):
        """So many answers, and then none but that the key is refused for good."""
        again = [steps[number % len(steps)] for number in range(count)]
        text = json.dumps(PROVIDER_ERROR)
        refused = Step({"status": 401, "text": text}, 401, text.encode(), cooldown_ms=NEVER)
        return [*again, refused]

    def _add_lane(self, lane, key, pages):
        routes = []
        for page, steps in pages.items():
            self.steps[lane, page] = steps
            ends = steps[-1].cooldown_ms == NEVER
            routes.append({"name": page, "match": {"path": f"/v1/{page}/*"},
                           "steps": [step.script for step in steps],
                           "at_end": "repeat_last" if ends else "loop"})
        self._lanes[key] = {"name": lane, "routes": routes}

    def step(self, lane, page, number):
        steps = self.steps[lane, page]
        if steps[-1].cooldown_ms == NEVER:
            return steps[min(number, len(steps) - 1)]
        return steps[number % len(steps)]

    def script(self):
        # The first connections are the auditor's own, and are served.
        connections = [{"times": 50}]
        generator = random.Random(f"{self.seed} connections")
        for _ in range(20 if self.faults else 0):
            kind = generator.choice(("reset", "close", "garbage"))
            fault = {"kind": kind, **({"text": "SSH-2.0-x\r\n"} if kind == "garbage" else {})}
            connections += [{"fault": fault}, {"times": generator.randint(20, 80)}]
        return {"schema_version": "1.0", "lanes": self._lanes,
                "connections": {"steps": connections, "at_end": "loop"}}
