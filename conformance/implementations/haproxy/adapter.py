#!/usr/bin/env python3
"""Lets keywalk-conform send requests through haproxy, which changes keys by retry-on: one server a
key. HAPROXY names the program (default: haproxy)."""

import os
import pathlib
import string
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import program

HAPROXY = os.environ.get("HAPROXY", "haproxy")
TEMPLATES = pathlib.Path(__file__).resolve().parent

gateway = program.Program()


def backend(pool):
    """One server a key, named by the key; the second tier turns the name into the credential."""
    tier = f"abns@keywalk-{gateway.folder.name}-{pool['provider']}"
    lines = [f"backend {pool['id']}", "    http-send-name-header X-Key"]
    if len(pool["keys"]) > 1:
        lines += ["    retry-on 401 403 425",
                  f"    retries {len(pool['keys']) - 1}"]  # fmt: skip
    lines += [f"    server {key} {tier}" for key in pool["keys"]]
    return "\n".join(lines)


def route(pool):
    path = program.split_base(pool["base_url"])[1]
    byok = {"openai": "has_authorization", "anthropic": "has_api_key or has_authorization"}
    own = [f"    use_backend upstream if {{ path_beg {path}/ }} {term}"
           for term in byok[pool["provider"]].split(" or ")]  # fmt: skip
    return "\n".join([*own, f"    use_backend {pool['id']} if {{ path_beg {path}/ }}"])


def set_up(pools):
    port = program.free_port()
    with_keys = [pool for pool in pools if pool["keys"]]
    text = string.Template((TEMPLATES / "haproxy.cfg.template").read_text()).substitute(
        port=port,
        upstream=program.split_base(pools[0]["base_url"])[0],
        tier=f"abns@keywalk-{gateway.folder.name}",
        routes="\n".join(route(pool) for pool in with_keys),
        backends="\n\n".join(backend(pool) for pool in with_keys),
    )
    (gateway.folder / "haproxy.cfg").write_text(text)
    gateway.start([HAPROXY, "-db", "-f", gateway.folder / "haproxy.cfg"], port)
    return {pool["id"]: program.endpoint_of_same_path(port, pool) for pool in pools}


HELLO = {
    "name": "haproxy",
    "version": program.version([HAPROXY, "-v"]).split()[2],
    "language": "c",
    "policies": [],
    # clock: it remembers nothing, so time that is moved changes nothing.
    "capabilities": ["clock", "body.verbatim", "stream.any", "body.abort", "drain.bounded",
                     "client.abort", "upstream.reuse"],
}  # fmt: skip

if __name__ == "__main__":
    program.serve(HELLO, set_up, gateway.stop)
