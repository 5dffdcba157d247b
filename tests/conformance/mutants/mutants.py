"""Known-bad failover implementations: each is the example library with one bug put in.

A mutant is a class made from the good one. Most are gateways that exist: the number is the public
issue. Each is named in the table at the end with the case that must kill it.
"""

import keypool


class PoolV2(keypool.KeyPool):
    """The good library with the policy coder-v2."""

    def refused(self, key, status, headers, now):
        if status == 429:
            self.mark_temporary(key, keypool.retry_after_ms(headers), now)
        elif status == 401:
            self.mark_temporary(key, None, now, "unauthorized")
        else:
            return False
        return True

    def exhausted(self, now):
        end = super().exhausted(now)
        cooling = [key for key in self.keys if self.state(key, now) == "temporary"]
        reasons = {self.reason(key, now) for key in cooling}
        if end.kind == "rate_limited" and reasons == {"unauthorized"}:
            if all(self.state(key, now) != "valid" for key in self.keys):
                end.kind = "unauthorized"
        return end


def on_status(base, statuses, act):
    """The pool of `base` that does `act` on these statuses and then tries the next key."""

    class Mutant(base):
        def refused(self, key, status, headers, now):
            if status in statuses:
                act(self, key, headers, now)
                return True
            return super().refused(key, status, headers, now)

    return Mutant


def walking(next_key):
    """The good pool with another way to walk."""

    class MutantWalk(keypool.Walk):
        pass

    class Mutant(keypool.KeyPool):
        def walk(self):
            return MutantWalk(self)

    MutantWalk.next_key = next_key
    return Mutant


def budget_below_pool(walk, now):  # HKUDS/DeepTutor#1499
    if walk.attempts == 2:
        raise walk.pool.exhausted(now)
    return keypool.Walk.next_key(walk, now)


def same_key_again(walk, now):  # deltawi/deltallm#247
    if walk.attempts == 1:
        walk.attempts += 1
        return walk.pool.keys[walk.position - 1]
    return keypool.Walk.next_key(walk, now)


def round_robin(walk, now):
    turn = getattr(walk.pool, "turn", 0)
    if walk.attempts == 0:
        walk.pool.turn = turn + 1
        walk.position = turn % len(walk.pool.keys)
    return keypool.Walk.next_key(walk, now)


def goes_back(walk, now):
    try:
        return keypool.Walk.next_key(walk, now)
    except keypool.Exhausted:
        if walk.attempts >= 2 * len(walk.pool.keys):
            raise
        walk.position = 0
        return keypool.Walk.next_key(walk, now)


def ignores_state(walk, now):  # QuantumNous/new-api#3536 the other way round
    if walk.position >= len(walk.pool.keys):
        raise walk.pool.exhausted(now)
    walk.position += 1
    walk.attempts += 1
    return walk.pool.keys[walk.position - 1]


class ShortensDeadline(keypool.KeyPool):
    def mark_temporary(self, key, cooldown_ms, now, reason="rate_limited"):
        self.deadline[key] = 0
        return super().mark_temporary(key, cooldown_ms, now, reason)


class NeverExtends(keypool.KeyPool):  # BerriAI/litellm#40130
    def mark_temporary(self, key, cooldown_ms, now, reason="rate_limited"):
        if self.state(key, now) == "temporary":
            return False
        return super().mark_temporary(key, cooldown_ms, now, reason)


class IgnoresRetryAfter(keypool.KeyPool):  # maximhq/bifrost#6971
    def mark_temporary(self, key, cooldown_ms, now, reason="rate_limited"):
        return super().mark_temporary(key, None, now, reason)


class RoundsToSeconds(keypool.KeyPool):
    def mark_temporary(self, key, cooldown_ms, now, reason="rate_limited"):
        if cooldown_ms:
            cooldown_ms = cooldown_ms // 1000 * 1000
        return super().mark_temporary(key, cooldown_ms, now, reason)


class ZeroMeansNow(keypool.KeyPool):  # elizaOS/eliza#22162
    def mark_temporary(self, key, cooldown_ms, now, reason="rate_limited"):
        return super().mark_temporary(key, cooldown_ms or 0.001, now, reason)


class NeverRecovers(keypool.KeyPool):  # coder/coder#26033
    def state(self, key, now):
        return "temporary" if self.deadline[key] > 0 else super().state(key, now)


class LateByOne(keypool.KeyPool):
    def state(self, key, now):
        found = super().state(key, now)
        return "temporary" if found == "valid" and 0 < self.deadline[key] == now else found


class AnswersTheLongest(keypool.KeyPool):
    def exhausted(self, now):
        end = super().exhausted(now)
        if end.retry_after_ms:
            end.retry_after_ms = max(self.deadline.values()) - now
        return end


