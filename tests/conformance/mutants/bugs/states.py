"""When a key cools, when it recovers, and what a pool takes."""

import re

import keypool
from bug import bug
from good import pool


@bug(keypool.KeyPool, "mark_temporary", issue="BerriAI/litellm#40130")
def never_extends(good, pool, key, cooldown_ms, now, reason="rate_limited"):
    """A second 429 does not extend the cooldown."""
    if pool.state(key, now) == "temporary":
        return False
    return good(pool, key, cooldown_ms, now, reason)


@bug(keypool.KeyPool, "mark_temporary")
def shortens_deadline(good, pool, key, cooldown_ms, now, reason="rate_limited"):
    """The last mark counts, even if its cooldown ends sooner."""
    before = pool.state(key, now)
    pool.deadline[key] = 0
    good(pool, key, cooldown_ms, now, reason)
    return before == "valid"


@bug(keypool.KeyPool, "mark_temporary")
def adds_cooldowns_up(good, pool, key, cooldown_ms, now, reason="rate_limited"):
    """A second mark is added to what is left of the first."""
    left = max(0, pool.deadline[key] - now)
    return good(pool, key, left + cooldown_ms if left and cooldown_ms else cooldown_ms, now, reason)


@bug(keypool.KeyPool, "mark_temporary")
def every_mark_is_a_transition(good, pool, key, cooldown_ms, now, reason="rate_limited"):
    """Each mark is counted as a key that went out, eight at once as eight."""
    good(pool, key, cooldown_ms, now, reason)
    return pool.state(key, now) == "temporary"


@bug(keypool.KeyPool, "mark_temporary")
def transition_only_once(good, pool, key, cooldown_ms, now, reason="rate_limited"):
    """A key that recovered and cools again is not counted again."""
    first = not pool.deadline[key]
    return good(pool, key, cooldown_ms, now, reason) and first


@bug(keypool.KeyPool, "mark_temporary")
def revives_permanent(good, pool, key, cooldown_ms, now, reason="rate_limited"):
    """A late 429 makes a permanent key one that only cools."""
    pool.dead.discard(key)
    return good(pool, key, cooldown_ms, now, reason)


@bug(keypool.KeyPool, "mark_temporary")
def zero_means_now(good, pool, key, cooldown_ms, now, reason="rate_limited"):
    """A cooldown of nothing is taken as it is: the key is back at once and the client hammers."""
    return good(pool, key, cooldown_ms or 0.001, now, reason)


@bug(keypool.KeyPool, "mark_temporary")
def negative_is_a_duration(good, pool, key, cooldown_ms, now, reason="rate_limited"):
    """A negative cooldown gives its absolute value."""
    return good(pool, key, abs(cooldown_ms or 0), now, reason)


@bug(keypool.KeyPool, "mark_temporary", issue="maximhq/bifrost#6971")
def ignores_retry_after(good, pool, key, cooldown_ms, now, reason="rate_limited"):
    """Every key rests for the same time, whatever Retry-After says."""
    return good(pool, key, None, now, reason)


@bug(keypool.KeyPool, "mark_temporary")
def cools_the_pool(good, pool, key, cooldown_ms, now, reason="rate_limited"):
    """A mark concerns the provider, not the key: all keys cool."""
    moved = good(pool, key, cooldown_ms, now, reason)
    for other in pool.keys:
        good(pool, other, cooldown_ms, now, reason)
    return moved


@bug(keypool.KeyPool, "mark_temporary")
def cuts_to_an_hour(good, pool, key, cooldown_ms, now, reason="rate_limited"):
    """A cooldown beyond an hour is cut, where the policy has no maximum."""
    return good(pool, key, cooldown_ms and min(cooldown_ms, 3_600_000), now, reason)


@bug(keypool.KeyPool, "mark_temporary")
def overflows_32_bits(good, pool, key, cooldown_ms, now, reason="rate_limited"):
    """Milliseconds are kept in 32 bits."""
    return good(pool, key, cooldown_ms and int(cooldown_ms) % 2**32, now, reason)


@bug(keypool.KeyPool, "mark_temporary")
def first_reason_stays(good, pool, key, cooldown_ms, now, reason="rate_limited"):
    """A mark that extends the deadline leaves the reason of the one before."""
    if pool.state(key, now) == "temporary":
        reason = pool.why[key]
    return good(pool, key, cooldown_ms, now, reason)


