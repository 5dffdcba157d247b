#!/usr/bin/env python3
"""Lets keywalk-conform send requests through Portkey's gateway, which changes keys by the strategy
"fallback": one target a key. PORTKEY names the folder that it was installed into."""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import program

FOLDER = pathlib.Path(os.environ.get("PORTKEY", "portkey")).resolve()
PACKAGE = FOLDER / "node_modules/@portkey-ai/gateway"

gateway = program.Program()


def config(pool):
    """What a client sends in x-portkey-config."""
    targets = [{"provider": pool["provider"], "api_key": key, "custom_host": pool["base_url"]}
               for key in pool["keys"]]  # fmt: skip
    return {
        "strategy": {"mode": "fallback", "on_status_codes": [401, 403, 429]},
        "targets": targets,
    }


def set_up(pools):
    port = program.free_port()
    command = ["node", PACKAGE / "build/start-server.js", f"--port={port}", "--headless"]
    gateway.start(command, port)
    return {
        pool["id"]: {
            "base_url": f"http://127.0.0.1:{port}/v1",
            "headers": {"x-portkey-config": json.dumps(config(pool))},
        }
        for pool in pools
    }


def hello():
    try:
        package = json.loads((PACKAGE / "package.json").read_text())
    except OSError:
        raise SystemExit(f"@portkey-ai/gateway is not installed in {FOLDER}") from None
    return {
        "name": "portkey-gateway",
        "version": package["version"],
        "language": "typescript",
        "policies": [],
        # clock: it remembers nothing, so time that is moved changes nothing.
        "capabilities": ["clock", "drain.bounded", "body.abort"],
    }


if __name__ == "__main__":
    program.serve(hello(), set_up, gateway.stop)
