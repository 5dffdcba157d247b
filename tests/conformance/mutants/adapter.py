#!/usr/bin/env python3
"""The good implementation as an adapter, with the bug that KEYWALK_MUTANT names, or else the case's
id (CASE--MUTANT); without either, with none.

KEYWALK_MUTANT_WAY says how it is to be asked: `decide` (virtual time) or `sockets`.
"""

import json
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[2] / "conformance" / "examples")]

import keypool  # noqa: E402
import pool_operations  # noqa: E402
import virtual_time  # noqa: E402
import bug  # noqa: E402
import catalogue  # noqa: E402, F401
import vectors  # noqa: E402
from good import gateway, pool, provider  # noqa: E402

BY_SOCKETS = os.environ.get("KEYWALK_MUTANT_WAY") == "sockets"
HELLO = {
    "name": "mutant",
    "version": "1.0",
    "language": "python",
    "policies": sorted(vectors.POLICIES),
    "capabilities": gateway.CAPABILITIES if BY_SOCKETS else
    ["decide", "decide.pool", "pool.validation", "copilot"],
}  # fmt: skip


def headers_of(case, request):
    """The request's headers with the client's own key, as a client sends it."""
    headers = dict(request.get("headers", {}))
    if own := request.get("byok"):
        name, scheme = provider.AUTH.get(case["provider"], provider.AUTH["openai"])
        headers[name] = scheme + own
    return headers


def serve(case, its_pool, request, now, answers):
    """One request as a gateway would serve it, for virtual_time.play. What it answers itself, as an
    exhausted pool, goes into `answers`."""
    headers, own = headers_of(case, request), None
    if provider.is_byok(case["provider"], headers):
        own = provider.client_key(case["provider"], headers)
    walk = its_pool.walk() if its_pool and own is None else None
    while True:
        try:
            key = walk.next_key(now()) if walk else own
        except keypool.Exhausted as end:
            answers[request["id"]] = provider.exhausted_answer(
                case["provider"], its_pool.policy, end.kind, end.retry_after_ms
            )
            return {"exhausted": {"kind": end.kind, "retry_after_ms": end.retry_after_ms}}
        answer = yield key
        if answer is None:
            return {"transport_error": True}
        received_at = vectors.EPOCH_OF_CASES_MS + now()
        if not walk or not its_pool.refused(key, answer, now(), received_at):
            return {"forward": answer["status"]}


def decide(case):
    if "operations" in case:
        return pool_operations.act(case)
    its_pool = pool.Pool(case["keys"]) if case["keys"] else None
    answers = {}
    trace = virtual_time.play(
        case,
        lambda request, now: serve(case, its_pool, request, now, answers),
        lambda now: [its_pool.state(key, now) for key in its_pool.keys] if its_pool else [],
    )
    for entry in trace:
        if answer := answers.get(entry.get("request")):
            entry["answer"] = answer
    return trace


def reply(command):
    if command["cmd"] == "hello":
        return HELLO
    if command["cmd"] == "decide":
        pool.Pool.policy = command["policy_content"]
        with bug.awake(bug.of_case(command["case"]["id"])):
            return {"trace": decide(command["case"])}
    if BY_SOCKETS:
        return obey(command)
    if command["cmd"] == "setup":
        return {"skipped": {"reason": "asked by decide only"}}
    return {}


GATEWAY = gateway.Gateway(lambda name: bug.awake(bug.of_case(name)))


def obey(command):
    """The commands that are about sockets."""
    if command["cmd"] == "setup":
        for setup in command["pools"]:
            GATEWAY.add(setup, vectors.POLICIES[setup["policy"]])
        return {"pools": GATEWAY.answer_to_setup()}
    if command["cmd"] == "advance":
        gateway.CLOCK.ahead += command["ms"]
    if command["cmd"] == "key_states":
        return {"states": GATEWAY.states(command["pool"])}
    return {}


def main():
    keypool.KeyPool = pool.Pool  # which is what pool_operations creates
    for line in sys.stdin:
        command = json.loads(line)
        print(json.dumps({"seq": command["seq"], **reply(command)}, default=float), flush=True)


if __name__ == "__main__":
    main()
