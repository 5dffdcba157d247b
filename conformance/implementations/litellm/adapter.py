#!/usr/bin/env python3
"""Lets keywalk-conform send requests through LiteLLM's proxy, which changes keys by its router: one
deployment a key, in the operator's order. LITELLM names the folder of its virtual environment."""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import program

BIN = pathlib.Path(os.environ.get("LITELLM", "litellm")).resolve() / "bin"
MODEL = {"openai": "openai/gpt-4o", "anthropic": "anthropic/claude-sonnet-4-5"}
QUIET = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "DISABLE_ADMIN_UI": "True"}

gateway = program.Program()


def deployments(pool):
    base = pool["base_url"]
    if pool["provider"] == "anthropic":
        base = base.removesuffix("/v1")  # LiteLLM adds it
    return [
        {
            "model_name": pool["id"],
            "litellm_params": {
                "model": MODEL[pool["provider"]], "api_key": key, "api_base": base,
                "order": index + 1, "max_retries": 0,
            },
        }
        for index, key in enumerate(pool["keys"])
    ]  # fmt: skip


def set_up(pools):
    port = program.free_port()
    config = {
        "model_list": [entry for pool in pools for entry in deployments(pool)],
        "router_settings": {
            "num_retries": 0,  # the next key comes by its order; a retry is the same one again
            "max_fallbacks": max(len(pool["keys"]) for pool in pools),
            "cooldown_time": 60,
            "enable_pre_call_checks": True,
        },
    }
    (gateway.folder / "config.yaml").write_text(json.dumps(config))  # JSON is YAML
    command = [BIN / "litellm", "--config", gateway.folder / "config.yaml",
               "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]  # fmt: skip
    gateway.start(command, port, QUIET)
    return {
        pool["id"]: {"base_url": f"http://127.0.0.1:{port}/v1", "body": {"model": pool["id"]}}
        for pool in pools
    }


def version():
    code = "import importlib.metadata as m; print(m.version('litellm'))"
    return program.version([BIN / "python", "-c", code])


if __name__ == "__main__":
    HELLO = {
        "name": "litellm",
        "version": version(),
        "language": "python",
        "policies": [],
        "capabilities": [],
    }
    program.serve(HELLO, set_up, gateway.stop)
