"""Which keys a request tries."""

import keypool
from bug import bug


@bug(keypool.Walk, "next_key", issue="HKUDS/DeepTutor#1499")
def budget_below_pool(good, walk, now):
    """At most two attempts a request, however many healthy keys there are."""
    if walk.attempts == 2:
        raise walk.pool.exhausted(now)
    return good(walk, now)


@bug(keypool.Walk, "next_key", issue="deltawi/deltallm#247")
def same_key_again(good, walk, now):
    """A refused key is tried once more before the next one: A,A,B."""
    if walk.attempts == 1:
        walk.attempts += 1
        return walk.pool.keys[walk.position - 1]
    return good(walk, now)


@bug(keypool.Walk, "next_key", issue="maximhq/bifrost#5876")
def gives_up_at_cooling_key(good, walk, now):
    """The first key that cools ends the walk: the healthy keys behind it stay unused."""
    if walk.position < len(walk.pool.keys) and walk.pool.keys[walk.position]:
        if walk.pool.state(walk.pool.keys[walk.position], now) == "temporary":
            walk.position = len(walk.pool.keys)
    return good(walk, now)


@bug(keypool.Walk, "next_key")
def round_robin(good, walk, now):
    """Every request starts at another key, so there is no primary."""
    turn = getattr(walk.pool, "turn", 0)
    if walk.attempts == 0:
        walk.pool.turn = turn + 1
        walk.position = turn % len(walk.pool.keys)
    return good(walk, now)


@bug(keypool.Walk, "next_key")
def stays_where_it_was(good, walk, now):
    """After a failover the pool sticks to the key that served, although the first has recovered."""
    if walk.attempts == 0:
        walk.position = getattr(walk.pool, "served_by", 0)
    key = good(walk, now)
    walk.pool.served_by = walk.position - 1
    return key


@bug(keypool.Walk, "next_key")
def goes_back(good, walk, now):
    """At the end of the pool the walk starts over with keys that have recovered behind it."""
    try:
        return good(walk, now)
    except keypool.Exhausted:
        if walk.attempts >= 2 * len(walk.pool.keys):
            raise
        walk.position = 0
        return good(walk, now)


@bug(keypool.Walk, "next_key")
def ignores_state(good, walk, now):
    """Keys are tried in turn whether they cool or not: every request pays for the bad ones."""
    if walk.position >= len(walk.pool.keys):
        raise walk.pool.exhausted(now)
    walk.position += 1
    walk.attempts += 1
    return walk.pool.keys[walk.position - 1]


@bug(keypool.Walk, "next_key")
def looks_once(good, walk, now):
    """The healthy keys are listed when the request starts; later marks and recoveries go unseen."""
    if not hasattr(walk, "listed"):
        walk.listed = [key for key in walk.pool.keys if walk.pool.state(key, now) == "valid"]
    if walk.attempts == len(walk.listed):
        raise walk.pool.exhausted(now)
    walk.attempts += 1
    return walk.listed[walk.attempts - 1]


@bug(keypool.Walk, "next_key")
def soonest_deadline_first(good, walk, now):
    """The pool is kept sorted by deadline: marks reorder it."""
    if walk.attempts == 0:
        walk.pool.keys.sort(key=lambda key: walk.pool.deadline[key])
    return good(walk, now)


@bug(keypool.Walk, "next_key")
def shared_cursor(good, walk, now):
    """All requests share one position in the pool."""
    if walk.attempts == 0:
        walk.position = getattr(walk.pool, "cursor", 0) % len(walk.pool.keys)
    try:
        key = good(walk, now)
    except keypool.Exhausted:
        walk.pool.cursor = 0
        raise
    walk.pool.cursor = walk.position
    return key


@bug(keypool.Walk, "next_key")
def skips_the_last_key(good, walk, now):
    """The loop ends one key early."""
    if len(walk.pool.keys) > 1 and walk.position == len(walk.pool.keys) - 1:
        raise walk.pool.exhausted(now)
    return good(walk, now)


@bug(keypool.Walk, "next_key")
def asking_reserves(good, walk, now):
    """Handing a key out takes it from the pool for a while, as a lease would."""
    key = good(walk, now)
    walk.pool.mark_temporary(key, 1, now)
    return key


@bug(keypool.Walk, "next_key")
def counts_skipped_keys(good, walk, now):
    """Keys that are passed over count as attempts."""
    before = walk.position
    key = good(walk, now)
    walk.attempts += walk.position - before - 1
    return key


@bug(keypool.Walk, "next_key")
def sorts_the_keys(good, walk, now):
    """The pool's order is the alphabet's, not the operator's."""
    walk.pool.keys.sort()
    return good(walk, now)
