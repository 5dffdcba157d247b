"""API-key failover for one provider, as a small library: the policy coder-v1 in plain Python.

A pool holds the operator's keys in order. A request walks it once from the front, takes the next
key that is valid, and tells the pool what the upstream answered. Times are milliseconds of any
clock that never goes back.
"""

import re
from fractions import Fraction

DEFAULT_COOLDOWN_MS = 60_000
MAX_COOLDOWN_MS = 10**12


class Exhausted(Exception):
    """No key is left for this walk."""

    def __init__(self, kind, retry_after_ms):
        super().__init__(kind)
        self.kind, self.retry_after_ms = kind, retry_after_ms


class KeyPool:
    def __init__(self, keys):
        if not keys:
            raise ValueError("no keys provided")
        if any(not key or re.search(r"[\x00-\x1f\x7f]", key) for key in keys):
            raise ValueError("invalid key")
        if len(set(keys)) != len(keys):
            raise ValueError("duplicate key")
        self.keys = list(keys)
        self.deadline = dict.fromkeys(keys, 0)
        self.why = dict.fromkeys(keys)
        self.dead = set()

    def state(self, key, now):
        if key in self.dead:
            return "permanent"
        return "temporary" if now < self.deadline[key] else "valid"

    def reason(self, key, now):
        return None if self.state(key, now) == "valid" else self.why[key]

    def mark_temporary(self, key, cooldown_ms, now, reason="rate_limited"):
        """True if this took a valid key out. A deadline is never shortened."""
        before = self.state(key, now)
        deadline = now + (cooldown_ms if cooldown_ms and cooldown_ms > 0 else DEFAULT_COOLDOWN_MS)
        if before == "permanent" or deadline < self.deadline[key]:
            return False
        self.deadline[key], self.why[key] = deadline, reason
        return before == "valid"

    def mark_permanent(self, key):
        if key in self.dead:
            return False
        self.dead.add(key)
        self.why[key] = "unauthorized"
        return True

    def walk(self):
        return Walk(self)

    def exhausted(self, now):
        states = [self.state(key, now) for key in self.keys]
        if "valid" in states:
            return Exhausted("rate_limited", 0)
        waits = [self.deadline[k] - now for k, s in zip(self.keys, states) if s == "temporary"]
        return Exhausted("rate_limited", min(waits)) if waits else Exhausted("permanent", 0)

    def refused(self, key, status, headers, now):
        """Marks the key for an upstream's answer; True if the next key is to be tried."""
        if status == 429:
            self.mark_temporary(key, retry_after_ms(headers), now)
        elif status in (401, 403):
            self.mark_permanent(key)
        else:
            return False
        return True


class Walk:
    """One request's pass over the pool: forward only, each key at most once."""

    def __init__(self, pool):
        self.pool, self.position, self.attempts = pool, 0, 0

    def next_key(self, now):
        while self.position < len(self.pool.keys):
            key = self.pool.keys[self.position]
            self.position += 1
            if self.pool.state(key, now) == "valid":
                self.attempts += 1
                return key
        raise self.pool.exhausted(now)


def retry_after_ms(headers):
    """The cooldown a response asks for, or None."""
    found = {name.lower(): value for name, value in headers.items()}
    for name, grammar, unit in (
        ("retry-after-ms", r"[0-9]+(\.[0-9]+)?", 1),
        ("retry-after", r"[0-9]+", 1000),
    ):
        text = found.get(name, "")
        text = (text[0] if isinstance(text, list) else text).strip(" \t")
        if re.fullmatch(grammar, text) and 0 < Fraction(text) * unit <= MAX_COOLDOWN_MS:
            return max(1, Fraction(text) * unit)
    return None


def client_key(provider, headers):
    """The client's own key, with which the pool is not involved; None if it brings none."""
    names = ("authorization",) if provider == "openai" else ("x-api-key", "authorization")
    found = {name.lower(): value for name, value in headers.items()}
    for name in names:
        if name in found:
            return found[name].removeprefix("Bearer ")
    return None