@bug(keypool.KeyPool, "mark_temporary")
def last_reason_wins(good, pool, key, cooldown_ms, now, reason="rate_limited"):
    """A mark that changes no deadline changes the reason all the same."""
    moved = good(pool, key, cooldown_ms, now, reason)
    pool.why[key] = reason
    return moved


@bug(keypool.KeyPool, "mark_temporary")
def equal_deadline_keeps_reason(good, pool, key, cooldown_ms, now, reason="rate_limited"):
    """On equal deadlines the earlier mark's reason stays."""
    if now + (cooldown_ms or keypool.DEFAULT_COOLDOWN_MS) == pool.deadline[key]:
        return False
    return good(pool, key, cooldown_ms, now, reason)


@bug(keypool.KeyPool, "state", issue="QuantumNous/new-api#3536")
def never_recovers(good, pool, key, now):
    """A key that has cooled once is out until restart."""
    return "temporary" if pool.deadline[key] > 0 else good(pool, key, now)


@bug(keypool.KeyPool, "state")
def late_by_one(good, pool, key, now):
    """At the end of its cooldown a key still cools: > in place of >=."""
    found = good(pool, key, now)
    return "temporary" if found == "valid" and 0 < pool.deadline[key] == now else found


@bug(keypool.KeyPool, "state")
def recovers_early(good, pool, key, now):
    """Deadlines are compared in whole seconds, so a key is back up to a second early."""
    found = good(pool, key, now)
    return "valid" if found == "temporary" and pool.deadline[key] - now < 1000 else found


@bug(keypool.KeyPool, "reason")
def reason_outlives_cooldown(good, pool, key, now):
    """A key that has recovered still shows why it cooled."""
    return pool.why[key]


@bug(keypool.KeyPool, "mark_permanent")
def permanent_loses_to_cooldown(good, pool, key):
    """A key that cools is not taken out for good."""
    return False if pool.deadline[key] else good(pool, key)


@bug(keypool.KeyPool, "mark_permanent")
def permanent_each_time(good, pool, key):
    """Each permanent mark is counted as a key that went out."""
    good(pool, key)
    return True


@bug(keypool.KeyPool, "mark_permanent")
def permanent_for_an_hour(good, pool, key):
    """A key refused for good comes back after an hour."""
    pool.deadline[key], pool.why[key] = 3_600_000, "unauthorized"
    return True


@bug(pool.Pool, "refused")
def success_heals(good, pool, key, answer, now, received_at):
    """A late 200 of an old attempt clears the key's cooldown."""
    if answer["status"] == 200:
        pool.deadline[key] = 0
    return good(pool, key, answer, now, received_at)


@bug(keypool.KeyPool, "__init__")
def takes_no_keys(good, pool, keys):
    """A pool without keys is created, and every request is refused."""
    good(pool, keys or ["k0"])


@bug(keypool.KeyPool, "__init__")
def takes_duplicates(good, pool, keys):
    """A repeated key is taken once, silently."""
    good(pool, list(dict.fromkeys(keys)))


@bug(keypool.KeyPool, "__init__")
def takes_an_empty_key(good, pool, keys):
    """An empty key is taken: requests go out with no credential."""
    good(pool, [key or "empty" for key in keys])


@bug(keypool.KeyPool, "__init__")
def takes_control_characters(good, pool, keys):
    """A key may hold a line feed, and with it a header of its own."""
    good(pool, [re.sub(r"[\x00-\x1f\x7f]", "_", key) for key in keys])


@bug(keypool.KeyPool, "__init__")
def folds_case(good, pool, keys):
    """Keys that differ in case only count as one."""
    if len({key.lower() for key in keys}) != len(keys):
        raise ValueError("duplicate key")
    good(pool, keys)


@bug(keypool.KeyPool, "__init__")
def compares_prefixes(good, pool, keys):
    """Keys that begin alike count as one, as where masked hints are compared."""
    for i, key in enumerate(keys):
        if any(other.startswith(key) for other in keys[i + 1 :] if key):
            raise ValueError("duplicate key")
    good(pool, keys)


@bug(keypool.KeyPool, "__init__")
def starts_unproven(good, pool, keys):
    """A new key is out until a health check has proven it."""
    good(pool, keys)
    pool.deadline = dict.fromkeys(keys, 1)
    pool.why = dict.fromkeys(keys, "rate_limited")
