"""The capability decide.pool: a case that acts on a keypool.KeyPool directly."""

import keypool


def mark_temporary(pool, op):
    moved = pool.mark_temporary(op["key"], op["cooldown_ms"], op["at_ms"], op["reason"])
    return {"transition": moved}


def next_key(pool, walk, op):
    try:
        return {"key": walk.next_key(op["at_ms"])}
    except keypool.Exhausted as end:
        return {"exhausted": {"kind": end.kind, "retry_after_ms": end.retry_after_ms}}


def act(case):
    """One entry an operation: what it gave."""
    pool, walks, trace = None, {}, []
    if case["keys"]:
        pool = keypool.KeyPool(case["keys"])
    for op in case["operations"]:
        kind, entry = op["op"], {}
        if kind == "create":
            try:
                pool, walks = keypool.KeyPool(op["keys"]), {}
            except ValueError as error:
                entry = {"error": str(error)}
        elif kind == "mark_temporary":
            entry = mark_temporary(pool, op)
        elif kind == "mark_permanent":
            entry = {"transition": pool.mark_permanent(op["key"])}
        elif kind == "walk":
            walks[op["walk"]] = pool.walk()
        elif kind == "next":
            entry = next_key(pool, walks[op["walk"]], op)
        elif kind == "attempts":
            entry = {"attempts": walks[op["walk"]].attempts}
        elif kind == "states":
            entry = {"states": [pool.state(key, op["at_ms"]) for key in pool.keys]}
        elif kind == "reason":
            entry = {"reason": pool.reason(op["key"], op["at_ms"])}
        trace.append(entry)
    return trace