class NoRetryAfter(keypool.KeyPool):  # BerriAI/litellm#27823
    def exhausted(self, now):
        end = super().exhausted(now)
        end.retry_after_ms = 0
        return end


class AnswersOneSecondMore(keypool.KeyPool):
    def exhausted(self, now):
        end = super().exhausted(now)
        if end.retry_after_ms:
            end.retry_after_ms += 1000
        return end


class RevivesPermanent(keypool.KeyPool):
    def mark_temporary(self, key, cooldown_ms, now, reason="rate_limited"):
        self.dead.discard(key)
        return super().mark_temporary(key, cooldown_ms, now, reason)


class SuccessHeals(keypool.KeyPool):
    def refused(self, key, status, headers, now):
        if status == 200:
            self.deadline[key] = 0
        return super().refused(key, status, headers, now)


class PermanentLosesToCooldown(keypool.KeyPool):
    def mark_permanent(self, key):
        return False if self.deadline[key] else super().mark_permanent(key)


class TakesDuplicates(keypool.KeyPool):
    def __init__(self, keys):
        super().__init__(list(dict.fromkeys(keys)))


class AnyUnauthorizedWins(PoolV2):
    def exhausted(self, now):
        end = super().exhausted(now)
        reasons = {self.reason(key, now) for key in self.keys}
        if end.retry_after_ms and "unauthorized" in reasons:
            end.kind = "unauthorized"
        return end


def cool(pool, key, headers, now):
    pool.mark_temporary(key, keypool.retry_after_ms(headers), now)


def cool_all(pool, key, headers, now):
    for each in pool.keys:
        pool.mark_temporary(each, 5000, now)


def kill(pool, key, headers, now):
    pool.mark_permanent(key)


def nothing(pool, key, headers, now):
    pass


GOOD = {"coder-v1": keypool.KeyPool, "coder-v2": PoolV2}

# Name: policy, class, the case that kills it.
MUTANTS = {
    "budget-below-pool": ("coder-v1", walking(budget_below_pool), "walk-no-budget"),
    "same-key-again": ("coder-v1", walking(same_key_again), "walk-each-key-once"),
    "round-robin": ("coder-v1", walking(round_robin), "walk-starts-at-primary"),
    "goes-back": ("coder-v1", walking(goes_back), "walk-forward-only"),
    "ignores-state": ("coder-v1", walking(ignores_state), "walk-passes-over-cooling"),
    "shortens-deadline": ("coder-v1", ShortensDeadline, "state-never-shortened"),
    "never-extends": ("coder-v1", NeverExtends, "state-extended"),
    "ignores-retry-after": ("coder-v1", IgnoresRetryAfter, "retry-seconds"),
    "rounds-to-seconds": ("coder-v1", RoundsToSeconds, "retry-ms-wins"),
    "zero-means-now": ("coder-v1", ZeroMeansNow, "retry-zero"),
    "never-recovers": ("coder-v1", NeverRecovers, "state-boundary-later-start"),
    "late-by-one": ("coder-v1", LateByOne, "retry-seconds"),
    "answers-the-longest": ("coder-v1", AnswersTheLongest, "walk-exhausted-soonest"),
    "no-retry-after": ("coder-v1", NoRetryAfter, "walk-exhausted-soonest"),
    "answers-one-second-more": (
        "coder-v1",
        AnswersOneSecondMore,
        "provider-openai-retry-after-minute",
    ),
    "revives-permanent": ("coder-v1", RevivesPermanent, "state-temporary-on-permanent"),
    "success-heals": ("coder-v1", SuccessHeals, "concurrency-late-200"),
    "permanent-loses-to-cooldown": ("coder-v1", PermanentLosesToCooldown, "state-permanent-wins"),
    "takes-duplicates": ("coder-v1", TakesDuplicates, "pool-duplicate"),
    "404-cools-pool": (
        "coder-v1",
        on_status(keypool.KeyPool, [404], cool_all),
        "classify-404-cools-nothing",
    ),
    "400-disables": ("coder-v1", on_status(keypool.KeyPool, [400], kill), "classify-long-prompt"),
    "500-fails-over": (
        "coder-v1",
        on_status(keypool.KeyPool, [500], nothing),
        "openai-500-not-failed-over",
    ),
    "529-cools": (
        "coder-v1",
        on_status(keypool.KeyPool, [529], cool),
        "classify-overload-is-not-the-key",
    ),
    "403-bans": ("coder-v2", on_status(PoolV2, [403], kill), "classify-403-moderation"),
    "401-permanent": ("coder-v2", on_status(PoolV2, [401], kill), "state-401-recovers"),
    "401-honours-retry-after": (
        "coder-v2",
        on_status(PoolV2, [401], cool),
        "classify-401-retry-after",
    ),
    "any-unauthorized-wins": ("coder-v2", AnyUnauthorizedWins, "walk-exhausted-any-rate-limit"),
}
