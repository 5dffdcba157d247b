"""API-key failover by a policy file, as a small library: what a response means is data.

Times are milliseconds of any clock that never goes back.
"""

import dataclasses
import re
from fractions import Fraction

MAX_COOLDOWN_MS = 10**12
WAIT = {
    "retry-after-ms": (r"[0-9]+(\.[0-9]+)?", 1),
    "retry-after": (r"[0-9]+", 1000),
}


class Exhausted(Exception):
    """No key is left for this walk."""

    def __init__(self, kind, retry_after_ms):
        super().__init__(kind)
        self.kind, self.retry_after_ms = kind, retry_after_ms


@dataclasses.dataclass
class Key:
    text: str
    until: Fraction = Fraction(0)
    reason: str = ""
    dead: bool = False

    def state(self, now):
        return "permanent" if self.dead else "temporary" if now < self.until else "valid"

    def rest(self, until, reason):
        """A deadline is never shortened."""
        if not self.dead and until >= self.until:
            self.until, self.reason = until, reason


def matches(rule, status):
    """True for a status that the rule lists, or that is in one of its ranges."""
    for item in rule["status"]:
        first, _, last = str(item).partition("-")
        if int(first) <= status <= int(last or first):
            return True
    return False


class Pool:
    """The operator's keys in order, under one policy."""

    def __init__(self, keys, policy):
        self.keys, self.policy = [Key(text) for text in keys], policy
        if any("error_codes" in rule or "error_types" in rule for rule in policy["rules"]):
            raise ValueError("rules on bodies are not implemented")

    def states(self, now):
        return [key.state(now) for key in self.keys]

    def walk(self, now):
        """Yields the keys of one request; `now` is a function."""
        for key in self.keys:
            if key.state(now()) == "valid":
                yield key

    def exhausted(self, now):
        states = self.states(now)
        if "valid" in states:
            return Exhausted("rate_limited", 0)
        cooling = [key for key, state in zip(self.keys, states) if state == "temporary"]
        if not cooling:
            return Exhausted("permanent", 0)
        limited = any(key.reason == "rate_limited" for key in cooling)
        soonest = min(key.until for key in cooling) - now
        return Exhausted("rate_limited" if limited else "unauthorized", soonest)

    def refused(self, key, status, headers, now):
        """Marks the key for an answer; true if the next key is to be tried."""
        rule = next((rule for rule in self.policy["rules"] if matches(rule, status)), {})
        action = rule.get("action", "surface")
        if action == "temporary":
            key.rest(now + self.cooldown(rule["cooldown"], headers), rule["reason"])
        elif action == "permanent":
            key.dead = True
        return action != "surface"

    def cooldown(self, wanted, headers):
        limits = self.policy["cooldown"]
        wait = wanted if isinstance(wanted, int) else None
        if wanted == "response":
            wait = wait_of(headers, limits["sources"])
        return min(wait or limits["default_ms"], limits.get("max_ms", MAX_COOLDOWN_MS))

    @property
    def passes_on_last(self):
        return self.policy["exhausted"].get("pass_on_last", False)


def wait_of(headers, sources):
    """The cooldown that a response asks for, or None."""
    found = {name.lower(): value for name, value in headers.items()}
    for source in sources:
        grammar, unit = WAIT.get(source, ("(?!)", 0))
        value = found.get(source, "")
        text = (value[0] if isinstance(value, list) else value).strip(" \t")
        if re.fullmatch(grammar, text) and 0 < Fraction(text) * unit <= MAX_COOLDOWN_MS:
            return max(1, Fraction(text) * unit)
    return None
