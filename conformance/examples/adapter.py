#!/usr/bin/env python3
"""Lets keywalk-conform ask the library keypool.py what it decides."""

import json
import sys

import keypool
import pool_operations
import virtual_time

HELLO = {
    "name": "keypool.py",
    "version": "1.0",
    "language": "python",
    "policies": ["coder-v1"],
    "capabilities": ["decide", "decide.pool", "pool.validation"],
}


def serve(case, pool, request, now):
    """One request as a gateway on this library would serve it."""
    own = request.get("byok") or keypool.client_key(case["provider"], request.get("headers", {}))
    walk = pool.walk()
    while True:
        try:
            key = own or walk.next_key(now())
        except keypool.Exhausted as end:
            return {"exhausted": {"kind": end.kind, "retry_after_ms": end.retry_after_ms}}
        answer = yield key
        if answer is None:
            return {"transport_error": True}
        if own or not pool.refused(key, answer["status"], answer["headers"], now()):
            return {"forward": answer["status"]}


def decide(case):
    if "operations" in case:
        return pool_operations.act(case)
    pool = keypool.KeyPool(case["keys"])
    return virtual_time.play(
        case,
        lambda request, now: serve(case, pool, request, now),
        lambda now: [pool.state(key, now) for key in pool.keys],
    )


def reply(command):
    if command["cmd"] == "hello":
        return HELLO
    if command["cmd"] == "decide":
        return {"trace": decide(command["case"])}
    if command["cmd"] == "setup":
        return {"skipped": {"reason": "keypool.py is a library, not a gateway"}}
    return {}


if __name__ == "__main__":
    for line in sys.stdin:
        command = json.loads(line)
        print(json.dumps({"seq": command["seq"], **reply(command)}, default=float), flush=True)
