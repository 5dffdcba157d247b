#!/usr/bin/env python3
"""Lets keywalk-conform send real requests through gateway.py."""

import json
import sys

import gateway

HELLO = {
    "name": "gateway.py",
    "version": "1.0",
    "language": "python",
    "policies": ["coder-v1"],
    "capabilities": ["clock", "key_states", "body.verbatim", "body.buffered", "stream.any",
                     "body.abort", "drain.bounded", "headers.hop", "upstream.own"],
}  # fmt: skip

clock, routes = gateway.Clock(), {}


def set_up(pools):
    for pool in pools:
        if pool["keys"]:
            routes[pool["id"]] = gateway.Route(pool["provider"], pool["keys"], pool["base_url"])
    port = gateway.start(routes, clock)
    return {id: {"base_url": f"http://127.0.0.1:{port}/{id}"} for id in routes}


def reply(command):
    if command["cmd"] == "hello":
        return HELLO
    if command["cmd"] == "setup":
        return {"pools": set_up(command["pools"])}
    if command["cmd"] == "advance":
        clock.ahead += command["ms"]
    if command["cmd"] == "key_states":
        pool, now = routes[command["pool"]].pool, clock.now()
        return {"states": [pool.state(key, now) for key in pool.keys]}
    return {}


if __name__ == "__main__":
    for line in sys.stdin:
        command = json.loads(line)
        print(json.dumps({"seq": command["seq"], **reply(command)}), flush=True)
