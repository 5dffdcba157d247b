#!/usr/bin/env python3
"""The example adapter with the bug that KEYWALK_MUTANT names; without it, with none."""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "conformance" / "examples"))

import adapter  # noqa: E402
import keypool  # noqa: E402
import mutants  # noqa: E402


def main():
    name = os.environ.get("KEYWALK_MUTANT", "")
    adapter.HELLO["policies"] = ["coder-v1", "coder-v2"]
    good_pool = dict(mutants.GOOD)
    for line in sys.stdin:
        command = json.loads(line)
        policy = command.get("policy", "coder-v1")
        keypool.KeyPool = mutants.MUTANTS[name][1] if name else good_pool[policy]
        reply = {"seq": command["seq"], **adapter.reply(command)}
        print(json.dumps(reply, default=float), flush=True)


if __name__ == "__main__":
    main()
