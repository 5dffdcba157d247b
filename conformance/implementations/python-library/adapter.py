#!/usr/bin/env python3
"""Lets keywalk-conform ask the library policy_pool.py what it decides, under any policy file whose
rules go by status: `--policy FILE` needs no change here."""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[2] / "examples"))
import keypool  # its rule for a client's own key
import virtual_time

import policy_pool

HELLO = {
    "name": "policy_pool.py",
    "version": "1.0",
    "language": "python",
    "policies": ["coder-v1", "coder-v2"],
    "capabilities": ["decide"],
}


def serve(case, pool, request, now):
    """One request as a gateway on this library would serve it."""
    own = request.get("byok") or keypool.client_key(case["provider"], request.get("headers", {}))
    if own:
        answer = yield own
        return {"forward": answer["status"]} if answer else {"transport_error": True}
    answer = None
    for key in pool.walk(now):
        answer = yield key.text
        if answer is None:
            return {"transport_error": True}
        if not pool.refused(key, answer["status"], answer["headers"], now()):
            return {"forward": answer["status"]}
    if answer and pool.passes_on_last:
        return {"forward": answer["status"]}
    end = pool.exhausted(now())
    return {"exhausted": {"kind": end.kind, "retry_after_ms": end.retry_after_ms}}


def decide(case, policy):
    pool = policy_pool.Pool(case["keys"], policy)
    return virtual_time.play(
        case, lambda request, now: serve(case, pool, request, now), lambda now: pool.states(now)
    )


def reply(command):
    if command["cmd"] == "hello":
        return HELLO
    if command["cmd"] == "decide":
        return {"trace": decide(command["case"], command["policy_content"])}
    if command["cmd"] == "setup":
        return {"skipped": {"reason": "policy_pool.py is a library, not a gateway"}}
    return {}


if __name__ == "__main__":
    for line in sys.stdin:
        command = json.loads(line)
        print(json.dumps({"seq": command["seq"], **reply(command)}, default=float), flush=True)
