"""What the three sides say of a request: client, the proxy's log, and the upstream's journal."""

import dataclasses
import json
import re

_ACCESS = re.compile(
    r"^\S+ info (?P<method>[A-Z]+) (?P<target>\S+) (?P<status>\d+)(?P<fields>( [a-z]+=\S+)*)"
    r"(?: \((?P<ending>[^)]*)\))?$")


@dataclasses.dataclass(slots=True)
class Seen:
    """By the client; times in milliseconds of the steady clock."""
    id: str
    kind: str
    begin: float
    end: float
    ending: str
    status: int
    body_bytes: int
    body_sha256: str
    sent_bytes: int
    sent_sha256: str

    @staticmethod
    def read(line):
        values = json.loads(line)
        values[2] /= 1000
        values[3] /= 1000
        return Seen(*values)


@dataclasses.dataclass(slots=True)
class Logged:
    """By the proxy, of one request."""
    id: str
    pool: str  # "b.walk": what it asked for, with the proxy's letter
    status: int
    attempts: int
    ending: str

    @staticmethod
    def read(line):
        """None for a line about something else."""
        found = _ACCESS.match(line)
        if not found:
            return None
        fields = dict(part.split("=", 1) for part in found["fields"].split())
        _, route, _, identity = found["target"].split("/")
        return Logged(identity, f"{identity[0]}.{route}", int(found["status"]),
                      int(fields.get("attempts", 0)), found["ending"] or "")


@dataclasses.dataclass(slots=True)
class Attempt:
    """By the upstream; the time in milliseconds of the steady clock, give or take one."""
    id: str
    sequence: int
    time: float
    lane: str
    page: str
    step: int
    status: int
    fault: str
    answered: bool
    body_bytes: int
    body_sha256: str
    body_complete: bool

    @staticmethod
    def read(text, clock):
        """`clock`: the steady clock's time at the mock's zero."""
        entry = json.loads(text)
        page, identity = entry["target"].rsplit("/", 2)[-2:]
        return Attempt(identity, entry["sequence"], entry["time_ms"] + clock, entry["lane"], page,
                       entry["step"], entry["status"], entry["fault"], entry["answered"],
                       entry["body_bytes"], entry["body_sha256"], entry["body_complete"])


@dataclasses.dataclass(slots=True)
class Request:
    """All that is known of one."""
    id: str
    seen: Seen = None
    logged: Logged = None
    attempts: list = dataclasses.field(default_factory=list)
    surplus: bool = False

    def report(self):
        """For who has to find out what happened."""
        def plain(value):
            return None if value is None else dataclasses.asdict(value)
        return {"id": self.id, "client": plain(self.seen), "proxy": plain(self.logged),
                "upstream": [plain(attempt) for attempt in self.attempts]}
