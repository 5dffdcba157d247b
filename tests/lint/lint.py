#!/usr/bin/env python3
"""Runs the project's own checks: `lint.py [--root DIR] [CHECK]...`; all of them without a name.

Prints one `path:line: [rule] message` a violation and exits 1 if there is one; 77 (ctest: skipped)
if the schema check lacks python3-jsonschema; 2 on wrong use.
"""

import argparse
import sys
from pathlib import Path

import architecture
import coroutine_trap
import documented_limits
import fixture_schemas
import house_rules
import security_proofs

CHECKS = {
    "architecture": architecture.check,
    "coroutines": coroutine_trap.check,
    "house": house_rules.check,
    "limits": documented_limits.check,
    "schemas": fixture_schemas.check,
    "security": security_proofs.check,
}
SKIPPED = 77


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("checks", nargs="*", metavar="|".join(CHECKS))
    arguments = parser.parse_args()
    unknown = set(arguments.checks) - set(CHECKS)
    if unknown:
        parser.error(f"unknown check: {', '.join(sorted(unknown))}")

    findings = []
    for name in arguments.checks or CHECKS:
        try:
            findings += CHECKS[name](arguments.root)
        except fixture_schemas.Unavailable as reason:
            print(f"lint: NOT RUN: {name}: {reason}", file=sys.stderr)
            return SKIPPED
    for finding in sorted(findings):
        print(finding)
    if findings:
        print(f"lint: {len(findings)} violations", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
